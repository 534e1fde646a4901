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
        assertEquals(Draw.Generic(Undrawn.HINT), PushSpool.draw(spool, push("hint"), keys))
        assertEquals(Draw.Generic(Undrawn.NO_KEYS), PushSpool.draw(spool, push("push"), null))
        val show = assertIs<Draw.Show>(PushSpool.draw(spool, push("push"), keys))
        assertEquals(fixture.getValue("notification"), show.ticket.identifier)
        assertEquals("by push", show.ticket.notification.title)
        assertEquals(Draw.Nothing(Undrawn.DUPLICATE), PushSpool.draw(spool, push("push"), keys))
        show.ticket.shown()
        assertFailsWith<VestnikException.TicketSettled> { show.ticket.shown() }
        assertEquals(Draw.Nothing(Undrawn.OTHER_USER), PushSpool.draw(spool, push("of_another_user"), keys))
        // Nothing is announced that was shown.
        assertEquals(Draw.Nothing(Undrawn.DUPLICATE), PushSpool.draw(spool, push("hint"), keys))
        assertEquals(Draw.Nothing(Undrawn.DUPLICATE), PushSpool.draw(spool, push("push"), null))
        assertEquals(Draw.Nothing(Undrawn.MALFORMED), PushSpool.draw(spool, "{}".toByteArray(), keys))
        assertEquals("envelope", PushSpool.keysName)
    }

    @Test
    fun `the app says what became of a push`() = running {
        val phone = loggedIn("phone")
        assertEquals(Pushed.Hint, phone.handlePush(push("hint")))
        assertEquals(Pushed.Dropped(Undrawn.UNKNOWN_KEY), phone.handlePush(push("push")))
        assertEquals(Pushed.Dropped(Undrawn.MALFORMED), phone.handlePush("{}".toByteArray()))
        phone.setPushAddress(PushAddressKind.FCM_TOKEN, "t")
        phone.setPushAddress(PushAddressKind.FCM_FID, "f")
        assertEquals(1, phone.diagnostics().pushAddresses)
        phone.stop()
    }
}
