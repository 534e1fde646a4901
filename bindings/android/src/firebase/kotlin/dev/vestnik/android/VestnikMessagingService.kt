package dev.vestnik.android

import com.google.firebase.messaging.FirebaseMessagingService
import com.google.firebase.messaging.RemoteMessage
import dev.vestnik.Draw
import dev.vestnik.Notification
import dev.vestnik.Permission
import dev.vestnik.Phase
import dev.vestnik.PushAddressKind
import dev.vestnik.Pushed
import dev.vestnik.Undrawn
import dev.vestnik.Vestnik
import dev.vestnik.VestnikException
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull

/**
 * A template: what Firebase brings reaches the core. An app copies this file, derives its service from the class
 * and names it in its manifest, with the intent filter `com.google.firebase.MESSAGING_EVENT`.
 *
 * While the app has its device open, the push takes the way of the live connection: who collects
 * [Vestnik.shows] draws, and what has come by both ways is drawn once. Otherwise nothing is opened: the push is
 * written into the spool, drawn here, and taken by the app at its next start.
 */
public abstract class VestnikMessagingService : FirebaseMessagingService() {
    /** The open device of this process, if there is one. */
    protected abstract val device: Vestnik?

    /** Draws a notification under an identifier. The app's own drawing uses the same: one replaces the other. */
    protected abstract fun draw(identifier: String, notification: Notification)

    /** Draws a text that says only that something has come, and why there is no more. */
    protected abstract fun drawGeneric(reason: Undrawn)

    /**
     * Firebase gave the app a token. The core repeats it until the server has it. Ask Firebase for the token at
     * each start of the app, too, and hand it to [Vestnik.setPushAddress]: without an open device it is not kept.
     */
    override fun onNewToken(token: String) {
        val device = device ?: return
        unlessFailed { within { device.setPushAddress(PushAddressKind.FCM_TOKEN, token) } }
    }

    override fun onMessageReceived(message: RemoteMessage) {
        val push = PushData(message.data)
        if (!push.isOurs) return
        val device = device ?: return draw(push)
        when (val pushed = unlessFailed { within { device.handlePush(push.json) } }) {
            // A device that is being stopped, or whose storage fails, leaves the push to the spool.
            null -> draw(push)
            is Pushed.Stored -> Unit
            is Pushed.Hint -> fetch(device)
            is Pushed.Dropped -> if (pushed.reason in ANNOUNCED) drawGeneric(pushed.reason)
        }
    }

    /** What the push is about is read now, if the app keeps its device connected; otherwise at its next start. */
    private fun fetch(device: Vestnik) {
        val isRead = unlessFailed {
            within { device.snapshots.first { it.connection.phase in READ } }?.connection?.phase == Phase.ONLINE
        }
        if (isRead != true) drawGeneric(Undrawn.HINT)
    }

    private fun draw(push: PushData) {
        val draw = unlessFailed { push.draw(this) } ?: return
        when (draw) {
            is Draw.Show -> {
                // What the system shows to nobody is not shown: the app reports why at its next start.
                if (VestnikAndroid.permission(this) == Permission.DENIED) return
                draw(draw.ticket.identifier, draw.ticket.notification)
                // If this fails, the app draws it once more under the same identifier.
                unlessFailed { draw.ticket.shown() }
            }
            is Draw.Generic -> drawGeneric(draw.reason)
            is Draw.Nothing -> Unit
        }
    }

    /** Firebase ends the service after 20 seconds. */
    private fun <T> within(work: suspend () -> T): T? = runBlocking { withTimeoutOrNull(15.seconds) { work() } }

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

        /** Nothing is read any more: all of it was, or no connection is wanted. */
        val READ = setOf(Phase.ONLINE, Phase.OFF)
    }
}
