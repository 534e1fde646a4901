import Foundation
internal import VestnikFFI

/// Makes a call of the generated code; its errors become those of the API.
func calling<T>(_ call: () throws -> T) throws -> T {
    do {
        return try call()
    } catch {
        throw translated(error)
    }
}

/// As above.
func calling<T: Sendable>(_ call: () async throws -> T) async throws -> T {
    do {
        return try await call()
    } catch {
        throw translated(error)
    }
}

/// A call that a cancelled task does not wait for: generated code knows nothing of tasks.
func cancellable<T: Sendable>(
    _ call: @Sendable (CancelHandle) async throws -> T
) async throws -> T {
    let handle = CancelHandle()
    return try await withTaskCancellationHandler {
        try await calling { try await call(handle) }
    } onCancel: {
        handle.cancel()
    }
}

/// A duration that the generated code can hand over: it ends the process at any other.
func duration(_ field: String, _ seconds: TimeInterval?) throws -> TimeInterval? {
    guard let seconds else { return nil }
    guard seconds >= 0, seconds <= 1e15 else {
        throw VestnikError.invalidArgument(field: field, detail: "must be a number of seconds")
    }
    return seconds
}

/// A date that the generated code can hand over: it ends the process at any other.
func date(_ field: String, _ date: Date?) throws -> Date? {
    guard let date else { return nil }
    guard abs(date.timeIntervalSince1970) <= 1e11 else {
        throw VestnikError.invalidArgument(field: field, detail: "must be a date within 3,000 years of 1970")
    }
    return date
}

/// A stream whose elements are pulled, so that nothing waits in it.
func pulled<Element: Sendable>(
    cancel: @escaping @Sendable () -> Void,
    next: @escaping @Sendable () async throws -> Element?
) -> AsyncThrowingStream<Element, any Error> {
    let end = CancelAtEnd(cancel)
    return AsyncThrowingStream(unfolding: {
        try await withTaskCancellationHandler {
            try await calling { try await next() }
        } onCancel: {
            end.cancel()
        }
    })
}

/// Cancels at the latest when the stream that holds it is gone.
private final class CancelAtEnd: Sendable {
    let cancel: @Sendable () -> Void

    init(_ cancel: @escaping @Sendable () -> Void) { self.cancel = cancel }

    deinit { cancel() }
}

private func translated(_ error: any Error) -> any Error {
    switch error {
    case let error as VestnikFFI.VestnikError: translated(error)
    case is VestnikError, is CancellationError: error
    // The generated code has an error of its own for a fault of the library.
    default: VestnikError.internalFault(detail: String(describing: error))
    }
}

private func translated(_ error: VestnikFFI.VestnikError) -> any Error {
    switch error {
    case let .InvalidArgument(field, detail): VestnikError.invalidArgument(field: field, detail: detail)
    case let .Storage(problem, detail): VestnikError.storage(StorageProblem(problem), detail: detail)
    case let .Refused(code): VestnikError.refused(code: code)
    case .NobodyLoggedIn: VestnikError.nobodyLoggedIn
    case .OtherUser: VestnikError.otherUser
    case .Overtaken: VestnikError.overtaken
    case .Restarted: VestnikError.restarted
    case .ShowerTaken: VestnikError.showerTaken
    case .TicketSettled: VestnikError.ticketSettled
    case .Timeout: VestnikError.timeout
    case .Cancelled: CancellationError()
    case .Closed: VestnikError.closed
    case let .Internal(detail): VestnikError.internalFault(detail: detail)
    // Nothing of this API hands over listeners, and Android is elsewhere.
    case .TooManyListeners, .NotInitialized, .Host: VestnikError.internalFault(detail: "unexpected")
    }
}
