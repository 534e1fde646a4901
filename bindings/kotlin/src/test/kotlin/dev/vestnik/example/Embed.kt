package dev.vestnik.example

import dev.vestnik.*
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/** Draws what comes for a user, until the coroutine is cancelled. */
suspend fun embed(server: String, folder: String, user: String, identity: String, draw: suspend (String) -> Unit) {
    val device = DeviceInfo(Platform.ANDROID, Permission.GRANTED, appVersion = "1.0")
    val vestnik = Vestnik.open(Config(server, app = "shop", folder, device))
    try {
        coroutineScope {
            launch { vestnik.snapshots.collect { println("${it.standing}, ${it.connection.phase}, ${it.unread} unread") } }
            launch { vestnik.events.collect { if (it is Event.Withdraw) println("off the screen: ${it.ids}") } }
            vestnik.goOnline()
            vestnik.login(user, identity)
            draw("$user is logged in")
            vestnik.shows.collect { ticket ->
                draw(ticket.item.notification.title)
                ticket.shown()
            }
        }
    } finally {
        withContext(NonCancellable) { vestnik.stop() }
    }
}
