import Foundation
internal import VestnikFFI

/// How much a line of the log matters.
public enum LogLevel: Equatable, Sendable {
    /// A fault of the library.
    case error
    /// Something that should not happen, and that the library copes with.
    case warn
    /// What an operator wants to know.
    case info
    /// What helps to find a fault.
    case debug

    init(_ level: VestnikFFI.LogLevel) {
        switch level {
        case .error: self = .error
        case .warn: self = .warn
        case .info: self = .info
        case .debug: self = .debug
        }
    }

    var ffi: VestnikFFI.LogLevel {
        switch self {
        case .error: .error
        case .warn: .warn
        case .info: .info
        case .debug: .debug
        }
    }
}

/// A line of the log. There are no secrets, ids of users or contents in it.
public struct LogRecord: Equatable, Sendable {
    public let level: LogLevel
    /// The part of the library.
    public let target: String
    public let message: String
    /// How many lines were dropped before this one because the sink was too slow.
    public let dropped: UInt64
}

/// What the library writes to the log.
public enum VestnikLog {
    /// Tells a sink each line from now on, down to a level, in the place of a former sink. It is called on a
    /// thread of the library's own.
    public static func send(
        _ level: LogLevel = .info, to sink: @escaping @Sendable (LogRecord) -> Void
    ) throws {
        try calling { try logTo(sink: SinkAdapter(sink), level: level.ffi) }
    }

    /// Tells nobody any more.
    public static func stop() throws { try calling { try logTo(sink: nil, level: nil) } }
}

private final class SinkAdapter: LogSink {
    private let sink: @Sendable (LogRecord) -> Void

    init(_ sink: @escaping @Sendable (LogRecord) -> Void) { self.sink = sink }

    func log(record: VestnikFFI.LogRecord) throws {
        sink(
            LogRecord(
                level: LogLevel(record.level), target: record.target, message: record.message,
                dropped: record.dropped))
    }
}
