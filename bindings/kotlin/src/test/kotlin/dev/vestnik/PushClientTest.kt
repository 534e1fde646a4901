package dev.vestnik

import dev.vestnik.ffi.CancelHandle
import dev.vestnik.ffi.DeviceRecord
import dev.vestnik.ffi.EventListener
import dev.vestnik.ffi.HistoryQueryRecord
import dev.vestnik.ffi.PermissionState
import dev.vestnik.ffi.PlatformName
import dev.vestnik.ffi.PushClient
import dev.vestnik.ffi.PushConfig
import dev.vestnik.ffi.PushEvent
import dev.vestnik.ffi.PushException
import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

private val DEADLINE_MS: ULong = 300_000u

class PushClientTest {
    @TempDir lateinit var directory: Path
    private lateinit var server: Server

    @BeforeEach
    fun startServer() {
        server = Server(directory)
    }

    @AfterEach
    fun stopServer() {
        server.close()
    }

    @Test
    fun `a device receives, reads and stops`() = runBlocking {
        val phone = device("phone")
        val id = server.publish("anna", "Заказ 8812")
        val show = phone.next<PushEvent.Show>()
        assertEquals(id, show.item.notification.id)
        assertEquals("Заказ 8812", show.item.notification.title)
        phone.client.reportShown(id)

        val page = phone.client.history(HistoryQueryRecord(before = null))
        assertEquals(listOf(id), page.items.map { it.notification.id })
        assertNull(page.items.single().readAtMs)
        assertEquals(1uL, phone.client.unreadCount())

        assertEquals(1uL, phone.client.markRead(listOf(id)))
        assertEquals(0uL, phone.client.unreadCount())
        phone.client.flush(DEADLINE_MS, null)
        assertTrue(server.notification(id).contains("\"read\":1"))
        phone.stop()
    }

    @Test
    fun `read on one device is withdrawn on the other`() = runBlocking {
        val phone = device("phone")
        val laptop = device("laptop")
        val id = server.publish("anna", "Order 8812")
        phone.next<PushEvent.Show>()
        laptop.next<PushEvent.Show>()
        phone.client.open(id)
        assertEquals(listOf(id), laptop.next<PushEvent.Withdraw>().ids)
        phone.stop()
        laptop.stop()
    }

    @Test
    fun `waiting can be cancelled`() = runBlocking {
        val client = PushClient(config("phone"))
        client.start(DEADLINE_MS)
        val cancel = CancelHandle()
        cancel.cancel()
        assertThrows(PushException.Cancelled::class.java) {
            runBlocking { client.waitUntilOnline(DEADLINE_MS, cancel) }
        }
        client.stop(DEADLINE_MS)
    }

    @Test
    fun `wrong arguments are named`() {
        val wrong = config("phone").apply { server = "not an address" }
        val refused = assertThrows(PushException.InvalidArgument::class.java) { PushClient(wrong) }
        assertEquals("server", refused.field)
    }

    private suspend fun device(name: String): Device {
        val client = PushClient(config(name))
        val device = Device(client)
        client.subscribeEvents(device)
        client.setIdentityToken(server.identityToken("anna"))
        client.start(DEADLINE_MS)
        client.waitUntilOnline(DEADLINE_MS, null)
        return device
    }

    private fun config(name: String): PushConfig {
        val device =
            DeviceRecord(platform = PlatformName.LINUX, permission = PermissionState.GRANTED, model = "JUnit")
        return PushConfig(server.url, Server.APP, directory.resolve(name).toString(), device)
    }

    /** A client and the events it told. */
    private class Device(val client: PushClient) : EventListener {
        val events = LinkedBlockingQueue<PushEvent>()

        override fun onEvents(batch: List<PushEvent>) {
            events.addAll(batch)
        }

        /** The next event of a kind; others before it are passed over. */
        inline fun <reified T : PushEvent> next(): T {
            while (true) {
                val event = events.poll(5, TimeUnit.MINUTES) ?: error("no ${T::class.simpleName} came")
                if (event is T) return event
            }
        }

        suspend fun stop() {
            client.stop(DEADLINE_MS)
            client.close()
        }
    }
}
