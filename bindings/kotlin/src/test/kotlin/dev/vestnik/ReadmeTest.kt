package dev.vestnik

import dev.vestnik.example.embed
import java.nio.file.Files
import java.nio.file.Path
import kotlin.test.assertEquals
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Test

internal class ReadmeTest : WithServer() {
    @Test
    fun `the example is what the README says`() {
        val readme = Files.readString(Path.of("../README.md"))
        val code = checkNotNull(Regex("```kotlin embed\n(.*?)```", RegexOption.DOT_MATCHES_ALL).find(readme)).groupValues[1]
        val file = Files.readString(Path.of("src/test/kotlin/dev/vestnik/example/Embed.kt"))
        assertEquals("package dev.vestnik.example\n\n$code", file)
    }

    @Test
    fun `the example receives, draws and reports`() = running {
        val said = Channel<String>(Channel.UNLIMITED)
        val app = launch {
            embed(server.url, folder.resolve("phone").toString(), "anna", server.identityToken("anna")) { said.send(it) }
        }
        assertEquals("anna is logged in", said.receive())
        val id = server.publish("anna", "Order 8812")
        assertEquals("Order 8812", said.receive())
        // The next one is drawn after the first was reported as shown.
        server.publish("anna", "Order 8813")
        assertEquals("Order 8813", said.receive())
        while (!server.notification(id).contains("\"delivered\":1")) yield()
        app.cancelAndJoin()
    }
}
