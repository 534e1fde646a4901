package dev.vestnik

import kotlin.time.Instant

/** Who the device is, how it is connected, and how many notifications are unread. */
public data class Snapshot(
    val standing: Standing,
    val connection: Connection,
    /** How many notifications are unread: the badge. */
    val unread: Long,
)

/** Who the device is. */
public sealed interface Standing {
    /** Nobody is logged in. */
    public data object Nobody : Standing

    /** A login is under way; it goes on by itself when the server can be reached. */
    public data class LoggingIn(val user: String) : Standing

    /** A user is logged in. */
    public data class LoggedIn(val user: String) : Standing

    /** A logout is under way. */
    public data object LoggingOut : Standing

    /**
     * The session has ended: call [Vestnik.login] with a fresh identity token. [reason] is the problem's
     * code if the server refused, and `other_user` if its answer named another user.
     */
    public data class NeedsIdentity(val user: String?, val reason: String?) : Standing
}

/** How a device is connected. */
public data class Connection(
    val phase: Phase,
    /** What is in the way. */
    val lastError: Trouble?,
    /** When it is tried again. */
    val retryAt: Instant?,
)

/** Where a connection stands. */
public enum class Phase {
    /** No connection is wanted. */
    OFF,

    /** Waiting until the next attempt. */
    WAITING,

    /** A connection is being made. */
    CONNECTING,

    /** Connected; what was missed is being read. */
    SYNCING,

    /** Connected, and nothing is missing. */
    ONLINE,
}

/** What stands between the device and its server. */
public enum class Trouble {
    /** The server cannot be reached. */
    UNREACHABLE,

    /** The network wants a person to sign in first. */
    CAPTIVE_PORTAL,

    /** What answers at the address is not a Vestnik server. */
    WRONG_ADDRESS,

    /** The server refuses, and repeating the same soon does not help. */
    REFUSED,

    /** The server asks this device to slow down. */
    THROTTLED,

    /** The server is restarting, overloaded or out of order. */
    SERVER_BUSY,

    /** The device's own storage failed. */
    STORAGE,

    /** A fault of the core, which has started again. */
    INTERNAL,
}

/** How far a login came. */
public sealed interface Login {
    /** The user is logged in. */
    public data object Done : Login

    /** Something is in the way. The login goes on by itself, and the snapshot shows it. */
    public data class Pending(val trouble: Trouble) : Login
}
