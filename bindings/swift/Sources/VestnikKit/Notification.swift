import Foundation
internal import VestnikFFI

/// A notification. Foundation has a type of that name: write `VestnikKit.Notification` where both are seen.
public struct Notification: Equatable, Sendable, Identifiable {
    /// What it is known by on every path. Draw it under an identifier that is made of it.
    public let id: String
    /// Rises when the sender replaces the content.
    public let revision: UInt32
    public let title: String
    /// Plain text.
    public let body: String
    /// An `https` address of a picture.
    public let image: URL?
    /// The kind of content.
    public let category: String?
    public let priority: Priority
    /// What a tap opens.
    public let click: Click?
    /// Its buttons. Say by `actioned` that one was pressed, and by `reply` what a person typed.
    public let actions: [Action]
    /// The sender's own data, a JSON object.
    public let dataJson: String?
    /// When the server accepted it.
    public let acceptedAt: Date
    /// From when on it is not worth showing.
    public let expiresAt: Date

    init(_ notification: VestnikFFI.Notification) {
        id = notification.id
        revision = notification.revision
        title = notification.title
        body = notification.body
        image = notification.image.flatMap(URL.init(string:))
        category = notification.category
        priority = Priority(notification.priority)
        click = notification.click.map(Click.init)
        actions = notification.actions.map(Action.init)
        dataJson = notification.dataJson
        acceptedAt = notification.acceptedAt
        expiresAt = notification.expiresAt
    }
}

/// Without content, so that it may be logged.
extension Notification: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "Notification(\(id), revision \(revision))" }
    public var debugDescription: String { description }
}

/// How urgently a notification asks for attention.
public enum Priority: Equatable, Sendable {
    /// May wait; makes no sound.
    case low
    /// The usual.
    case normal
    /// Asks for attention now.
    case high
    /// Breaks through quiet hours where the category allows.
    case critical

    init(_ priority: VestnikFFI.Priority) {
        switch priority {
        case .low: self = .low
        case .normal: self = .normal
        case .high: self = .high
        case .critical: self = .critical
        }
    }
}

/// What a tap opens.
public enum Click: Equatable, Sendable {
    /// The app itself opens the address.
    case app(String)
    /// The system's browser does.
    case link(String)
    /// A web view inside the app does.
    case webview(String)

    init(_ click: VestnikFFI.Click) {
        switch click.openedBy {
        case .app: self = .app(click.url)
        case .link: self = .link(click.url)
        case .webview: self = .webview(click.url)
        }
    }
}

/// Without the address, which is content and may have a token in it.
extension Click: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String {
        switch self {
        case .app: "Click(app)"
        case .link: "Click(link)"
        case .webview: "Click(webview)"
        }
    }
    public var debugDescription: String { description }
}

/// A button of a notification.
public struct Action: Equatable, Sendable, Identifiable {
    /// What it is reported by.
    public let id: String
    /// What it says.
    public let title: String
    /// What it does.
    public let does: Does

    init(_ action: VestnikFFI.Action) {
        id = action.id
        title = action.title
        does = Does(action.does)
    }
}

/// Without content, so that it may be logged.
extension Action: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "Action(\(id))" }
    public var debugDescription: String { description }
}

/// What a button does.
public enum Does: Equatable, Sendable {
    /// Opens an address.
    case open(Click)
    /// Asks for a text; the placeholder stands in the empty field.
    case reply(placeholder: String?)
    /// Tells the sender.
    case callback

    init(_ does: VestnikFFI.Does) {
        switch does {
        case .open(let click): self = .open(Click(click))
        case .reply(let placeholder): self = .reply(placeholder: placeholder)
        case .callback: self = .callback
        }
    }
}
