"""aiosignalr, feature by feature. Each outcome is a line of JSON."""

import asyncio
import random

import aiohttp
from aiosignalr.client import DefaultRetryPolicy, HubConnection
from aiosignalr.errors import HubException
from paces import PROTOCOL, TRANSPORT, URL, VALUE, Absent, contains, equal, walk


async def start(path="/hub", token=None, retry=False, stateful=False):
    connection = HubConnection(protocol=PROTOCOL)
    if stateful:
        connection.with_stateful_reconnect()
    if retry:
        connection.with_retry_policy(DefaultRetryPolicy())
    factory = None if token is None else lambda: token
    await connection.start(URL + path, transports={TRANSPORT}, access_token_factory=factory)
    return connection


async def refused(call, expected):
    try:
        await call
    except HubException as error:
        contains(error, expected)
    else:
        raise AssertionError(f"expected an error with {expected!r}")


async def connect(connection):
    equal(connection.state.name, "CONNECTED")


async def invoke(connection):
    equal(await connection.invoke("Echo", VALUE), VALUE)
    equal(await connection.invoke("add", 2, 3), 5)


async def void(connection):
    equal(await connection.invoke("Nothing"), None)


async def error(connection):
    await refused(connection.invoke("Fail", "the reason"), "HubException: the reason")


async def unknown_method(connection):
    await refused(connection.invoke("Missing"), "Method does not exist.")


async def argument_count(connection):
    await refused(connection.invoke("Add", 1), "Failed to invoke 'Add'")
    equal(await connection.invoke("Add", 1, 1), 2)


async def argument_type(connection):
    await refused(connection.invoke("Add", "one", 1), "Failed to invoke 'Add'")
    equal(await connection.invoke("Add", 1, 1), 2)


async def stream(connection):
    items = [item async for item in await connection.stream("Count", 50)]
    equal(items, list(range(50)))


async def cancel(connection):
    before = await connection.invoke("Stopped")
    stream = await connection.stream("Forever")
    equal([await anext(stream) for _ in range(3)], [0, 1, 2])
    await stream.aclose()
    while await connection.invoke("Stopped") == before:
        pass


async def upload(connection):
    async with connection.client_stream("Sum") as numbers:
        for number in range(1, 101):
            await numbers.send_item(number)
    equal(numbers.result, 5050)


async def client_result(connection):
    await refused(connection.invoke("AskMe", "well?"), "Unknown hub method 'Answer'")
    connection.on("Answer", lambda question: f"{question} yes")
    equal(await connection.invoke("AskMe", "well?"), "well? yes, it said")


async def group(connection):
    name = f"group {random.random()}"
    other = await start()
    heard = [asyncio.Queue(), asyncio.Queue()]
    for each, queue in zip((connection, other), heard):
        each.on("Said", queue.put_nowait)
        await each.invoke("Join", name)
    await other.invoke("Say", name, "hello")
    equal([await queue.get() for queue in heard], ["hello", "hello"])
    await other.stop()


async def bearer(_):
    known = await start("/secure", token="alice")
    equal(await known.invoke("WhoAmI"), "alice")
    await known.stop()
    try:
        await start("/secure")
    except Exception as error:
        contains(error, "401")
    else:
        raise AssertionError("expected 401")


async def redirect(_):
    raise Absent("_connect_once in client/hub_connection.py takes no url from negotiate")


async def close_for_good(_):
    connection = await start()
    closed = asyncio.Event()
    connection.on_close = lambda _: closed.set()
    await connection.send("CloseMe", False)
    await closed.wait()


async def returns(end):
    connection = await start(retry=True)
    back = asyncio.Event()
    connection.on_reconnected = back.set
    await end(connection)
    await back.wait()
    equal(await connection.invoke("Add", 1, 2), 3)
    await connection.stop()


async def close_reconnect(_):
    await returns(lambda connection: connection.send("CloseMe", True))


async def cut(_):
    async with aiohttp.ClientSession() as session:
        try:
            await session.post(URL + "/cut")
        except aiohttp.ClientError:
            # The answer is cut too.
            pass


async def reconnect(_):
    await returns(cut)


async def stateful_reconnect(_):
    connection = await start(stateful=True)
    name = f"group {random.random()}"
    said, dropped = asyncio.Queue(), asyncio.Queue()
    connection.on("Said", said.put_nowait)
    connection.on("Drop", dropped.put_nowait)
    # A send between the cut and its notice raises, although it is sent again.
    back = asyncio.Event()
    connection.on_reconnected = back.set
    await connection.invoke("Join", name)
    for number in range(3):
        flooded = asyncio.create_task(connection.invoke("Flood", 500))
        numbers = [await dropped.get() for _ in range(50)]
        await cut(connection)
        numbers += [await dropped.get() for _ in range(450)]
        await flooded
        await back.wait()
        back.clear()
        equal((numbers, dropped.qsize()), (list(range(500)), 0))
        # Only the same connection is still in the group.
        await connection.invoke("Say", name, f"still {number}")
        equal(await said.get(), f"still {number}")
    await connection.stop()


async def flood(connection):
    heard = asyncio.Queue()
    connection.on("Drop", heard.put_nowait)
    await connection.invoke("Flood", 500)
    equal([await heard.get() for _ in range(500)], list(range(500)))


async def main():
    connection = await start()
    await walk(globals(), connection)


asyncio.run(main())
