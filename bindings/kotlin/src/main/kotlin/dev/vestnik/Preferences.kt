package dev.vestnik

/** What the user does not want, as the device knows it, and what there is to choose from. */
public data class Preferences(
    /** Whether they want nothing of the App at all. */
    val isAllOptedOut: Boolean,
    /** Whether that was changed on this device and the server has not answered. */
    val isAllWaiting: Boolean,
    /**
     * The categories that there are, as far as the device knows: those that the user was notified in, at most
     * 100, and those that they do not want.
     */
    val categories: List<Choice>,
    /**
     * The topics that the device knows of: those that they do not want, and those that they want again and the
     * server was not told of.
     */
    val topics: List<Choice>,
    /**
     * Whether the server has said what they do not want since they logged in here. Before that only what was
     * changed on this device is known.
     */
    val isKnown: Boolean,
)

/** A category or a topic, and whether the user wants it. */
public data class Choice(
    val name: String,
    /** Whether they do not want it. */
    val isOptedOut: Boolean,
    /** Whether that was changed on this device and the server has not answered. */
    val isWaiting: Boolean,
)

/** What a user can opt out of. */
public sealed interface OptOut {
    /** Any notification of the App. */
    public data object All : OptOut

    /** Notifications of a category. */
    public data class Category(val name: String) : OptOut

    /** Notifications that reach them by a topic only. */
    public data class Topic(val name: String) : OptOut
}
