import Foundation
internal import VestnikFFI

/// How a notification extension hands a push over to the app. It opens no database, starts no thread and
/// needs little memory.
public enum PushSpool {
    /// Writes the plain payload of a push into the spool, which is a folder of the app group.
    ///
    /// Nil if it was or is being drawn.
    public static func write(folder: URL, payload: Data) throws -> SpoolTicket? {
        let ticket = try calling { try spoolPush(folder: folder.path, payload: payload) }
        return try ticket.map(SpoolTicket.init)
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
}
