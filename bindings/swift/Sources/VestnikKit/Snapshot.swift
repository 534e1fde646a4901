import Foundation
internal import VestnikFFI

/// Who the device is, how it is connected, and how many notifications are unread.
public struct Snapshot: Equatable, Sendable {
    public let standing: Standing
    public let phase: Phase
    /// What is in the way.
    public let lastError: Trouble?
    /// When it is tried again.
    public let retryAt: Date?
    /// How many notifications are unread: the badge.
    public let unread: UInt64

    init(_ snapshot: VestnikFFI.Snapshot) {
        standing = Standing(snapshot.standing)
        phase = Phase(snapshot.connection.phase)
        lastError = snapshot.connection.lastError.map(Trouble.init)
        retryAt = snapshot.connection.retryAt
        unread = snapshot.unread
    }
}

/// Who the device is.
public enum Standing: Equatable, Sendable {
    /// Nobody is logged in.
    case nobody
    /// A login is under way; it goes on by itself when the server can be reached.
    case loggingIn(user: String)
    /// A user is logged in.
    case loggedIn(user: String)
    /// A logout is under way.
    case loggingOut
    /// The session has ended: log in with a fresh identity token. The reason is the problem's code if the
    /// server refused, and `other_user` if its answer named another user.
    case needsIdentity(user: String?, reason: String?)

    init(_ standing: VestnikFFI.Standing) {
        switch standing {
        case .nobody: self = .nobody
        case let .loggingIn(user): self = .loggingIn(user: user)
        case let .loggedIn(user): self = .loggedIn(user: user)
        case .loggingOut: self = .loggingOut
        case let .needsIdentity(user, reason): self = .needsIdentity(user: user, reason: reason)
        }
    }
}

/// Where a connection stands.
public enum Phase: Equatable, Sendable {
    /// No connection is wanted.
    case off
    /// Waiting until the next attempt.
    case waiting
    /// A connection is being made.
    case connecting
    /// Connected; what was missed is being read.
    case syncing
    /// Connected, and nothing is missing.
    case online

    init(_ phase: VestnikFFI.Phase) {
        switch phase {
        case .off: self = .off
        case .waiting: self = .waiting
        case .connecting: self = .connecting
        case .syncing: self = .syncing
        case .online: self = .online
        }
    }
}

/// What stands between the device and its server.
public enum Trouble: Equatable, Sendable {
    /// The server cannot be reached.
    case unreachable
    /// The network wants a person to sign in first.
    case captivePortal
    /// What answers at the address is not a Vestnik server.
    case wrongAddress
    /// The server refuses, and repeating the same soon does not help.
    case refused
    /// The server asks this device to slow down.
    case throttled
    /// The server is restarting, overloaded or out of order.
    case serverBusy
    /// The device's own storage failed.
    case storage
    /// A fault of the core, which has started again.
    case internalFault

    init(_ trouble: VestnikFFI.Trouble) {
        switch trouble {
        case .unreachable: self = .unreachable
        case .captivePortal: self = .captivePortal
        case .wrongAddress: self = .wrongAddress
        case .refused: self = .refused
        case .throttled: self = .throttled
        case .serverBusy: self = .serverBusy
        case .storage: self = .storage
        case .`internal`: self = .internalFault
        }
    }
}

/// How far a login came.
public enum Login: Equatable, Sendable {
    /// The user is logged in.
    case done
    /// Something is in the way. The login goes on by itself, and the snapshot shows it.
    case pending(Trouble)

    init(_ login: VestnikFFI.Login) {
        switch login {
        case .done: self = .done
        case let .pending(trouble): self = .pending(Trouble(trouble))
        }
    }
}

/// What happened, told once. What is state is in the ``Snapshot`` instead.
public enum Event: Equatable, Sendable {
    /// These notifications of the history are new or changed.
    case changed(ids: [String])
    /// So much of the history changed that it is best read again.
    case reread
    /// Take these off the screen: they were read, deleted or recalled.
    case withdraw(ids: [String])
    /// The content of these changed: draw those that are on the screen again, under the same identifier and
    /// without a sound.
    case redraw(ids: [String])
    /// The history belongs to another user now, or to nobody: take everything off the screen, and forget
    /// what was read of it.
    case forgotten
    /// The history's file was damaged. What could be read was carried over, the rest comes from the server.
    case historyRebuilt(aside: String)
    /// What the user does not want is another than before, or the server was told: ask
    /// ``Vestnik/preferences()``. `refused` is why the server refused a change that was made here, as
    /// `request.invalid`; the change is dropped.
    case preferencesChanged(refused: String?)

    init(_ event: VestnikFFI.Event) {
        switch event {
        case let .changed(ids): self = .changed(ids: ids)
        case .reread: self = .reread
        case let .withdraw(ids): self = .withdraw(ids: ids)
        case let .redraw(ids): self = .redraw(ids: ids)
        case .forgotten: self = .forgotten
        case let .historyRebuilt(aside): self = .historyRebuilt(aside: aside)
        case let .preferencesChanged(refused): self = .preferencesChanged(refused: refused)
        }
    }
}

/// The environments of Apple's push service.
public enum PushEnvironment: Equatable, Sendable {
    /// The app came from the App Store or TestFlight.
    case production
    /// The app was installed by Xcode.
    case sandbox

    var ffi: VestnikFFI.PushEnvironment {
        switch self {
        case .production: .production
        case .sandbox: .sandbox
        }
    }
}

/// What became of a push.
public enum Pushed: Equatable, Sendable {
    /// Its notification is new in the history, and is shown if it is due.
    case stored
    /// It took a notification off the screen and out of the history: its sender recalled it. Whoever draws hears
    /// of it as of any withdrawal.
    case withdrawn
    /// It has no content: what it is about is read from the log. The identifier is the notification's id, if the
    /// push says so.
    case hint(identifier: String?)
    /// It brought nothing. What the server has to know of it is reported.
    case dropped(Undrawn, identifier: String?)

    init(_ pushed: VestnikFFI.Pushed) {
        switch pushed {
        case .stored: self = .stored
        case .withdrawn: self = .withdrawn
        case let .hint(identifier): self = .hint(identifier: identifier)
        case let .dropped(reason, identifier): self = .dropped(Undrawn(reason), identifier: identifier)
        }
    }
}
