internal import VestnikFFI

/// What the user does not want, as the device knows it, and what there is to choose from.
public struct Preferences: Equatable, Sendable {
    /// Whether they want nothing of the App at all.
    public let isAllOptedOut: Bool
    /// Whether that was changed on this device and the server has not answered.
    public let isAllWaiting: Bool
    /// The categories that there are, as far as the device knows: those that the user was notified in, at most
    /// 100, and those that they do not want.
    public let categories: [Choice]
    /// The topics that the device knows of: those that they do not want, and those that they want again and the
    /// server was not told of.
    public let topics: [Choice]
    /// Whether the server has said what they do not want since they logged in here. Before that only what was
    /// changed on this device is known.
    public let isKnown: Bool

    init(_ known: VestnikFFI.Preferences) {
        isAllOptedOut = known.isAllOptedOut
        isAllWaiting = known.isAllWaiting
        categories = known.categories.map(Choice.init)
        topics = known.topics.map(Choice.init)
        isKnown = known.isKnown
    }
}

/// A category or a topic, and whether the user wants it.
public struct Choice: Equatable, Sendable, Identifiable {
    /// Its name.
    public let name: String
    /// Whether they do not want it.
    public let isOptedOut: Bool
    /// Whether that was changed on this device and the server has not answered.
    public let isWaiting: Bool

    public var id: String { name }

    init(_ choice: VestnikFFI.Choice) {
        name = choice.name
        isOptedOut = choice.isOptedOut
        isWaiting = choice.isWaiting
    }
}

/// What a user can opt out of.
public enum OptOut: Equatable, Sendable {
    /// Any notification of the App.
    case all
    /// Notifications of a category.
    case category(String)
    /// Notifications that reach them by a topic only.
    case topic(String)

    var ffi: VestnikFFI.OptOut {
        switch self {
        case .all: .all
        case let .category(name): .category(name: name)
        case let .topic(name): .topic(name: name)
        }
    }
}
