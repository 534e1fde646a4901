"""A program that just ends, whatever the library is doing, ends well."""

import subprocess
import sys

import pytest
from device import LONG

# Whatever the library calls is being called when it ends: the device has no server, and tries again and
# again without a pause.
BUSY = """
import asyncio, datetime, sys
import vestnik

class Listener(vestnik.StateListener, vestnik.EventListener):
    def on_snapshot(self, snapshot): pass
    def on_event(self, event): pass
    def on_stopped(self): pass

class Sink(vestnik.LogSink):
    def log(self, record): pass

class Secrets(vestnik.SecretStore):
    def __init__(self): self.kept = {}
    def get(self, name): return self.kept.get(name)
    def set(self, name, secret): self.kept[name] = secret
    def delete(self, name): self.kept.pop(name, None)

async def opened():
    pause = datetime.timedelta(milliseconds=1)
    return await vestnik.Vestnik.open(vestnik.Config(
        server="http://127.0.0.1:1/", app="shop", data_dir=sys.argv[1],
        device=vestnik.DeviceInfo(platform=vestnik.Platform.LINUX, permission=vestnik.Permission.GRANTED),
        tuning=vestnik.Tuning(backoff_base=pause, backoff_cap=pause),
    ), Secrets())

async def busy():
    global phone
    vestnik.log_to(Sink(), vestnik.LogLevel.DEBUG)
    phone = await opened()
    for _ in range(4):
        phone.listen_state(Listener())
        phone.listen_events(Listener())
    phone.go_online()
    await phone.login("anna", "token")
    calls = [phone.flush()]
    for user in ("boris", "anna") * 10:
        calls += [phone.login(user, "token"), phone.logout()]
    global under_way
    under_way = asyncio.gather(*calls, return_exceptions=True)
    await phone.diagnostics()
"""


def ended(program, *arguments):
    """Runs a program to its end, and gives what it printed; that it ends well is a part of every test."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("time", range(20))
def test_a_program_that_just_ends_ends_well(tmp_path, time):
    ended(BUSY + "asyncio.run(busy())", tmp_path / "phone")


def test_a_program_that_stops_as_its_last_act_ends_well(tmp_path):
    # It was registered first, so it is done last: the library calls nothing of the program any more.
    late = """
import atexit
atexit.register(lambda: asyncio.run(last()))
"""
    last = """
async def last():
    try:
        await phone.flush()
    except vestnik.VestnikError.Closed:
        print("closed")
    try:
        await phone.logout()
    except vestnik.VestnikError.Storage as error:
        print(error.problem.name)
    await phone.stop()
    print("stopped")

asyncio.run(opened_only())
"""
    only = """
async def opened_only():
    global phone
    phone = await opened()
    await phone.login("anna", "token")
"""
    said = ended(late + BUSY + only + last, tmp_path / "phone")
    assert said.split() == ["closed", "SECRETS", "stopped"]
