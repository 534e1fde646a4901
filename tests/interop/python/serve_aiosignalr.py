"""The hub of aiosignalr that our client is tried at. It prints its address."""

import asyncio

from aiosignalr.server import Hub, IncomingStream, ServerOptions, SignalRServer


class Paces(Hub):
    """What is called as on every other server. What names no result gives none."""

    # Set once an endless stream was canceled.
    stopped = asyncio.Event()

    async def Echo(self, text) -> str:
        return text

    async def Add(self, a, b) -> int:
        return a + b

    async def Nothing(self):
        return None

    async def Fail(self, text):
        raise ValueError(text)

    async def Count(self, to):
        for number in range(to):
            yield number

    async def Forever(self):
        number = 0
        try:
            while True:
                yield number
                number += 1
                # Sending does not suspend while the socket takes bytes, and the library reads the
                # cancel only when this task is suspended.
                await asyncio.sleep(0)
        finally:
            self.stopped.set()

    async def Stopped(self):
        await self.stopped.wait()

    async def Sum(self, numbers: IncomingStream) -> int:
        total = 0
        async for number in numbers:
            total += number
        return total

    async def Join(self, group):
        await self.groups.add(group)

    async def Say(self, group, text):
        await self.clients.group(group).send("Said", text)

    async def Flood(self, count):
        for number in range(count):
            await self.clients.caller.send("Drop", number)


async def main():
    server = SignalRServer(Paces, options=ServerOptions(enable_detailed_errors=True))
    host, port = await server.serve()
    print(f"{host}:{port}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
