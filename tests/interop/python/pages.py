"""pysignalr at its default limits, as a device that reads everything.

Input: a line with the token and the installation, then lines with how many notifications are to be
read in all. For each of the latter a line comes out: what was read since the last one.
"""

import asyncio
import contextlib
import json
import sys

from paces import PROTOCOL, URL
from pysignalr.client import SignalRClient
from pysignalr.protocol.json import JSONProtocol
from pysignalr.protocol.messagepack import MessagepackProtocol

PAGE_ENTRIES = 500


class Device:
    """A device that keeps what it has read and its cursor."""

    def __init__(self, token):
        protocol = MessagepackProtocol() if PROTOCOL == "messagepack" else JSONProtocol()
        headers = {"Authorization": f"Bearer {token}"}
        self.client = SignalRClient(URL, protocol=protocol, headers=headers, retry_count=1)
        self.opened, self.calls = asyncio.Event(), asyncio.Queue()
        self.client.on_open(self._open)
        self.client.on_error(self._fail)
        self.client.on("Entries", self._entries)
        self.client.on("Behind", self._behind)
        self.cursor, self.count = None, 0
        self.begin()

    async def _open(self):
        self.opened.set()

    async def _fail(self, message):
        self.calls.put_nowait(("Failed", message.error))

    async def _entries(self, arguments):
        self.calls.put_nowait(("Entries", arguments[0]))

    async def _behind(self, arguments):
        self.calls.put_nowait(("Behind", arguments[0]))

    def begin(self):
        self.reading = {"notifications": [], "pages": 0, "live": 0, "largest": 0}

    async def call(self, target, argument):
        answer = asyncio.get_running_loop().create_future()

        async def done(message):
            answer.set_result(message)

        await self.client.send(target, [argument], done)
        message = await answer
        if message.error:
            raise ValueError(message.error)
        if message.result.get("problem"):
            raise ValueError(message.result["problem"]["code"])
        return message.result

    def add(self, page):
        size = len(json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode())
        self.reading["largest"] = max(self.reading["largest"], size)
        for entry in page["entries"]:
            if entry["kind"] == "notification":
                self.reading["notifications"].append(entry["notification"])
                self.count += 1

    async def sync(self):
        more = True
        while more:
            page = await self.call("Sync", {"cursor": self.cursor, "limit": PAGE_ENTRIES})
            self.reading["pages"] += 1
            self.add(page)
            self.cursor, more = page["cursor"], page["more"]

    async def take(self, target, argument):
        if target == "Failed":
            raise ValueError(argument)
        if argument["cursor"] == self.cursor:
            return
        if target == "Behind" or argument["after"] != self.cursor:
            await self.sync()
            return
        self.reading["live"] += 1
        self.add(argument)
        self.cursor = argument["cursor"]


async def read(device, installation):
    await device.opened.wait()
    await device.call("Hello", {"contract": 1, "installationId": installation})
    await device.sync()
    while line := await asyncio.to_thread(sys.stdin.readline):
        total = int(line)
        while device.count < total:
            await device.take(*await device.calls.get())
        print(json.dumps(device.reading), flush=True)
        device.begin()


async def main():
    opening = json.loads(sys.stdin.readline())
    device = Device(opening["token"])
    running = asyncio.create_task(device.client.run())
    reading = asyncio.create_task(read(device, opening["installationId"]))
    await asyncio.wait({running, reading}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
        raise ConnectionError("the connection ended")
    reading.result()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await running


asyncio.run(main())
