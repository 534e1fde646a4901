"""pysignalr, feature by feature. Each outcome is a line of JSON."""

import asyncio
import contextlib
import random

from paces import PROTOCOL, URL, VALUE, Absent, contains, equal, walk
from pysignalr.client import SignalRClient
from pysignalr.protocol.json import JSONProtocol
from pysignalr.protocol.messagepack import MessagepackProtocol


class Connection:
    """The client with futures in place of callbacks."""

    def __init__(self, path="/hub", token=None):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        protocol = MessagepackProtocol() if PROTOCOL == "messagepack" else JSONProtocol()
        self.client = SignalRClient(URL + path, protocol=protocol, headers=headers, retry_count=1)
        self.errors = {}
        self.client.on_error(self._fail)
        self.opened, self.closed = asyncio.Event(), asyncio.Event()
        self.client.on_open(self._open)
        self.client.on_close(self._close)
        self.running = asyncio.create_task(self.client.run())

    async def _open(self):
        self.opened.set()

    async def _close(self):
        self.closed.set()

    async def _fail(self, message):
        # A refused call is told both here and to its own callback.
        return None

    async def start(self):
        opened = asyncio.create_task(self.opened.wait())
        done, _ = await asyncio.wait(
            {opened, self.running}, return_when=asyncio.FIRST_COMPLETED
        )
        opened.cancel()
        if self.running in done:
            self.running.result()
        return self

    async def stop(self):
        self.running.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await self.running

    async def invoke(self, target, *arguments):
        answer = asyncio.get_running_loop().create_future()

        async def done(message):
            answer.set_result(message)

        await self.client.send(target, list(arguments), done)
        message = await answer
        if message.error:
            raise ValueError(message.error)
        return message.result

    async def refused(self, expected, target, *arguments):
        try:
            await self.invoke(target, *arguments)
        except ValueError as error:
            contains(error, expected)
        else:
            raise AssertionError(f"expected an error with {expected!r}")


async def connect(_):
    pass


async def invoke(connection):
    equal(await connection.invoke("Echo", VALUE), VALUE)
    equal(await connection.invoke("add", 2, 3), 5)


async def void(connection):
    equal(await connection.invoke("Nothing"), None)


async def error(connection):
    await connection.refused("HubException: the reason", "Fail", "the reason")


async def unknown_method(connection):
    await connection.refused("Method does not exist.", "Missing")


async def argument_count(connection):
    await connection.refused("Failed to invoke 'Add'", "Add", 1)
    equal(await connection.invoke("Add", 1, 1), 2)


async def argument_type(connection):
    await connection.refused("Failed to invoke 'Add'", "Add", "one", 1)
    equal(await connection.invoke("Add", 1, 1), 2)


async def stream(connection):
    items, done = [], asyncio.Event()

    async def on_next(item):
        items.append(item)

    async def on_complete(_):
        done.set()

    await connection.client.stream("Count", [50], on_next, on_complete)
    await done.wait()
    equal(items, list(range(50)))


async def cancel(_):
    raise Absent("SignalRClient.stream in client.py gives nothing to cancel by")


async def upload(connection):
    summed = asyncio.Queue()

    async def on_summed(arguments):
        summed.put_nowait(arguments)

    connection.client.on("Summed", on_summed)
    async with connection.client.client_stream("SumLater") as numbers:
        for number in range(1, 101):
            await numbers.send(number)
    equal(await summed.get(), [5050])


async def client_result(connection):
    await connection.refused("Client didn't provide a result.", "AskMe", "well?")

    async def answer(arguments):
        return f"{arguments[0]} yes"

    connection.client.on("Answer", answer)
    equal(await connection.invoke("AskMe", "well?"), "well? yes, it said")


async def group(connection):
    name = f"group {random.random()}"
    other = await Connection().start()
    heard = [asyncio.Queue(), asyncio.Queue()]
    for each, queue in zip((connection, other), heard):

        async def said(arguments, queue=queue):
            queue.put_nowait(arguments)

        each.client.on("Said", said)
        await each.invoke("Join", name)
    await other.invoke("Say", name, "hello")
    equal([await queue.get() for queue in heard], [["hello"], ["hello"]])
    await other.stop()


async def flood(connection):
    heard = asyncio.Queue()

    async def drop(arguments):
        heard.put_nowait(arguments[0])

    connection.client.on("Drop", drop)
    await connection.invoke("Flood", 500)
    equal([await heard.get() for _ in range(500)], list(range(500)))


async def bearer(_):
    known = await Connection("/secure", token="alice").start()
    equal(await known.invoke("WhoAmI"), "alice")
    await known.stop()
    try:
        await Connection("/secure").start()
    except Exception as error:
        contains(type(error).__name__, "AuthorizationError")
    else:
        raise AssertionError("expected AuthorizationError")


async def redirect(_):
    led = await Connection("/redirect").start()
    equal(await led.invoke("WhoAmI"), "redirected")
    await led.stop()


async def close_for_good(_):
    connection = await Connection().start()
    await connection.client.send("CloseMe", [False])
    await connection.closed.wait()
    await connection.stop()


async def close_reconnect(_):
    raise Absent("transport/websocket.py reconnects to the id that has ended, which gets 404")


async def reconnect(_):
    raise Absent("transport/websocket.py reconnects to the id that has ended, which gets 404")


async def stateful_reconnect(_):
    raise Absent("_negotiate in transport/websocket.py does not ask for it")


async def main():
    connection = await Connection().start()
    await walk(globals(), connection)
    await connection.stop()


asyncio.run(main())
