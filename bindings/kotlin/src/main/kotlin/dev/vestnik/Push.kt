package dev.vestnik

import dev.vestnik.ffi.SpoolTicket as FfiSpoolTicket
import dev.vestnik.ffi.drawPush
import dev.vestnik.ffi.pushKeysName

/** Whose address a push address is. An installation has at most one of each kind, and at most one of Firebase. */
public enum class PushAddressKind {
    /** A registration token of Firebase Cloud Messaging. */
    FCM_TOKEN,

    /** A Firebase installation id. */
    FCM_FID,

    /** A token of Huawei's push kit. */
    HMS,

    /** A token of RuStore. */
    RUSTORE,

    /** A subscription of Web Push, as UnifiedPush gives one: its endpoint and keys in JSON. */
    WEBPUSH,
}

/** What became of a push. */
public sealed interface Pushed {
    /** Its notification is new in the history, and is shown if it is due. */
    public data object Stored : Pushed

    /**
     * It took a notification off the screen and out of the history: its sender recalled it. Whoever draws hears of
     * it as of any withdrawal.
     */
    public data object Withdrawn : Pushed

    /**
     * It has no content: what it is about is read from the log. [identifier] is the notification's id, if the push
     * says so. If the log cannot be read, ask [PushSpool.draw] whether a text is drawn that says only that something
     * has come: it lets each notification be announced once.
     */
    public data class Hint(val identifier: String?) : Pushed

    /** It brought nothing. What the server has to know of it is reported. */
    public data class Dropped(val reason: Undrawn, val identifier: String?) : Pushed
}

/** Why the content of a push is not drawn. */
public enum class Undrawn {
    /** The push has no content. The app connects and reads its log. */
    HINT,

    /** The push is not one of Vestnik's. */
    MALFORMED,

    /** The push has more bytes than any service carries. */
    TOO_LARGE,

    /** There are no keys that could open it. */
    NO_KEYS,

    /** It was sealed for a key that this installation does not have, or has no more. */
    UNKNOWN_KEY,

    /** It does not open, or its content cannot be read. */
    DECRYPT_FAILED,

    /** It is for another user than the one whose history is on the device. */
    OTHER_USER,

    /** It was recalled. */
    REVOKED,

    /** It was drawn before, or is being drawn. */
    DUPLICATE,

    /** It could not be spooled: the spool is full, or the file system refuses. */
    NOT_SPOOLED,

    /** The person has switched notifications off in the app. */
    SWITCHED_OFF,

    /** A reason of a later version. */
    OTHER,
}

/** What a process that must not open the device's files is to draw. */
public sealed interface Draw {
    /** A notification. Settle the ticket when it is drawn. */
    public class Show(public val ticket: SpoolTicket) : Draw

    /** Nothing. What was drawn under this identifier is to be taken off the screen. */
    public data class Withdraw(val identifier: String) : Draw

    /**
     * A text that says only that something has come. Draw it under [identifier], if the push says which notification
     * it is: what is drawn later takes the place of the text, and what is withdrawn takes it off the screen.
     */
    public data class Generic(val reason: Undrawn, val identifier: String?) : Draw

    /** Nothing. Android draws no push by itself, so that what was drawn before is not here. */
    public data class Nothing(val reason: Undrawn, val identifier: String?) : Draw
}

/** How a process that must not open the device's files handles a push, and hands it over to the one that has them. */
public object PushSpool {
    /** The name of the secret that [draw] needs. */
    public val keysName: String get() = calling { pushKeysName() }

    /**
     * Handles a push: what is to be drawn is durable in the spool first. [folder] is `spool` in the app's data
     * folder, [push] the JSON object that the push's data make, [keys] the secret named [keysName] of the app's
     * secret store, null if it cannot be read now.
     */
    public fun draw(folder: String, push: ByteArray, keys: String?): Draw =
        when (val draw = calling { drawPush(folder, push, keys) }) {
            is dev.vestnik.ffi.Draw.Show -> Draw.Show(SpoolTicket(draw.ticket))
            is dev.vestnik.ffi.Draw.Withdraw -> Draw.Withdraw(draw.identifier)
            is dev.vestnik.ffi.Draw.Generic -> Draw.Generic(draw.reason.toApi(), draw.identifier)
            is dev.vestnik.ffi.Draw.Nothing -> Draw.Nothing(draw.reason.toApi(), draw.identifier)
        }
}

/** The right to draw a notification of the spool. If it is not settled, the app draws it again. */
public class SpoolTicket internal constructor(private val ffi: FfiSpoolTicket) {
    /** Under which identifier to draw. */
    public val identifier: String = ffi.identifier()

    /** What to draw. */
    public val notification: Notification = ffi.notification().toApi()

    /** It was handed to the system. */
    public fun shown(): Unit = calling { ffi.shown() }

    /**
     * It is not shown, now or later, and the app reports why: [Suppression.BLOCKED_OS] if the system lets the app show
     * nothing, or nothing of this kind, [Suppression.BLOCKED_APP] if a setting of the app does not.
     */
    public fun suppressed(reason: Suppression): Unit = calling { ffi.suppressed(reason.toFfi()) }
}
