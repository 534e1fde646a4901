import Foundation
internal import VestnikFFI

/// How a notification extension handles a push and hands it over to the app. It opens no database, starts no
/// thread and needs little memory.
public enum PushSpool {
    /// The name of the secret that ``draw(folder:push:keys:)`` needs.
    public static func keysName() throws -> String { try calling { try pushKeysName() } }

    /// Handles a push: what is to be drawn is durable in the spool first, which is a folder of the app group.
    ///
    /// `push` is the JSON of the push. `keys` is the secret named ``keysName()`` of the app's secret store, nil
    /// if it cannot be read now, as before the phone is unlocked for the first time.
    public static func draw(folder: URL, push: Data, keys: String?) throws -> Draw {
        switch try calling({ try drawPush(folder: folder.path, push: push, keys: keys) }) {
        case let .show(ticket): .show(try SpoolTicket(ticket))
        case let .withdraw(identifier): .withdraw(identifier)
        case let .generic(reason, identifier): .generic(Undrawn(reason), identifier: identifier)
        case let .nothing(reason, identifier, notification):
            .nothing(Undrawn(reason), identifier: identifier, notification: notification.map(Notification.init))
        }
    }
}

/// What an extension is to draw.
public enum Draw: Sendable {
    /// A notification. Settle the ticket when it is drawn.
    case show(SpoolTicket)
    /// Nothing. What was drawn under this identifier is to be taken off the screen.
    case withdraw(String)
    /// A text that says only that something has come, under the notification's id, if the push says so.
    case generic(Undrawn, identifier: String?)
    /// Nothing. The notification is what was drawn before under the identifier, if the push has it: a system that
    /// draws each push in any case draws the same again, without announcing it.
    case nothing(Undrawn, identifier: String?, notification: Notification?)
}

/// Why the content of a push is not drawn.
public enum Undrawn: Equatable, Sendable {
    /// The push has no content. The app connects and reads its log.
    case hint
    /// The push is not one of Vestnik's.
    case malformed
    /// The push has more bytes than any service carries.
    case tooLarge
    /// There are no keys that could open it.
    case noKeys
    /// It was sealed for a key that this installation does not have, or has no more.
    case unknownKey
    /// It does not open, or its content cannot be read.
    case decryptFailed
    /// It is for another user than the one whose history is on the device.
    case otherUser
    /// It was recalled.
    case revoked
    /// It was drawn before, or is being drawn.
    case duplicate
    /// It could not be spooled: the spool is full, or the file system refuses.
    case notSpooled
    /// The person has switched notifications off in the app.
    case switchedOff
    /// A reason of a later version.
    case other

    init(_ reason: VestnikFFI.Undrawn) {
        switch reason {
        case .hint: self = .hint
        case .malformed: self = .malformed
        case .tooLarge: self = .tooLarge
        case .noKeys: self = .noKeys
        case .unknownKey: self = .unknownKey
        case .decryptFailed: self = .decryptFailed
        case .otherUser: self = .otherUser
        case .revoked: self = .revoked
        case .duplicate: self = .duplicate
        case .notSpooled: self = .notSpooled
        case .switchedOff: self = .switchedOff
        case .other: self = .other
        }
    }
}

/// The right to draw a notification of the spool. If it is not settled, the app draws it again.
public final class SpoolTicket: Sendable {
    private let ffi: VestnikFFI.SpoolTicket

    /// Under which identifier to draw.
    public let identifier: String
    /// What to draw.
    public let notification: Notification

    init(_ ffi: VestnikFFI.SpoolTicket) throws {
        self.ffi = ffi
        identifier = try ffi.identifier()
        notification = Notification(try ffi.notification())
    }

    /// It was handed to the system.
    public func shown() throws { try calling { try ffi.shown() } }

    /// It is not shown, now or later, and the app reports why: `blockedOs` if the system lets the app show nothing,
    /// or nothing of this kind, `blockedApp` if a setting of the app does not.
    public func suppressed(_ reason: Suppression) throws {
        try calling { try ffi.suppressed(reason: reason.ffi) }
    }
}
