package dev.vestnik

/** The device's state for a report of a fault, without anything of a person. */
public data class Diagnostics(
    /** The version of the core. */
    val version: String,
    val phase: Phase,
    val lastError: Trouble?,
    /** Whether a session has not ended, as far as the device knows. */
    val isLoggedIn: Boolean,
    /** How many sessions began and ended here. */
    val generation: Long,
    /** The server's clock minus the device's, in whole seconds, if it is known. */
    val clockOffsetSeconds: Long?,
    val unread: Long,
    /** How many facts wait to be reported. */
    val factsWaiting: Long,
    /** The facts that the server refused for good, each as its kind and the server's code. */
    val factsRefused: List<String>,
    /** Logouts that the server has not confirmed. */
    val logoutsPending: Long,
    /** How many push services have an address of this installation. */
    val pushAddresses: Long,
    /** All of this as text, a line for each value. */
    val text: String,
)
