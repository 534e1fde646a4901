package dev.vestnik

import dev.vestnik.ffi.SpoolTicket as FfiSpoolTicket
import dev.vestnik.ffi.spoolPush

/** Whose address a push address is. An installation has at most one of each kind. */
public enum class PushAddressKind {
    /** A registration token of Firebase Cloud Messaging. */
    FCM_TOKEN,

    /** A Firebase installation id. */
    FCM_FID,

    /** A token of Huawei's push kit. */
    HMS,

    /** A token of RuStore. */
    RUSTORE,
}

/** What became of a push. */
public enum class Pushed {
    /** Its notification is in the history, and is shown if it is due. */
    STORED,

    /** It is for another user than the one whose history is on the device, and was dropped. */
    OTHER_USER,
}

/** How a process that must not open the device's files hands a push over to the one that has them. */
public object PushSpool {
    /**
     * Writes the plain payload of a push into the spool. [folder] is `spool` in the app's data folder.
     *
     * Null if it was or is being drawn.
     */
    public fun write(folder: String, payload: ByteArray): SpoolTicket? =
        calling { spoolPush(folder, payload) }?.let(::SpoolTicket)
}

/** The right to draw a notification of the spool. If it is not settled, the app draws it again. */
public class SpoolTicket internal constructor(private val ffi: FfiSpoolTicket) {
    /** Under which identifier to draw. */
    public val identifier: String = ffi.identifier()

    /** What to draw. */
    public val notification: Notification = ffi.notification().toApi()

    /** It was handed to the system. */
    public fun shown(): Unit = calling { ffi.shown() }
}
