package dev.vestnik

import dev.vestnik.ffi.LogLevel as FfiLevel
import dev.vestnik.ffi.LogRecord as FfiRecord
import dev.vestnik.ffi.LogSink
import dev.vestnik.ffi.logTo

/** How much a line of the log matters. */
public enum class LogLevel {
    /** A fault of the library. */
    ERROR,

    /** Something that should not happen, and that the library copes with. */
    WARN,

    /** What an operator wants to know. */
    INFO,

    /** What helps to find a fault. */
    DEBUG,
}

/** A line of the log. There are no secrets, ids of users or contents in it. */
public data class LogRecord(
    val level: LogLevel,
    /** The part of the library. */
    val target: String,
    val message: String,
    /** How many lines were dropped before this one because the sink was too slow. */
    val dropped: Long,
)

/** What the library writes to the log. */
public object VestnikLog {
    /**
     * Tells a sink each line from now on, down to a level, in the place of a former sink. It is called on a
     * thread of the library's own; what it throws does no harm.
     */
    public fun sendTo(level: LogLevel = LogLevel.INFO, sink: (LogRecord) -> Unit) {
        val adapter =
            object : LogSink {
                override fun log(record: FfiRecord) = sink(record.toApi())
            }
        calling { logTo(adapter, FfiLevel.valueOf(level.name)) }
    }

    /** Tells nobody any more. */
    public fun stop(): Unit = calling { logTo(null, null) }
}
