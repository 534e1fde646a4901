package dev.vestnik

/** Why a call failed. */
public sealed class VestnikException(message: String) : Exception(message) {
    /** An argument is wrong; [field] names it. */
    public class InvalidArgument internal constructor(public val field: String, public val detail: String) :
        VestnikException("$field: $detail")

    /** The device's storage failed. Nothing was changed. */
    public class Storage internal constructor(public val problem: StorageProblem, public val detail: String) :
        VestnikException("storage: $detail")

    /** The server refused, and repeating the same does not help. [code] is as `topic.unavailable`. */
    public class Refused internal constructor(public val code: String) : VestnikException("the server refused: $code")

    /** Nobody is logged in. */
    public class NobodyLoggedIn internal constructor() : VestnikException("nobody is logged in")

    /** The identity token vouches for another user than the one who was to be logged in. */
    public class OtherUser internal constructor() : VestnikException("the identity token vouches for another user")

    /** A later call took the place of this one. */
    public class Overtaken internal constructor() : VestnikException("a later call took the place of this one")

    /** The core failed and began again before it had an answer. The same call may be made again. */
    public class Restarted internal constructor() : VestnikException("the core was restarted")

    /** Another part of the app draws notifications already. */
    public class ShowerTaken internal constructor() : VestnikException("another part of the app draws notifications")

    /** The ticket was settled before. */
    public class TicketSettled internal constructor() : VestnikException("the ticket was settled before")

    /** On Android, `VestnikAndroid.initialize` must be called first. */
    public class NotInitialized internal constructor() : VestnikException("VestnikAndroid.initialize must be called first")

    /** The deadline passed first. */
    public class Timeout internal constructor() : VestnikException("the deadline passed")

    /** The device was stopped. */
    public class Closed internal constructor() : VestnikException("the device was stopped")

    /** A fault of the library. */
    public class Internal internal constructor(public val detail: String) : VestnikException("internal: $detail")

    /** Whether the same call can succeed later. */
    public val isRetryable: Boolean
        get() =
            when (this) {
                is Storage -> problem == StorageProblem.FULL || problem == StorageProblem.BUSY
                is Restarted, is Timeout, is ShowerTaken -> true
                is InvalidArgument,
                is Refused,
                is NobodyLoggedIn,
                is OtherUser,
                is Overtaken,
                is TicketSettled,
                is NotInitialized,
                is Closed,
                is Internal,
                -> false
            }
}

/** In which way the device's storage failed. */
public enum class StorageProblem {
    /** The disk is full. The same call succeeds when there is room. */
    FULL,

    /** A file is damaged. Stop and open again: what can be read is carried over. */
    CORRUPT,

    /** Another process has the folder, or too much waits. The same call may succeed later. */
    BUSY,

    /** The files were written by a newer version of the app. */
    TOO_NEW,

    /** The secret store failed, or is locked. */
    SECRETS,

    /** The file system refuses for another reason. */
    OTHER,
}
