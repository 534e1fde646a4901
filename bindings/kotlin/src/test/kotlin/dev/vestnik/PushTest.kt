package dev.vestnik

import java.io.File
import java.nio.file.Files
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import org.junit.jupiter.api.Test

internal class PushTest : WithServer() {
    /** What `core/inbox/tests/inbox/push.rs` has sealed: a flat object of texts. */
    private val fixture: Map<String, String> by lazy {
        val text = File("../fixtures/push.json").readText()
        val member = Regex("""^ {2}"(\w+)": "((?:[^"\\]|\\.)*)",?$""", RegexOption.MULTILINE)
        member.findAll(text).associate { it.groupValues[1] to it.groupValues[2].replace("\\\"", "\"") }
    }

    private fun push(name: String) = fixture.getValue(name).toByteArray()

    @Test
    fun `a process beside the app draws what was sealed for it, once`() {
        val spool = Files.createTempDirectory("spool").resolve("spool").toString()
        val keys = fixture.getValue("keys")
        val id = fixture.getValue("notification")
        assertEquals(Draw.Generic(Undrawn.HINT, id), PushSpool.draw(spool, push("hint"), keys))
        // It is announced once.
        assertEquals(Draw.Nothing(Undrawn.DUPLICATE, id), PushSpool.draw(spool, push("push"), null))
        val show = assertIs<Draw.Show>(PushSpool.draw(spool, push("push"), keys))
        assertEquals(id, show.ticket.identifier)
        assertEquals("by push", show.ticket.notification.title)
        assertEquals(Draw.Nothing(Undrawn.DUPLICATE, id), PushSpool.draw(spool, push("push"), keys))
        assertFailsWith<VestnikException.InvalidArgument> { show.ticket.suppressed(Suppression.READ) }
        show.ticket.shown()
        assertFailsWith<VestnikException.TicketSettled> { show.ticket.shown() }
        val foreign = assertIs<Draw.Nothing>(PushSpool.draw(spool, push("of_another_user"), keys))
        assertEquals(Undrawn.OTHER_USER, foreign.reason)
        // Nothing is announced that was shown.
        assertEquals(Draw.Nothing(Undrawn.DUPLICATE, id), PushSpool.draw(spool, push("hint"), keys))
        assertEquals(Draw.Nothing(Undrawn.DUPLICATE, id), PushSpool.draw(spool, push("push"), null))
        assertEquals(Draw.Nothing(Undrawn.MALFORMED, null), PushSpool.draw(spool, "{}".toByteArray(), keys))
        assertEquals("envelope", PushSpool.keysName)
    }

    @Test
    fun `every word of an app has its counterpart in the core`() {
        assertEquals(Permission.entries.map { it.name }, Permission.entries.map { it.toFfi().name })
        assertEquals(PushAddressKind.entries.map { it.name }, PushAddressKind.entries.map { it.toFfi().name })
        assertEquals(Suppression.entries.map { it.name }, Suppression.entries.map { it.toFfi().name })
        val missing = dev.vestnik.ffi.PushAddressKind.entries.map { it.name } - PushAddressKind.entries.map { it.name }
        assertEquals(listOf("APNS"), missing)
    }

    @Test
    fun `the app says what became of a push`() = running {
        val phone = loggedIn("phone")
        val id = fixture.getValue("notification")
        assertEquals(Pushed.Hint(id), phone.handlePush(push("hint")))
        // It is sealed for another installation, and nobody has drawn a text that announces it.
        assertEquals(Pushed.Dropped(Undrawn.UNKNOWN_KEY, id), phone.handlePush(push("push")))
        assertEquals(Pushed.Dropped(Undrawn.MALFORMED, null), phone.handlePush("{}".toByteArray()))
        assertEquals(true, phone.catchUp())
        phone.goOffline()
        assertEquals(false, phone.catchUp())
        phone.setPushAddress(PushAddressKind.FCM_TOKEN, "t")
        phone.setPushAddress(PushAddressKind.FCM_FID, "f")
        assertEquals(1, phone.diagnostics().pushAddresses)
        phone.stop()
    }
}
