"""What the app does wrong, or cannot help, does the core no harm and is told in types."""

import asyncio
import datetime
import json
import os
import pathlib
import queue
import threading

import pytest
from device import LONG, Told, config, drawn, logged_in, opened, pulled
from test_device import in_loop

import vestnik


@in_loop
async def test_a_listener_is_told_the_present_state_first(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    state = Told()
    subscription = phone.listen_state(state)
    assert state.next().standing.user == "anna"
    online = state.until(lambda snapshot: snapshot.connection.phase == vestnik.Phase.ONLINE)
    assert online.unread == 0
    server.publish("anna", "one")
    state.until(lambda snapshot: snapshot.unread == 1)
    subscription.cancel()
    last = Told()
    phone.listen_state(last)
    await phone.stop()
    last.until(lambda snapshot: snapshot is None)


@in_loop
async def test_a_stream_begins_with_the_present_and_ends_when_stopped(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    snapshots = phone.snapshots()
    assert (await pulled(snapshots)).standing.user == "anna"
    events = phone.events()
    await phone.stop()
    while await pulled(snapshots):
        pass
    while await pulled(events):
        pass


@in_loop
async def test_a_listener_that_throws_or_blocks_does_no_harm(server, tmp_path):
    class Throws(Told):
        def on_event(self, event):
            super().on_event(event)
            raise RuntimeError("a test's own failure")

    class Blocks(Told):
        def __init__(self):
            super().__init__()
            self.go = threading.Event()

        def on_event(self, event):
            self.go.wait(LONG)
            super().on_event(event)

    phone = await logged_in(server, tmp_path / "phone")
    throws, blocks = Throws(), Blocks()
    phone.listen_events(throws)
    phone.listen_events(blocks)
    for title in ("one", "two"):
        id = server.publish("anna", title)
        throws.until(lambda event: event.is_changed() and id in event.ids)
        assert (await drawn(phone)).id == id
    blocks.go.set()
    blocks.until(lambda event: event.is_changed() and id in event.ids)
    await phone.stop()


@in_loop
async def test_there_is_an_end_to_listeners(server, tmp_path):
    phone = await opened(server, tmp_path / "phone")
    with pytest.raises(vestnik.VestnikError.TooManyListeners):
        for _ in range(100):
            phone.listen_state(Told())
    await phone.stop()


class Secrets(vestnik.SecretStore):
    """A secret store that can be locked or broken."""

    def __init__(self):
        self.kept = {}
        self.failure = None

    def _may_fail(self):
        if self.failure:
            raise self.failure

    def get(self, name):
        self._may_fail()
        return self.kept.get(name)

    def set(self, name, secret):
        self._may_fail()
        self.kept[name] = secret

    def delete(self, name):
        self._may_fail()
        self.kept.pop(name, None)


@in_loop
async def test_secrets_are_kept_by_the_app(server, tmp_path):
    secrets = Secrets()
    phone = await logged_in(server, tmp_path / "phone", secrets=secrets)
    installation = phone.installation()
    assert set(secrets.kept) == {"envelope", "installation", "refresh"}
    await phone.stop()
    assert not (tmp_path / "phone" / "secrets").exists()
    for file in (tmp_path / "phone").rglob("*"):
        if file.is_file():
            assert secrets.kept["refresh"].encode() not in file.read_bytes(), file

    phone = await opened(server, tmp_path / "phone", secrets)
    assert phone.installation() == installation
    assert phone.snapshot().standing.user == "anna"
    await phone.stop()

    # The same files on a device whose secret store does not know them.
    copy = await opened(server, tmp_path / "phone", Secrets())
    assert copy.installation() != installation
    assert copy.snapshot().standing.is_needs_identity()
    await copy.stop()


@in_loop
async def test_a_secret_store_that_fails_is_told_in_types_and_kills_nothing(server, tmp_path):
    secrets = Secrets()
    secrets.failure = vestnik.SecretStoreError.Unavailable("locked")
    with pytest.raises(vestnik.VestnikError.Storage) as raised:
        await opened(server, tmp_path / "phone", secrets)
    assert raised.value.problem == vestnik.StorageProblem.SECRETS
    assert "locked" in raised.value.detail

    secrets.failure = RuntimeError("a token: vr_secret")
    with pytest.raises(vestnik.VestnikError.Storage) as raised:
        await opened(server, tmp_path / "phone", secrets)
    assert raised.value.problem == vestnik.StorageProblem.SECRETS
    assert "vr_secret" not in raised.value.detail

    secrets.failure = None
    phone = await logged_in(server, tmp_path / "phone", secrets=secrets)
    secrets.failure = vestnik.SecretStoreError.Unavailable("locked")
    id = server.publish("anna", "all the same")
    assert (await drawn(phone)).id == id
    secrets.failure = None
    await phone.stop()


@in_loop
async def test_storage_errors_have_a_type(server, tmp_path):
    phone = await opened(server, tmp_path / "phone")
    with pytest.raises(vestnik.VestnikError.Storage) as raised:
        await opened(server, tmp_path / "phone")
    assert raised.value.problem == vestnik.StorageProblem.BUSY
    await phone.stop()

    (tmp_path / "file").write_text("no folder")
    with pytest.raises(vestnik.VestnikError.Storage) as raised:
        await opened(server, tmp_path / "file" / "phone")
    assert raised.value.problem == vestnik.StorageProblem.OTHER


@in_loop
async def test_a_damaged_history_is_rebuilt_and_told(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    id = server.publish("anna", "kept by the server")
    await drawn(phone)
    await phone.stop()
    [history] = (tmp_path / "phone").glob("history-*.sqlite")
    history.write_bytes(os.urandom(history.stat().st_size))

    phone = await opened(server, tmp_path / "phone")
    events = Told()
    phone.listen_events(events)
    next = server.publish("anna", "next")
    assert (await drawn(phone)).id == next
    ids = [item.notification.id for item in (await phone.history(vestnik.HistoryQuery())).items]
    assert sorted(ids) == sorted([id, next])
    await phone.stop()


@in_loop
async def test_wrong_arguments_are_named(server, tmp_path):
    async def field(call):
        with pytest.raises(vestnik.VestnikError.InvalidArgument) as raised:
            await call
        return raised.value.field

    def wrong(**fields):
        arguments = vars(config(server, tmp_path / "phone")) | fields
        return vestnik.Vestnik.open(vestnik.Config(**arguments))

    assert await field(wrong(server="push.example")) == "server"
    assert await field(wrong(app="")) == "app"
    zero = vestnik.Tuning(request_timeout=datetime.timedelta(0))
    assert await field(wrong(tuning=zero)) == "request_timeout"
    roots = vestnik.Network(roots=[b"no certificate"])
    assert await field(wrong(network=roots)) == "roots"
    broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    roots = vestnik.Network(roots=[broken])
    assert await field(wrong(network=roots)) == "network"

    phone = await opened(server, tmp_path / "phone")
    assert await field(phone.mark_read(["ntf_nonsense"])) == "ids"
    assert await field(phone.login("", "token")) == "user"
    assert await field(phone.login("anna", "")) == "identity"
    assert await field(phone.history(vestnik.HistoryQuery(limit=0))) == "limit"
    await phone.stop()


@in_loop
async def test_lines_of_the_log_are_told_without_secrets(server, tmp_path):
    class Sink(vestnik.LogSink):
        def __init__(self):
            self.lines = queue.Queue()

        def log(self, record):
            self.lines.put(record)

    sink, secrets = Sink(), Secrets()
    vestnik.log_to(sink, vestnik.LogLevel.DEBUG)
    phone = await logged_in(server, tmp_path / "phone", user="anna-of-the-log", secrets=secrets)
    server.publish("anna-of-the-log", "a title of the log")
    await drawn(phone)
    kept = list(secrets.kept.values())
    await phone.stop()
    vestnik.log_to(None)
    told = []
    while not sink.lines.empty():
        told.append(sink.lines.get())
    assert all(record.target.startswith("vestnik") for record in told)
    text = "\n".join(record.message for record in told)
    for private in ("anna-of-the-log", "a title of the log", *kept):
        assert private not in text


@in_loop
async def test_no_record_tells_content_or_secrets_as_a_text(server, tmp_path):
    proxy = "http://anna:hidden-password@127.0.0.1:1/"
    records = [
        config(server, tmp_path / "other", server_url=proxy, network=vestnik.Network(proxy=proxy)),
        vestnik.Network(proxy=proxy),
        vestnik.Click(opened_by=vestnik.OpenedBy.LINK, url="https://shop.example/hidden-link"),
        vestnik.SearchQuery(text="hidden-words"),
    ]
    phone = await logged_in(server, tmp_path / "phone")
    id = server.publish("anna", "hidden-title", "hidden-body")
    drawn_one = await drawn(phone)
    page = await phone.history(vestnik.HistoryQuery())
    records += [drawn_one, page, page.items, page.items[0], await phone.get(id)]
    for record in records:
        for text in (str(record), repr(record), f"{record}"):
            assert "hidden" not in text
    assert id in str(drawn_one)
    await phone.stop()


# What core/inbox/tests/inbox/push.rs has sealed.
PUSH = json.loads((pathlib.Path(__file__).parents[2] / "fixtures/push.json").read_text())


def push(name):
    return PUSH[name].encode()


@in_loop
async def test_the_app_says_what_became_of_a_push(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    id = PUSH["notification"]
    # It is sealed for another installation.
    unknown = vestnik.Pushed.DROPPED(vestnik.Undrawn.UNKNOWN_KEY, id)
    assert await phone.handle_push(push("push")) == unknown
    # Nobody has announced what it is about.
    hint = vestnik.Pushed.HINT(id)
    assert await phone.handle_push(push("hint")) == hint
    malformed = vestnik.Pushed.DROPPED(vestnik.Undrawn.MALFORMED, None)
    assert await phone.handle_push(b"{}") == malformed
    assert await phone.catch_up()
    phone.go_offline()
    assert not await phone.catch_up()
    assert (await phone.history(vestnik.HistoryQuery())).items == []
    await phone.stop()


@in_loop
async def test_an_extension_hands_over_by_the_spool(server, tmp_path):
    # The system makes the folder of an app group.
    (tmp_path / "group").mkdir()
    spool = tmp_path / "group" / "spool"
    phone = await logged_in(server, tmp_path / "phone", spool_dir=str(spool))
    assert vestnik.push_keys_name() in os.listdir(tmp_path / "phone" / "secrets")
    draw = lambda name, keys=PUSH["keys"]: vestnik.draw_push(str(spool), push(name), keys)
    id, duplicate = PUSH["notification"], vestnik.Undrawn.DUPLICATE
    assert draw("push", None) == vestnik.Draw.GENERIC(vestnik.Undrawn.NO_KEYS, id)
    # It is announced once.
    assert draw("hint") == vestnik.Draw.NOTHING(duplicate, id, None)
    ticket = draw("push").ticket
    assert (ticket.identifier(), ticket.notification().title) == (PUSH["notification"], "by push")
    # A system that draws each push in any case draws the same once more.
    assert draw("push") == vestnik.Draw.NOTHING(duplicate, id, ticket.notification())
    with pytest.raises(vestnik.VestnikError.InvalidArgument):
        ticket.suppressed(vestnik.Suppression.READ)
    ticket.shown()
    with pytest.raises(vestnik.VestnikError.TicketSettled):
        ticket.shown()
    # What the extension drew is stored as shown, and is not drawn again.
    next = server.publish("anna", "by the log")
    assert (await drawn(phone)).id == next
    assert (await phone.get(PUSH["notification"])).show.is_shown()
    # Nothing is announced that was shown.
    assert draw("hint") == vestnik.Draw.NOTHING(duplicate, id, None)
    assert draw("push", None) == vestnik.Draw.NOTHING(duplicate, id, None)
    assert draw("of_another_user").reason == vestnik.Undrawn.OTHER_USER
    await phone.stop()
