"""The hub of aiosignalr that our client is tried at. It prints its address."""

import asyncio

from aiosignalr.server import Hub, IncomingStream, ServerOptions, SignalRServer


class Paces(Hub):
    """What is called as on every other server. What names no result gives none."""

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
