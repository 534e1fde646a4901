package dev.vestnik

import kotlin.time.Duration

/** How to reach the server, and what to tell it of the device. */
public data class Config(
    /** The server's address, as `https://push.example/`. A path stays a part of it. */
    val server: String,
    /** The App's id. */
    val app: String,
    /**
     * A folder of the app's own for history and state, which no other process opens; it is made if it is
     * not there. It must not be part of a backup that another device may restore.
     */
    val dataDir: String,
    val device: DeviceInfo,
    /** Where another process of the app leaves pushes; null for `spool` in [dataDir]. */
    val spoolDir: String? = null,
    val formerHistory: FormerHistory = FormerHistory.WIPE,
    val network: Network = Network(),
    val tuning: Tuning = Tuning(),
) {
    /** Without addresses, which may have a password in them. */
    override fun toString(): String = "Config(app=$app, device=$device)"
}

/** What the server is told of the device. */
public data class DeviceInfo(
    val platform: Platform,
    val permission: Permission,
    val model: String? = null,
    val osVersion: String? = null,
    val appVersion: String? = null,
    /** A BCP 47 language tag. */
    val locale: String? = null,
    /** The IANA name of the time zone. */
    val timeZone: String? = null,
)

/** A change of what the server is told of the device. What is null stays as it is. */
public data class DeviceChange(
    val locale: String? = null,
    val timeZone: String? = null,
    val appVersion: String? = null,
    val osVersion: String? = null,
)

/** The system an installation runs on. */
public enum class Platform { ANDROID, LINUX, MACOS, WINDOWS }

/** Whether the app may show notifications, by the system and by its own switch. */
public enum class Permission {
    /** The system does not say. */
    UNKNOWN,

    /** The person was not asked yet. */
    NOT_ASKED,

    /** It does. */
    GRANTED,

    /** It does not: the core suppresses each show, and none appears later. */
    DENIED,

    /**
     * It does, and the person switched notifications off in the app: the core suppresses each show, and the server
     * tries other channels.
     */
    SWITCHED_OFF,
}

/** What becomes of a user's history when they log out or another user logs in. */
public enum class FormerHistory {
    /** Its content is deleted. */
    WIPE,

    /** Its file stays, and nobody opens it until its user logs in again. */
    SEAL,
}

/** How to reach the network. */
public data class Network(
    /** The address of a proxy; it may have a user and a password. */
    val proxy: String? = null,
    /** Certificates to trust beside the system's, each as PEM. */
    val roots: List<String> = emptyList(),
) {
    /** Without the proxy's user and password. */
    override fun toString(): String = "Network(proxy=${if (proxy == null) "none" else "…"}, roots=${roots.size})"
}

/** Times and sizes. What is null has its usual value. */
public data class Tuning(
    /** The most that the first retry waits. */
    val backoffBase: Duration? = null,
    /** The most that any retry waits, unless the server asks for more. */
    val backoffCap: Duration? = null,
    /** How long a request may take. */
    val requestTimeout: Duration? = null,
    /** How many notifications the history keeps. */
    val historyRows: Int? = null,
)
