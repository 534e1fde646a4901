package dev.vestnik.android

import com.google.firebase.messaging.FirebaseMessagingService
import com.google.firebase.messaging.RemoteMessage
import dev.vestnik.Draw
import dev.vestnik.Notification
import dev.vestnik.Permission
import dev.vestnik.PushAddressKind
import dev.vestnik.Pushed
import dev.vestnik.ShowState
import dev.vestnik.ShowTicket
import dev.vestnik.Suppression
import dev.vestnik.Undrawn
import dev.vestnik.Vestnik
import dev.vestnik.VestnikException
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeMark
import kotlin.time.TimeSource
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeoutOrNull

/**
 * A template: what Firebase brings reaches the core. An app copies this file, derives its service from the class
 * and names it in its manifest, with the intent filter `com.google.firebase.MESSAGING_EVENT`.
 *
 * While the app has its device open, the push takes the way of the live connection: who collects
 * [Vestnik.shows] draws, or this service if nobody does, and what has come by both ways is drawn once. Otherwise
 * nothing is opened: the push is written into the spool, drawn here, and taken by the app at its next start. While the
 * person has switched notifications off in the app, the core lets nothing be drawn.
 */
public abstract class VestnikMessagingService : FirebaseMessagingService() {
    /** The open device of this process, if there is one. */
    protected abstract val device: Vestnik?

    /**
     * Draws a notification under an identifier. The app's own drawing uses the same: one replaces the other. Gives
     * whether the system shows it: not if the person has switched its channel off, which [VestnikAndroid.permission]
     * of the channel says.
     */
    protected abstract fun draw(identifier: String, notification: Notification): Boolean

    /**
     * Takes off the screen what was drawn under an identifier, a text without content for it too: its sender
     * recalled the notification.
     */
    protected abstract fun withdraw(identifier: String)

    /**
     * Draws a text that says only that something has come, and why there is no more, under the identifier that the
     * notification has when it is drawn later, if it is known: one replaces the other.
     */
    protected abstract fun drawGeneric(reason: Undrawn, identifier: String?)

    /**
     * Firebase gave the app a token. The core repeats it until the server has it. Ask Firebase for the token at
     * each start of the app, too, and hand it to [Vestnik.setPushAddress]: without an open device it is not kept.
     */
    override fun onNewToken(token: String) {
        val device = device ?: return
        val deadline = TimeSource.Monotonic.markNow() + LIMIT
        unlessFailed { within(deadline) { device.setPushAddress(PushAddressKind.FCM_TOKEN, token) } }
    }

    override fun onMessageReceived(message: RemoteMessage) {
        val push = PushData(message.data)
        if (!push.isOurs) return
        val device = device ?: return draw(push)
        val deadline = TimeSource.Monotonic.markNow() + LIMIT
        when (val pushed = unlessFailed { within(deadline) { device.handlePush(push.json) } }) {
            // A device that is being stopped, or whose storage fails, leaves the push to the spool.
            null -> draw(push)
            is Pushed.Stored -> show(device, deadline, push.identifier)
            is Pushed.Withdrawn -> push.identifier?.let(::withdraw)
            is Pushed.Hint -> fetch(device, deadline, push)
            is Pushed.Dropped -> if (pushed.reason in ANNOUNCED) fetch(device, deadline, push)
        }
    }

    /**
     * What the push is about is read now, if the app keeps its device connected; otherwise at its next start. The
     * state of the connection proves nothing: while the phone dozed, it may have died without anybody knowing.
     *
     * That a notification is announced is marked when the text is drawn: if the process ends before, a push that comes
     * once more is announced.
     */
    private fun fetch(device: Vestnik, deadline: TimeMark, push: PushData) {
        val isRead = unlessFailed { within(deadline) { device.catchUp() } }
        if (isRead == true) show(device, deadline, push.identifier) else draw(push)
    }

    /**
     * The system may end the process when this service is done: so it is done when the notification is drawn, by who
     * collects [Vestnik.shows], or here if nobody does. What is not drawn in time is drawn by the app, at its next
     * start at the latest.
     */
    private fun show(device: Vestnik, deadline: TimeMark, identifier: String?) {
        if (identifier == null) return
        unlessFailed {
            within(deadline) {
                coroutineScope {
                    val drawing = launch { drawShows(device) }
                    while (isToBeDrawn(device, identifier)) delay(PAUSE)
                    drawing.cancel()
                }
            }
        }
    }

    private suspend fun isToBeDrawn(device: Vestnik, identifier: String): Boolean =
        when (device.get(identifier)?.show) {
            is ShowState.Due, is ShowState.Taken -> true
            is ShowState.Shown, is ShowState.Suppressed, null -> false
        }

    private suspend fun drawShows(device: Vestnik) {
        try {
            // What is on the screen is said to be, also if the time is over meanwhile.
            device.shows.collect { ticket -> withContext(NonCancellable) { draw(ticket) } }
        } catch (_: VestnikException.ShowerTaken) {
            // Another part of the app draws.
        }
    }

    private suspend fun draw(ticket: ShowTicket) {
        if (ticket.isVoid) return ticket.close()
        val notification = ticket.item.notification
        if (isDrawn(notification.id, notification)) ticket.shown() else ticket.suppressed(Suppression.BLOCKED_OS)
    }

    /** Gives whether the system shows it. */
    private fun isDrawn(identifier: String, notification: Notification): Boolean =
        VestnikAndroid.permission(this) != Permission.DENIED && draw(identifier, notification)

    private fun draw(push: PushData) {
        val draw = unlessFailed { push.draw(this) } ?: return
        when (draw) {
            is Draw.Show -> {
                val ticket = draw.ticket
                val isShown = isDrawn(ticket.identifier, ticket.notification)
                // If this fails, the app draws it once more under the same identifier. What the system shows to nobody
                // does not pop up when it may be shown again: the app reports why at its next start.
                unlessFailed { if (isShown) ticket.shown() else ticket.suppressed(Suppression.BLOCKED_OS) }
            }
            is Draw.Withdraw -> withdraw(draw.identifier)
            is Draw.Generic -> drawGeneric(draw.reason, draw.identifier)
            is Draw.Nothing -> Unit
        }
    }

    private fun <T> within(deadline: TimeMark, work: suspend () -> T): T? =
        runBlocking { withTimeoutOrNull(-deadline.elapsedNow()) { work() } }

    /** Nothing that the library throws here may end the app. */
    private fun <T> unlessFailed(work: () -> T): T? =
        try {
            work()
        } catch (_: VestnikException) {
            null
        }

    private companion object {
        /** Something has come that only the server knows now. */
        val ANNOUNCED = setOf(Undrawn.UNKNOWN_KEY, Undrawn.DECRYPT_FAILED)

        /** For all that is done for a push: Firebase ends the service after 20 seconds. */
        val LIMIT = 15.seconds

        /** How often it is looked whether a notification is drawn. */
        val PAUSE = 50.milliseconds
    }
}
