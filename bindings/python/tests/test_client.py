"""The bindings as a host uses them: every exported call, against a real server."""

import asyncio
import threading

import pytest
from conftest import APP

import vestnik

DEADLINE_MS = 300_000


class Recorder(vestnik.EventListener):
    """A listener that remembers, and lets a test wait for what it needs."""

    def __init__(self):
        self.events = []
        self.changed = threading.Condition()

    def on_events(self, batch):
        with self.changed:
            self.events.extend(batch)
            self.changed.notify_all()

    def wait_for(self, kind, count=1):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.of(kind)) >= count, timeout=300), self.events
            return self.of(kind)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


def config(server, data_dir):
    device = vestnik.DeviceRecord(
        platform=vestnik.PlatformName.LINUX, permission=vestnik.PermissionState.GRANTED, model="pytest"
    )
    return vestnik.PushConfig(server=server.url, app=APP, data_dir=str(data_dir), device=device)


def started(server, data_dir, user="anna"):
    """A started client that is logged in, and its listener."""

    async def start():
        client = vestnik.PushClient(config(server, data_dir))
        listener = Recorder()
        subscription = client.subscribe_events(listener)
        client.set_identity_token(server.identity_token(user))
        await client.start(DEADLINE_MS)
        await client.wait_until_online(DEADLINE_MS, None)
        return client, listener, subscription

    return start()


def test_a_device_receives_reads_and_stops(server, tmp_path):
    async def scenario():
        client, listener, _subscription = await started(server, tmp_path / "phone")
        notification = server.publish("anna", "Заказ 8812", "В пути 🚚")

        show = listener.wait_for(vestnik.PushEvent.SHOW)[0]
        assert show.item.notification.id == notification
        assert show.item.notification.title == "Заказ 8812"
        assert not show.again
        await client.report_shown(notification)

        page = await client.history(vestnik.HistoryQueryRecord())
        assert [item.notification.id for item in page.items] == [notification]
        assert page.items[0].read_at_ms is None
        assert await client.unread_count() == 1

        assert await client.mark_read([notification]) == 1
        assert await client.unread_count() == 0
        await client.flush(DEADLINE_MS, None)
        assert server.counts(notification)["read"] == 1

        await client.stop(DEADLINE_MS)
        with pytest.raises(vestnik.PushError.Closed):
            await client.unread_count()

    asyncio.run(scenario())


def test_history_outlives_the_process_and_what_was_missed_comes_later(server, tmp_path):
    async def scenario():
        client, listener, _ = await started(server, tmp_path / "phone")
        first = server.publish("anna", "one")
        listener.wait_for(vestnik.PushEvent.SHOW)
        await client.report_shown(first)
        await client.stop(DEADLINE_MS)

        second = server.publish("anna", "two")
        client, listener, _ = await started(server, tmp_path / "phone")
        shown = listener.wait_for(vestnik.PushEvent.SHOW)
        assert [event.item.notification.id for event in shown] == [second]
        page = await client.history(vestnik.HistoryQueryRecord(limit=1))
        assert [item.notification.id for item in page.items] == [second]
        older = await client.history(vestnik.HistoryQueryRecord(before=page.next))
        assert [item.notification.id for item in older.items] == [first]
        await client.stop(DEADLINE_MS)

    asyncio.run(scenario())


def test_read_on_one_device_is_withdrawn_on_the_other(server, tmp_path):
    async def scenario():
        phone, phone_events, _ = await started(server, tmp_path / "phone")
        laptop, laptop_events, _ = await started(server, tmp_path / "laptop")
        notification = server.publish("anna", "Order 8812")
        phone_events.wait_for(vestnik.PushEvent.SHOW)
        laptop_events.wait_for(vestnik.PushEvent.SHOW)
        await phone.open(notification)
        withdrawn = laptop_events.wait_for(vestnik.PushEvent.WITHDRAW)[0]
        assert withdrawn.ids == [notification]
        assert (await laptop.get(notification)).read_at_ms is not None
        await phone.stop(DEADLINE_MS)
        await laptop.stop(DEADLINE_MS)

    asyncio.run(scenario())


def test_wrong_arguments_are_named(server, tmp_path):
    wrong = config(server, tmp_path / "phone")
    wrong.server = "not an address"
    with pytest.raises(vestnik.PushError.InvalidArgument) as raised:
        vestnik.PushClient(wrong)
    assert raised.value.field == "server"

    async def scenario():
        client, _, _ = await started(server, tmp_path / "phone")
        with pytest.raises(vestnik.PushError.InvalidArgument) as raised:
            await client.mark_read(["ntf_nonsense"])
        assert raised.value.field == "ids"
        await client.stop(DEADLINE_MS)

    asyncio.run(scenario())


def test_calls_before_start_and_after_stop_say_so(server, tmp_path):
    client = vestnik.PushClient(config(server, tmp_path / "phone"))
    with pytest.raises(vestnik.PushError.Closed):
        asyncio.run(client.unread_count())


def test_waiting_has_a_deadline_and_can_be_cancelled(server, tmp_path):
    async def scenario():
        client = vestnik.PushClient(config(server, tmp_path / "phone"))
        await client.start(DEADLINE_MS)
        with pytest.raises(vestnik.PushError.Timeout):
            await client.wait_until_online(50, None)
        cancel = vestnik.CancelHandle()
        waiting = asyncio.create_task(client.wait_until_online(DEADLINE_MS, cancel))
        await asyncio.sleep(0)
        cancel.cancel()
        with pytest.raises(vestnik.PushError.Cancelled):
            await waiting
        await client.stop(DEADLINE_MS)

    asyncio.run(scenario())


def test_a_listener_that_fails_does_no_harm(server, tmp_path):
    class Broken(vestnik.EventListener):
        def on_events(self, batch):
            raise RuntimeError("a test's own failure")

    async def scenario():
        client, listener, _ = await started(server, tmp_path / "phone")
        broken = client.subscribe_events(Broken())
        notification = server.publish("anna", "still here")
        assert listener.wait_for(vestnik.PushEvent.SHOW)[0].item.notification.id == notification
        broken.cancel()
        await client.stop(DEADLINE_MS)

    asyncio.run(scenario())


def test_topics_and_logout(server, tmp_path):
    async def scenario():
        client, _, _ = await started(server, tmp_path / "phone")
        with pytest.raises(vestnik.PushError.Rejected) as raised:
            await client.subscribe_topic("closed", DEADLINE_MS, None)
        assert raised.value.code == "topic.unavailable"
        await client.logout(DEADLINE_MS)
        assert await client.unread_count() == 0
        await client.stop(DEADLINE_MS)

    asyncio.run(scenario())
