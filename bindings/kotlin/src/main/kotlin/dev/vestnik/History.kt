package dev.vestnik

import kotlin.time.Instant

/** A notification in the history. */
public data class HistoryItem(
    /** The notification, with the newest content. */
    val notification: Notification,
    /** Where it stands among the others. */
    val place: Place,
    /** Whether the person has seen it, on this device or another. */
    val isRead: Boolean,
    val readAt: Instant?,
    /** Whether the person put it out of sight. */
    val isArchived: Boolean,
    /** When this device stored it, by the server's clock. */
    val receivedAt: Instant,
    val show: ShowState,
)

/** A place in the history. It stays where it is while notifications come and go. */
@JvmInline
public value class Place internal constructor(internal val text: String)

/** Whether a notification was shown. */
public sealed interface ShowState {
    /** It will be. */
    public data object Due : ShowState

    /** The app has its ticket. */
    public data object Taken : ShowState

    /** It was drawn. */
    public data object Shown : ShowState

    /** It is not shown. */
    public data class Suppressed(val reason: Suppression) : ShowState
}

/** Why a notification is not shown. */
public enum class Suppression {
    /** It was accepted before this installation logged in. */
    FIRST_SYNC,

    /** It was accepted before the history was lost or set back, and may have been shown before. */
    RESTORED,

    /** It was read before it could be shown, here or on another device. */
    READ,

    /** It was deleted before it could be shown. */
    DELETED,

    /** Its time passed before it could be shown. */
    EXPIRED,

    /** The system does not let the app show notifications. */
    BLOCKED_OS,

    /** The user does not want to see it, by a setting of the app. */
    BLOCKED_APP,

    /** It was shown before the history was wiped or pruned. */
    ALREADY_SHOWN,

    /** Showing it failed too often, or for too long. */
    FAILED,

    /** Its content cannot be read by this version. */
    UNREADABLE,

    /** A reason that another version wrote. */
    OTHER,
}

/** Which part of the history. */
public data class HistoryQuery(
    /** From where on, and in which direction. */
    val start: Start = Start.Newest,
    /** The most items, 1 to 200. */
    val limit: Int = 50,
    val shelf: Shelf = Shelf.INBOX,
    val unreadOnly: Boolean = false,
    val category: String? = null,
    /** Only what this device stored at this time or later. */
    val since: Instant? = null,
)

/** From where on a page is read. What lies at the place itself is left out. */
public sealed interface Start {
    /** From the newest on, to older ones. */
    public data object Newest : Start

    /** Older than a place. */
    public data class Before(val place: Place) : Start

    /** Newer than a place. */
    public data class After(val place: Place) : Start
}

/** Notifications by whether they are archived. */
public enum class Shelf { INBOX, ARCHIVE, ALL }

/** One search. */
public data class SearchQuery(
    /** Words, all of which must be there; the last may be the beginning of one. */
    val text: String,
    /** Only what is older than this place. */
    val before: Place? = null,
    /** The most items, 1 to 200. */
    val limit: Int = 50,
) {
    /** Without the words, which are content. */
    override fun toString(): String = "SearchQuery(limit=$limit)"
}

/** A page of the history, newest first whatever the direction. */
public data class HistoryPage(
    val items: List<HistoryItem>,
    /** Whether there are more in the direction that was asked for. */
    val hasMore: Boolean,
    /** From where on to ask for the next page in that direction. */
    val end: Place?,
    /** How many were left out because this version cannot read them. */
    val unreadable: Int,
)
