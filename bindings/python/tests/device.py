"""Devices for the tests, and what is told of them."""

import queue

from conftest import APP

import vestnik

# Longer than any machine needs: nothing waits for it to pass.
LONG = 300


class Told(vestnik.StateListener, vestnik.EventListener):
    """A listener that keeps what it is told, in order."""

    def __init__(self):
        self.told = queue.Queue()

    def on_snapshot(self, snapshot):
        self.told.put(snapshot)

    def on_event(self, event):
        self.told.put(event)

    def on_stopped(self):
        self.told.put(None)

    def next(self):
        """The next that was told."""
        return self.told.get(timeout=LONG)

    def until(self, matches):
        """The next that matches; others before it are passed over."""
        while True:
            told = self.next()
            if matches(told):
                return told


def config(server, folder, server_url=None, **more):
    device = vestnik.DeviceInfo(
        platform=vestnik.Platform.LINUX, permission=vestnik.Permission.GRANTED, model="pytest"
    )
    return vestnik.Config(
        server=server_url or server.url, app=APP, data_dir=str(folder), device=device, **more
    )


async def opened(server, folder, secrets=None, **more):
    """A device that may connect, and nobody's yet, unless it was somebody's before."""
    device = await vestnik.Vestnik.open(config(server, folder, **more), secrets)
    device.go_online()
    return device


async def logged_in(server, folder, user="anna", **more):
    device = await opened(server, folder, **more)
    assert (await device.login(user, server.identity_token(user))).is_done()
    return device


async def pulled(stream):
    """The next of a stream or a shower; none at its end."""
    return stream.take() if await stream.ready() else None


async def drawn(device):
    """Draws the next notification."""
    shower = device.shower()
    ticket = await pulled(shower)
    shower.cancel()
    await ticket.shown()
    return ticket.item().notification
