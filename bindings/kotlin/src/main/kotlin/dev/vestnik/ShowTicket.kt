package dev.vestnik

import dev.vestnik.ffi.ShowTicket as FfiTicket

/**
 * The right to draw one notification.
 *
 * Draw it under an identifier that is made of the notification's id, so that drawing it again replaces,
 * and settle it: [shown], [failed] or [suppressed]. A ticket that is closed unsettled comes again.
 */
public class ShowTicket internal constructor(private val ffi: FfiTicket) : AutoCloseable {
    /** What to draw. */
    public val item: HistoryItem = ffi.item().toApi()

    /** Whether it may be on the screen already: who had the ticket before ended without settling it. */
    public val again: Boolean = ffi.again()

    /** How often there was a ticket for it, this one included. */
    public val attempt: Int = ffi.attempt().toInt()

    /** Whether its user is gone since it was taken: it must not be drawn. */
    public val isVoid: Boolean
        get() = calling { ffi.isVoid() }

    /** The system took it. */
    public suspend fun shown(): Unit = calling { ffi.shown() }

    /**
     * The system did not take it, and may later: it comes again after a pause, a bounded number of times.
     * The reason is a short code.
     */
    public suspend fun failed(reason: String): Unit = calling { ffi.failed(reason) }

    /** It is not shown, for good. */
    public suspend fun suppressed(reason: Suppression): Unit = calling { ffi.suppressed(reason.toFfi()) }

    /** Gives an unsettled ticket back. It comes again. */
    override fun close(): Unit = ffi.giveBack()

    override fun toString(): String = "ShowTicket(${item.notification}, attempt $attempt)"
}
