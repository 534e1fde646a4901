"""The core from Python, against a real server: sessions, shows, history."""

import asyncio
import datetime
import socket

import pytest
from device import LONG, Told, config, drawn, logged_in, opened, pulled

import vestnik


def in_loop(test):
    """Runs a coroutine as a test."""

    def run(server, tmp_path):
        asyncio.run(asyncio.wait_for(test(server, tmp_path), LONG))

    run.__name__ = test.__name__
    return run


@in_loop
async def test_a_notification_is_drawn_once_read_and_reported(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)
    id = server.publish("anna", "Заказ 8812", "В пути 🚚")
    shower = phone.shower()
    ticket = await pulled(shower)
    item = ticket.item()
    assert (item.notification.id, item.notification.title) == (id, "Заказ 8812")
    assert item.notification.accepted_at > before
    assert (ticket.again(), ticket.attempt(), ticket.is_void()) == (False, 1, False)
    await ticket.shown()
    with pytest.raises(vestnik.VestnikError.TicketSettled):
        await ticket.failed("late")

    page = await phone.history(vestnik.HistoryQuery())
    assert [item.notification.id for item in page.items] == [id]
    assert page.items[0].show.is_shown() and not page.items[0].is_read
    assert phone.snapshot().unread == 1
    assert await phone.mark_read([id]) == 1
    assert await phone.mark_read([id]) == 0
    assert phone.snapshot().unread == 0
    assert await phone.flush(datetime.timedelta(seconds=LONG))
    assert server.counts(id)["read"] == 1
    await phone.stop()
    with pytest.raises(vestnik.VestnikError.Closed):
        phone.snapshot()


@in_loop
async def test_login_logout_and_switch_of_user_in_one_process(server, tmp_path):
    phone = await opened(server, tmp_path / "phone")
    assert phone.snapshot().standing.is_nobody()
    events = Told()
    phone.listen_events(events)

    await phone.login("anna", server.identity_token("anna"))
    assert phone.snapshot().standing.user == "anna"
    annas = server.publish("anna", "for Anna")
    assert (await drawn(phone)).id == annas

    # The switch needs no logout.
    await phone.login("boris", server.identity_token("boris"))
    events.until(lambda event: event.is_forgotten())
    assert phone.snapshot().standing.user == "boris"
    assert (await phone.history(vestnik.HistoryQuery())).items == []
    assert await phone.get(annas) is None
    boriss = server.publish("boris", "for Boris")
    assert (await drawn(phone)).id == boriss

    await phone.logout()
    assert phone.snapshot().standing.is_nobody()
    assert (await phone.history(vestnik.HistoryQuery())).items == []
    installation = phone.installation()

    # Whoever comes back is shown nothing again.
    await phone.login("anna", server.identity_token("anna"))
    second = server.publish("anna", "again for Anna")
    assert (await drawn(phone)).id == second
    assert phone.installation() == installation
    await phone.stop()


@in_loop
async def test_the_history_is_read_offline_and_survives_the_process(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    first = server.publish("anna", "one")
    assert (await drawn(phone)).id == first
    await phone.stop()

    second = server.publish("anna", "two")
    phone = await vestnik.Vestnik.open(config(server, tmp_path / "phone"))
    assert phone.snapshot().standing.user == "anna"
    assert phone.snapshot().connection.phase == vestnik.Phase.OFF
    page = await phone.history(vestnik.HistoryQuery())
    assert [item.notification.id for item in page.items] == [first]

    phone.go_online()
    assert (await drawn(phone)).id == second
    newest = await phone.history(vestnik.HistoryQuery(limit=1))
    assert [item.notification.id for item in newest.items] == [second]
    assert newest.has_more
    older = await phone.history(vestnik.HistoryQuery(before=newest.end))
    assert [item.notification.id for item in older.items] == [first]
    found = await phone.search(vestnik.SearchQuery(text="ONE"))
    assert [item.notification.id for item in found.items] == [first]
    await phone.stop()


@in_loop
async def test_a_ticket_that_is_given_back_comes_again(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    id = server.publish("anna", "not lost")
    shower = phone.shower()
    ticket = await pulled(shower)
    ticket.give_back()
    ticket = await pulled(shower)
    assert ticket.item().notification.id == id
    # As a garbage collector would.
    del ticket
    ticket = await pulled(shower)
    assert ticket.item().notification.id == id
    await ticket.shown()
    await phone.stop()


@in_loop
async def test_one_who_gives_up_waiting_takes_no_ticket_along(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    shower = phone.shower()
    waiting = asyncio.create_task(shower.ready())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    id = server.publish("anna", "not lost")
    ticket = await pulled(shower)
    assert ticket.item().notification.id == id
    await ticket.shown()
    await phone.stop()


@in_loop
async def test_one_who_gives_up_at_the_moment_of_the_answer_takes_nothing_along(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    id = server.publish("anna", "not lost")
    shower, snapshots = phone.shower(), phone.snapshots()
    for stream in (shower, snapshots):
        with pytest.raises(asyncio.CancelledError):
            await cancelled_when_answered(stream.ready())
    assert (await pulled(snapshots)).standing.user == "anna"
    ticket = await pulled(shower)
    assert ticket.item().notification.id == id
    await ticket.shown()
    await phone.stop()


async def cancelled_when_answered(call):
    """Cancels the waiting for a call when the call is answered, before its waiter goes on."""
    loop, task = asyncio.get_running_loop(), asyncio.create_task(call)
    tell = loop.call_soon_threadsafe

    def spy(callback, *arguments):
        if arguments[-1:] == (vestnik._generated._UNIFFI_RUST_FUTURE_POLL_READY,):
            task.cancel()
        return tell(callback, *arguments)

    loop.call_soon_threadsafe = spy
    try:
        await task
    finally:
        loop.call_soon_threadsafe = tell


async def give_up(call):
    """Begins a call, and cancels it before it has answered."""
    task = asyncio.create_task(call)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@in_loop
async def test_an_opening_or_a_stop_that_is_given_up_goes_on_before_the_next(server, tmp_path):
    await give_up(vestnik.Vestnik.open(config(server, tmp_path / "phone")))
    phone = await opened(server, tmp_path / "phone")
    await give_up(phone.stop())
    phone = await opened(server, tmp_path / "phone")
    # A second stop waits for the first.
    first = asyncio.create_task(phone.stop())
    await asyncio.sleep(0)
    await phone.stop()
    await first
    phone = await opened(server, tmp_path / "phone")
    await phone.stop()


@in_loop
async def test_one_at_a_time_draws(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    shower = phone.shower()
    with pytest.raises(vestnik.VestnikError.ShowerTaken):
        phone.shower()
    waiting = asyncio.create_task(shower.ready())
    await asyncio.sleep(0)
    shower.cancel()
    assert not await waiting
    phone.shower().cancel()
    await phone.stop()


@in_loop
async def test_what_is_read_on_one_device_is_withdrawn_on_the_other(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    laptop = await logged_in(server, tmp_path / "laptop")
    events = Told()
    laptop.listen_events(events)
    id = server.publish("anna", "Order 8812")
    await drawn(phone)
    await drawn(laptop)
    assert await phone.clicked(id)
    withdrawn = events.until(lambda event: event.is_withdraw())
    assert withdrawn.ids == [id]
    assert (await laptop.get(id)).read_at is not None
    await phone.stop()
    await laptop.stop()


@in_loop
async def test_without_permission_nothing_is_drawn_then_or_later(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    await phone.set_permission(vestnik.Permission.DENIED)
    events = Told()
    phone.listen_events(events)
    blocked = server.publish("anna", "blocked")
    events.until(lambda event: event.is_changed() and blocked in event.ids)
    await phone.set_permission(vestnik.Permission.GRANTED)
    shown = server.publish("anna", "shown")
    assert (await drawn(phone)).id == shown
    item = await phone.get(blocked)
    assert item.show == vestnik.ShowState.SUPPRESSED(vestnik.Suppression.BLOCKED_OS)
    await phone.stop()


@in_loop
async def test_flags_topics_addresses_and_diagnostics(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    id = server.publish("anna", "secret words")
    await drawn(phone)
    assert await phone.archive([id]) == 1
    assert (await phone.history(vestnik.HistoryQuery())).items == []
    shelf = await phone.history(vestnik.HistoryQuery(shelf=vestnik.Shelf.ARCHIVE))
    assert [item.notification.id for item in shelf.items] == [id]
    assert await phone.mark_all_read() in (0, 1)
    assert await phone.delete([id]) == 1
    assert await phone.get(id) is None
    with pytest.raises(vestnik.VestnikError.Refused) as raised:
        await phone.subscribe("closed", datetime.timedelta(seconds=LONG))
    assert raised.value.code == "topic.unavailable"
    await phone.set_push_address(vestnik.PushAddressKind.FCM_TOKEN, "a-device-token")
    text = (await phone.diagnostics()).text
    assert "push addresses: 1" in text
    for private in ("anna", "secret words", "a-device-token"):
        assert private not in text
    await phone.forget_push_address(vestnik.PushAddressKind.FCM_TOKEN)
    assert (await phone.diagnostics()).push_addresses == 0
    await phone.stop()


@in_loop
async def test_what_a_person_does_not_want_is_kept_offline_and_told(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    events = Told()
    phone.listen_events(events)
    phone.go_offline()
    await phone.opt_out(vestnik.OptOut.CATEGORY("promotions"), True)
    known = await phone.preferences()
    assert known.categories == [vestnik.Choice(name="promotions", is_opted_out=True, is_waiting=True)]
    with pytest.raises(vestnik.VestnikError.InvalidArgument):
        await phone.opt_out(vestnik.OptOut.TOPIC(""), True)
    phone.go_online()
    while not known.is_known or known.categories[0].is_waiting:
        told = events.until(lambda event: event.is_preferences_changed())
        assert told.refused is None
        known = await phone.preferences()
    # Another device learns it from the server.
    laptop = await logged_in(server, tmp_path / "laptop")
    events = Told()
    laptop.listen_events(events)
    if not (await laptop.preferences()).is_known:
        events.until(lambda event: event.is_preferences_changed())
    choices = (await laptop.preferences()).categories
    assert [(choice.name, choice.is_opted_out) for choice in choices] == [("promotions", True)]
    await phone.stop()
    await laptop.stop()


@in_loop
async def test_waiting_has_a_deadline_and_can_be_given_up(server, tmp_path):
    phone = await logged_in(server, tmp_path / "phone")
    phone.go_offline()
    with pytest.raises(vestnik.VestnikError.Timeout):
        await phone.subscribe("news", datetime.timedelta(milliseconds=1))
    cancel = vestnik.CancelHandle()
    waiting = asyncio.create_task(phone.unsubscribe("news", None, cancel))
    await asyncio.sleep(0)
    cancel.cancel()
    with pytest.raises(vestnik.VestnikError.Cancelled):
        await waiting
    await phone.stop()

    # It takes the connection and answers nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        phone = await vestnik.Vestnik.open(config(server, tmp_path / "other", server_url=address))
        phone.go_online()
        cancel = vestnik.CancelHandle()
        login = asyncio.create_task(phone.login("anna", server.identity_token("anna"), cancel))
        snapshots = phone.snapshots()
        while not (await pulled(snapshots)).standing.is_logging_in():
            pass
        cancel.cancel()
        with pytest.raises(vestnik.VestnikError.Cancelled):
            await login
        await phone.stop()


@in_loop
async def test_an_identity_token_that_is_refused_says_why(server, tmp_path):
    phone = await opened(server, tmp_path / "phone")
    with pytest.raises(vestnik.VestnikError.Refused) as raised:
        await phone.login("anna", "not.a.token")
    assert raised.value.code.startswith("auth.")
    with pytest.raises(vestnik.VestnikError.OtherUser):
        await phone.login("anna", server.identity_token("boris"))
    await phone.stop()
