import Foundation
internal import VestnikFFI

/// Why a call failed. A cancelled call throws `CancellationError`.
public enum VestnikError: Error, Equatable, Sendable {
    /// An argument is wrong; `field` names it.
    case invalidArgument(field: String, detail: String)
    /// The device's storage failed. Nothing was changed.
    case storage(StorageProblem, detail: String)
    /// The server refused, and repeating the same does not help. The code is as `topic.unavailable`.
    case refused(code: String)
    /// Nobody is logged in.
    case nobodyLoggedIn
    /// The identity token vouches for another user than the one who was to be logged in.
    case otherUser
    /// A later call took the place of this one.
    case overtaken
    /// The core failed and began again before it had an answer. The same call may be made again.
    case restarted
    /// Another part of the app draws notifications already.
    case showerTaken
    /// The ticket was settled before.
    case ticketSettled
    /// The deadline passed first.
    case timeout
    /// The device was stopped.
    case closed
    /// A fault of the library.
    case internalFault(detail: String)

    /// Whether the same call can succeed later.
    public var isRetryable: Bool {
        switch self {
        case let .storage(problem, _): problem == .full || problem == .busy
        case .restarted, .showerTaken, .timeout: true
        case .invalidArgument, .refused, .nobodyLoggedIn, .otherUser, .overtaken, .ticketSettled, .closed,
            .internalFault:
            false
        }
    }
}

/// In which way the device's storage failed.
public enum StorageProblem: Equatable, Sendable {
    /// The disk is full. The same call succeeds when there is room.
    case full
    /// A file is damaged. Stop and open again: what can be read is carried over.
    case corrupt
    /// Another process has the folder, or too much waits. The same call may succeed later.
    case busy
    /// The files were written by a newer version of the app.
    case tooNew
    /// The secret store failed, or is locked.
    case secrets
    /// The file system refuses for another reason.
    case other

    init(_ problem: VestnikFFI.StorageProblem) {
        switch problem {
        case .full: self = .full
        case .corrupt: self = .corrupt
        case .busy: self = .busy
        case .tooNew: self = .tooNew
        case .secrets: self = .secrets
        case .other: self = .other
        }
    }
}
