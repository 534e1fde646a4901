package dev.vestnik

import java.nio.file.Path
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.io.TempDir

/** Longer than any machine needs: nothing waits for it to pass. */
internal val LONG = 5.minutes

/** Tests with a real server. */
internal abstract class WithServer {
    @TempDir lateinit var folder: Path
    lateinit var server: Server

    @BeforeEach
    fun startServer() {
        server = Server(folder)
    }

    @AfterEach
    fun stopServer() {
        server.close()
    }

    /** Runs a test, and ends it should it hang. */
    fun running(test: suspend CoroutineScope.() -> Unit): Unit = runBlocking { withTimeout(LONG, test) }

    fun config(name: String): Config =
        Config(
            server = server.url,
            app = Server.APP,
            dataDir = folder.resolve(name).toString(),
            device = DeviceInfo(Platform.LINUX, Permission.GRANTED, model = "JUnit"),
        )

    /** A device that may connect. */
    suspend fun opened(name: String, secrets: SecretStore? = null): Vestnik =
        Vestnik.open(config(name), secrets).also { it.goOnline() }

    suspend fun loggedIn(name: String, user: String = "anna", secrets: SecretStore? = null): Vestnik =
        opened(name, secrets).also { check(it.login(user, server.identityToken(user)) == Login.Done) }
}

/** Draws the next notification. */
internal suspend fun Vestnik.drawn(): Notification {
    val ticket = shows.first()
    ticket.shown()
    return ticket.item.notification
}
