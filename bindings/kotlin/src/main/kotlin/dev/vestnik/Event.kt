package dev.vestnik

/** What happened, told once. What is state is in the [Snapshot] instead. */
public sealed interface Event {
    /** These notifications of the history are new or changed. */
    public data class Changed(val ids: List<String>) : Event

    /** So much of the history changed that it is best read again. */
    public data object Reread : Event

    /** Take these off the screen: they were read, deleted or recalled. */
    public data class Withdraw(val ids: List<String>) : Event

    /**
     * The content of these changed: draw those that are on the screen again, under the same identifier
     * and without a sound.
     */
    public data class Redraw(val ids: List<String>) : Event

    /**
     * The history belongs to another user now, or to nobody: take everything off the screen, and forget
     * what was read of it.
     */
    public data object Forgotten : Event

    /**
     * The history's file was damaged. What could be read was carried over, the rest comes from the
     * server. [aside] is where the damaged file lies.
     */
    public data class HistoryRebuilt(val aside: String) : Event

    /**
     * What the user does not want is another than before, or the server was told: ask [Vestnik.preferences].
     * [refused] is why the server refused a change that was made here, as `request.invalid`; the change is
     * dropped.
     */
    public data class PreferencesChanged(val refused: String?) : Event
}
