import Foundation
internal import VestnikFFI

/// The right to draw one notification.
///
/// Draw it with the notification's id as request identifier, which a push of it has too, so that drawing it
/// again replaces, and settle it. A ticket that is given back, or let go unsettled, comes again.
public final class ShowTicket: Sendable {
    private let ffi: VestnikFFI.ShowTicket

    /// What to draw.
    public let item: HistoryItem
    /// Whether it may be on the screen already: who had the ticket before ended without settling it.
    public let again: Bool
    /// How often there was a ticket for it, this one included.
    public let attempt: UInt32

    init(_ ffi: VestnikFFI.ShowTicket) throws {
        self.ffi = ffi
        item = HistoryItem(try ffi.item())
        again = try ffi.again()
        attempt = try ffi.attempt()
    }

    /// Whether its user is gone since it was taken: it must not be drawn.
    public var isVoid: Bool {
        get throws { try calling { try ffi.isVoid() } }
    }

    /// The system took it.
    public func shown() async throws { try await calling { try await ffi.shown() } }

    /// The system did not take it, and may later: it comes again after a pause, a bounded number of times.
    /// The reason is a short code.
    public func failed(_ reason: String) async throws {
        try await calling { try await ffi.failed(reason: reason) }
    }

    /// It is not shown, for good.
    public func suppressed(_ reason: Suppression) async throws {
        try await calling { try await ffi.suppressed(reason: reason.ffi) }
    }

    /// It was not drawn. It comes again, and it was no attempt.
    public func giveBack() { ffi.giveBack() }
}
