import Foundation
internal import VestnikFFI

/// A notification in the history.
public struct HistoryItem: Equatable, Sendable {
    /// The notification, with the newest content.
    public let notification: Notification
    /// Where it stands among the others.
    public let place: Place
    /// Whether the person has seen it, on this device or another.
    public let isRead: Bool
    public let readAt: Date?
    /// Whether the person put it out of sight.
    public let isArchived: Bool
    /// When this device stored it, by the server's clock.
    public let receivedAt: Date
    public let show: ShowState

    init(_ item: VestnikFFI.HistoryItem) {
        notification = Notification(item.notification)
        place = Place(text: item.place)
        isRead = item.isRead
        readAt = item.readAt
        isArchived = item.isArchived
        receivedAt = item.receivedAt
        show = ShowState(item.show)
    }
}

/// A place in the history. It stays where it is while notifications come and go.
public struct Place: Hashable, Sendable {
    let text: String
}

/// Whether a notification was shown.
public enum ShowState: Equatable, Sendable {
    /// It will be.
    case due
    /// The app has its ticket.
    case taken
    /// It was drawn.
    case shown
    /// It is not shown.
    case suppressed(Suppression)

    init(_ state: VestnikFFI.ShowState) {
        switch state {
        case .due: self = .due
        case .taken: self = .taken
        case .shown: self = .shown
        case let .suppressed(reason): self = .suppressed(Suppression(reason))
        }
    }
}

/// Why a notification is not shown.
public enum Suppression: Equatable, Sendable {
    /// It was accepted before this installation logged in.
    case firstSync
    /// It was accepted before the history was lost or set back, and may have been shown before.
    case restored
    /// It was read before it could be shown, here or on another device.
    case read
    /// It was deleted before it could be shown.
    case deleted
    /// Its time passed before it could be shown.
    case expired
    /// The system does not let the app show notifications.
    case blockedOs
    /// The user does not want to see it, by a setting of the app.
    case blockedApp
    /// It was shown before the history was wiped or pruned.
    case alreadyShown
    /// Showing it failed too often, or for too long.
    case failed
    /// Its content cannot be read by this version.
    case unreadable
    /// A reason that another version wrote.
    case other

    init(_ reason: VestnikFFI.Suppression) {
        switch reason {
        case .firstSync: self = .firstSync
        case .restored: self = .restored
        case .read: self = .read
        case .deleted: self = .deleted
        case .expired: self = .expired
        case .blockedOs: self = .blockedOs
        case .blockedApp: self = .blockedApp
        case .alreadyShown: self = .alreadyShown
        case .failed: self = .failed
        case .unreadable: self = .unreadable
        case .other: self = .other
        }
    }

    var ffi: VestnikFFI.Suppression {
        switch self {
        case .firstSync: .firstSync
        case .restored: .restored
        case .read: .read
        case .deleted: .deleted
        case .expired: .expired
        case .blockedOs: .blockedOs
        case .blockedApp: .blockedApp
        case .alreadyShown: .alreadyShown
        case .failed: .failed
        case .unreadable: .unreadable
        case .other: .other
        }
    }
}

/// Which part of the history.
public struct HistoryQuery: Sendable {
    /// From where on a page is read. What lies at the place itself is left out.
    public enum Start: Sendable {
        /// From the newest on, to older ones.
        case newest
        /// Older than a place.
        case before(Place)
        /// Newer than a place.
        case after(Place)
    }

    /// Notifications by whether they are archived.
    public enum Shelf: Sendable {
        case inbox
        case archive
        case all
    }

    public var start: Start
    /// The most items, 1 to 200.
    public var limit: UInt32
    public var shelf: Shelf
    public var unreadOnly: Bool
    public var category: String?
    /// Only what this device stored at this time or later.
    public var since: Date?

    public init(
        start: Start = .newest, limit: UInt32 = 50, shelf: Shelf = .inbox, unreadOnly: Bool = false,
        category: String? = nil, since: Date? = nil
    ) {
        self.start = start
        self.limit = limit
        self.shelf = shelf
        self.unreadOnly = unreadOnly
        self.category = category
        self.since = since
    }

    func ffi() throws -> VestnikFFI.HistoryQuery {
        var before: String?
        var after: String?
        switch start {
        case .newest: break
        case let .before(place): before = place.text
        case let .after(place): after = place.text
        }
        let shelf: VestnikFFI.Shelf =
            switch self.shelf {
            case .inbox: .inbox
            case .archive: .archive
            case .all: .all
            }
        return VestnikFFI.HistoryQuery(
            before: before, after: after, limit: limit, shelf: shelf, unreadOnly: unreadOnly,
            category: category, since: try date("since", since))
    }
}

/// One search.
public struct SearchQuery: Sendable {
    /// Words, all of which must be there; the last may be the beginning of one.
    public var text: String
    /// Only what is older than this place.
    public var before: Place?
    /// The most items, 1 to 200.
    public var limit: UInt32

    public init(_ text: String, before: Place? = nil, limit: UInt32 = 50) {
        self.text = text
        self.before = before
        self.limit = limit
    }

    var ffi: VestnikFFI.SearchQuery {
        VestnikFFI.SearchQuery(text: text, before: before?.text, limit: limit)
    }
}

/// Without the words, which are content, so that it may be logged.
extension SearchQuery: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "SearchQuery(limit \(limit))" }
    public var debugDescription: String { description }
}

/// A page of the history, newest first whatever the direction.
public struct HistoryPage: Equatable, Sendable {
    public let items: [HistoryItem]
    /// Whether there are more in the direction that was asked for.
    public let hasMore: Bool
    /// From where on to ask for the next page in that direction.
    public let end: Place?
    /// How many were left out because this version cannot read them.
    public let unreadable: UInt32

    init(_ page: VestnikFFI.HistoryPage) {
        items = page.items.map(HistoryItem.init)
        hasMore = page.hasMore
        end = page.end.map(Place.init(text:))
        unreadable = page.unreadable
    }
}
