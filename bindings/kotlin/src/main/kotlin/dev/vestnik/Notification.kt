package dev.vestnik

import kotlin.time.Instant

/** A notification. */
public data class Notification(
    /** What it is known by on every path. Draw it under an identifier that is made of it. */
    val id: String,
    /** Rises when the sender replaces the content. */
    val revision: Int,
    val title: String,
    /** Plain text. */
    val body: String,
    /** An `https` address of a picture. */
    val image: String?,
    /** The kind of content; becomes the Android channel. */
    val category: String?,
    val priority: Priority,
    /** What a tap opens. */
    val click: Click?,
    /** Its buttons. Say by `actioned` that one was pressed, and by `reply` what a person typed. */
    val actions: List<Action>,
    /** The sender's own data, a JSON object. */
    val dataJson: String?,
    /** When the server accepted it. */
    val acceptedAt: Instant,
    /** From when on it is not worth showing. */
    val expiresAt: Instant,
) {
    /** Without content, so that it may be logged. */
    override fun toString(): String = "Notification($id, revision $revision)"
}

/** How urgently a notification asks for attention. */
public enum class Priority {
    /** May wait; makes no sound. */
    LOW,

    /** The usual. */
    NORMAL,

    /** Asks for attention now. */
    HIGH,

    /** Breaks through quiet hours where the category allows. */
    CRITICAL,
}

/** What a tap opens. */
public data class Click(val openedBy: OpenedBy, val url: String) {
    /** Without the address, which is content and may have a token in it. */
    override fun toString(): String = "Click($openedBy)"
}

/** A button of a notification. */
public data class Action(
    /** What it is reported by. */
    val id: String,
    /** What it says. */
    val title: String,
    /** What it does. */
    val does: Does,
) {
    /** Without content, so that it may be logged. */
    override fun toString(): String = "Action($id)"
}

/** What a button does. */
public sealed interface Does {
    /** Opens an address. */
    public data class Open(val click: Click) : Does

    /** Asks for a text. */
    public data class Reply(
        /** What stands in the empty field. */
        val placeholder: String?,
    ) : Does

    /** Tells the sender. */
    public data object Callback : Does
}

/** Who opens the address of a tap. */
public enum class OpenedBy {
    /** The app itself. */
    APP,

    /** The system's browser. */
    LINK,

    /** A web view inside the app. */
    WEBVIEW,
}
