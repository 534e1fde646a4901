package dev.vestnik

import java.net.InetAddress
import java.net.ServerSocket
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Job
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.filterIsInstance
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Test

internal class VestnikTest : WithServer() {
    @Test
    fun `a notification is drawn once, read and reported`() = running {
        val phone = loggedIn("phone")
        val id = server.publish("anna", "Заказ 8812")
        val ticket = phone.shows.first()
        assertEquals(id, ticket.item.notification.id)
        assertEquals("Заказ 8812", ticket.item.notification.title)
        assertTrue(ticket.item.notification.acceptedAt < ticket.item.notification.expiresAt)
        ticket.shown()
        assertFailsWith<VestnikException.TicketSettled> { ticket.failed("late") }

        val item = phone.history().items.single()
        assertEquals(ShowState.Shown, item.show)
        assertNull(item.readAt)
        assertEquals(1, phone.snapshot.unread)
        assertEquals(1, phone.markRead(listOf(id)))
        assertEquals(0, phone.snapshot.unread)
        assertTrue(phone.flush(within = LONG))
        assertTrue(server.notification(id).contains("\"read\":1"))
        phone.stop()
        assertFailsWith<VestnikException.Closed> { phone.snapshot }
    }

    @Test
    fun `login, logout and switch of user in one process`() = running {
        val phone = opened("phone")
        assertEquals(Standing.Nobody, phone.snapshot.standing)
        phone.login("anna", server.identityToken("anna"))
        val annas = server.publish("anna", "for Anna")
        assertEquals(annas, phone.drawn().id)

        val forgotten = async(start = CoroutineStart.UNDISPATCHED) { phone.events.filterIsInstance<Event.Forgotten>().first() }
        phone.login("boris", server.identityToken("boris"))
        forgotten.await()
        assertEquals(Standing.LoggedIn("boris"), phone.snapshot.standing)
        assertNull(phone.get(annas))
        val boriss = server.publish("boris", "for Boris")
        assertEquals(boriss, phone.drawn().id)

        phone.logout()
        assertEquals(Standing.Nobody, phone.snapshot.standing)
        assertTrue(phone.history().items.isEmpty())
        phone.login("anna", server.identityToken("anna"))
        val second = server.publish("anna", "again for Anna")
        assertEquals(second, phone.drawn().id)
        phone.stop()
    }

    @Test
    fun `the present snapshot comes first, then each change, then the end`() = running {
        val phone = loggedIn("phone")
        assertEquals(Standing.LoggedIn("anna"), phone.snapshots.first().standing)
        phone.snapshots.first { it.connection.phase == Phase.ONLINE }
        val all = async(start = CoroutineStart.UNDISPATCHED) { phone.snapshots.toList() }
        server.publish("anna", "one")
        phone.snapshots.first { it.unread == 1L }
        phone.stop()
        assertEquals(Phase.OFF, all.await().last().connection.phase)
        assertTrue(phone.libraryHasVersion())
    }

    @Test
    fun `a ticket that the collector fails on comes again`() = running {
        val phone = loggedIn("phone")
        val id = server.publish("anna", "not lost")
        class Failure : Exception()
        assertFailsWith<Failure> { phone.shows.collect { throw Failure() } }
        phone.shows.first().close()
        assertEquals(id, phone.drawn().id)
        phone.stop()
    }

    @Test
    fun `a ticket that the collector has no time for comes again`() = running {
        val phone = loggedIn("phone")
        val id = server.publish("anna", "not lost")
        val taken = mutableListOf<ShowTicket>()
        assertFailsWith<TimeoutCancellationException> {
            phone.shows.collect {
                taken += it
                withTimeout(1) { awaitCancellation() }
            }
        }
        assertEquals(id, phone.drawn().id)
        assertEquals(1, taken.size)
        phone.stop()
    }

    @Test
    fun `a ticket comes again if the collector cancels itself`() = running {
        val phone = loggedIn("phone")
        val id = server.publish("anna", "not lost")
        // Nothing of this is let go: a garbage collector does not bring them back.
        val taken = mutableListOf<ShowTicket>()
        val cancelled = async(Job()) { awaitCancellation() }
        cancelled.cancelAndJoin()
        for (fail in listOf<suspend () -> Unit>({ throw CancellationException("enough") }, { cancelled.await() })) {
            assertFailsWith<CancellationException> {
                phone.shows.collect {
                    taken += it
                    fail()
                }
            }
        }
        assertEquals(id, phone.drawn().id)
        assertEquals(2, taken.size)
        phone.stop()
    }

    @Test
    fun `an opening that is cancelled leaves nothing open`() = running {
        val opening = launch(start = CoroutineStart.UNDISPATCHED) { Vestnik.open(config("phone")) }
        opening.cancelAndJoin()
        opened("phone").stop()
    }

    @Test
    fun `a stop that is cancelled goes on before the next opening`() = running {
        val phone = loggedIn("phone")
        val stopping = launch(start = CoroutineStart.UNDISPATCHED) { phone.stop() }
        stopping.cancelAndJoin()
        opened("phone").stop()
    }

    @Test
    fun `half an emoji is a wrong argument`() = running {
        val phone = opened("phone")
        val half = "🚚".take(1)
        assertFailsWith<VestnikException.InvalidArgument> { phone.search(SearchQuery(half)) }
        assertFailsWith<VestnikException.InvalidArgument> { phone.login(half, "token") }
        phone.stop()
    }

    @Test
    fun `what is printed of a configuration has no password`() {
        val secret = config("phone").copy(server = "https://anna:hunter2@push.example", network = Network("http://anna:hunter2@proxy"))
        assertTrue("hunter2" !in "$secret")
    }

    @Test
    fun `what is printed of a click or a search has no content`() {
        assertTrue("hidden" !in "${Click(OpenedBy.LINK, "https://shop.example/hidden")} ${SearchQuery("hidden")}")
    }

    @Test
    fun `a cancelled collector takes no ticket along`() = running {
        val phone = loggedIn("phone")
        val ready = CompletableDeferred<Unit>()
        val waiting = launch(start = CoroutineStart.UNDISPATCHED) { phone.shows.collect { ready.complete(Unit) } }
        waiting.cancelAndJoin()
        val id = server.publish("anna", "not lost")
        assertEquals(id, phone.drawn().id)
        phone.stop()
    }

    @Test
    fun `one at a time draws`() = running {
        val phone = loggedIn("phone")
        val drawing = launch(start = CoroutineStart.UNDISPATCHED) { phone.shows.collect { it.shown() } }
        assertFailsWith<VestnikException.ShowerTaken> { phone.shows.first() }
        drawing.cancelAndJoin()
        server.publish("anna", "now another may")
        phone.drawn()
        phone.stop()
    }

    @Test
    fun `what is read on one device is withdrawn on the other`() = running {
        val phone = loggedIn("phone")
        val laptop = loggedIn("laptop")
        val id = server.publish("anna", "Order 8812")
        phone.drawn()
        laptop.drawn()
        val withdrawn = async(start = CoroutineStart.UNDISPATCHED) { laptop.events.filterIsInstance<Event.Withdraw>().first() }
        assertTrue(phone.clicked(id))
        assertEquals(listOf(id), withdrawn.await().ids)
        phone.stop()
        laptop.stop()
    }

    @Test
    fun `what a person does not want is told and comes back`() = running {
        val phone = loggedIn("phone")
        val changes = async(start = CoroutineStart.UNDISPATCHED) {
            phone.events.first {
                it is Event.PreferencesChanged && phone.preferences().run { isKnown && categories.none(Choice::isWaiting) }
            }
        }
        phone.optOut(OptOut.Category("promotions"))
        assertEquals(Event.PreferencesChanged(refused = null), changes.await())
        val wanted = phone.preferences()
        assertEquals(listOf(Choice("promotions", isOptedOut = true, isWaiting = false)), wanted.categories)
        assertEquals(false, wanted.isAllOptedOut)
        phone.stop()
    }

    @Test
    fun `wrong arguments are named`() = running {
        val server = assertFailsWith<VestnikException.InvalidArgument> { Vestnik.open(config("phone").copy(server = "x")) }
        assertEquals("server", server.field)
        val none = Tuning(requestTimeout = kotlin.time.Duration.ZERO)
        val tuning = assertFailsWith<VestnikException.InvalidArgument> { Vestnik.open(config("phone").copy(tuning = none)) }
        assertEquals("requestTimeout", tuning.field)
        val phone = opened("phone")
        val limit = assertFailsWith<VestnikException.InvalidArgument> { phone.history(HistoryQuery(limit = -1)) }
        assertEquals("limit", limit.field)
        phone.stop()
    }

    @Test
    fun `storage errors have a type`() = running {
        val phone = opened("phone")
        val busy = assertFailsWith<VestnikException.Storage> { opened("phone") }
        assertEquals(StorageProblem.BUSY, busy.problem)
        assertTrue(busy.isRetryable)
        phone.stop()
    }

    @Test
    fun `a refused identity token says why`() = running {
        val phone = opened("phone")
        val refused = assertFailsWith<VestnikException.Refused> { phone.login("anna", "not.a.token") }
        assertTrue(refused.code.startsWith("auth."), refused.code)
        assertFailsWith<VestnikException.OtherUser> { phone.login("anna", server.identityToken("boris")) }
        phone.stop()
    }

    @Test
    fun `a login without a network is pending, and a topic needs somebody`() = running {
        val phone = Vestnik.open(config("phone").copy(server = "http://127.0.0.1:1/"))
        phone.goOnline()
        assertEquals(Login.Pending(Trouble.UNREACHABLE), phone.login("anna", server.identityToken("anna")))
        assertEquals(Standing.LoggingIn("anna"), phone.snapshot.standing)
        assertFailsWith<VestnikException.NobodyLoggedIn> { phone.subscribe("news") }
        phone.stop()
    }

    @Test
    fun `who cancels a login stops only waiting for it`() = running {
        // Takes the connection and answers nothing.
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { silent ->
            val phone = Vestnik.open(config("phone").copy(server = "http://127.0.0.1:${silent.localPort}/"))
            phone.goOnline()
            val login = launch(start = CoroutineStart.UNDISPATCHED) { phone.login("anna", server.identityToken("anna")) }
            phone.snapshots.first { it.standing == Standing.LoggingIn("anna") }
            login.cancelAndJoin()
            assertEquals(Standing.LoggingIn("anna"), phone.snapshot.standing)
            phone.stop()
        }
    }

    @Test
    fun `a collector that is cancelled while it draws gives its ticket back`() = running {
        val phone = loggedIn("phone")
        val id = server.publish("anna", "not lost")
        val drawing = CompletableDeferred<String>()
        val drawer = launch {
            phone.shows.collect {
                drawing.complete(it.item.notification.id)
                awaitCancellation()
            }
        }
        assertEquals(id, drawing.await())
        drawer.cancelAndJoin()
        assertEquals(id, phone.drawn().id)
        phone.stop()
    }
}

private fun Vestnik.libraryHasVersion() = Vestnik.libraryVersion().first().isDigit() && installation.isNotEmpty()
