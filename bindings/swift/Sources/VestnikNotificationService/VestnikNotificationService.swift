#if canImport(UserNotifications)
import Foundation
import UserNotifications
import VestnikKit

/// A notification service extension that opens each push, hands it over to the app by the spool, and draws it.
///
/// The app's extension derives from it and says where the spool and the keys are:
///
/// ```swift
/// final class NotificationService: VestnikNotificationService, @unchecked Sendable {
///     override var spool: URL? {
///         FileManager.default
///             .containerURL(forSecurityApplicationGroupIdentifier: "group.example.shop")?
///             .appendingPathComponent("spool", isDirectory: true)
///     }
///     override var secrets: (any SecretStore)? { KeychainSecretStore(group: "TEAM.example.shop") }
/// }
/// ```
///
/// A push that comes once more takes the place of the notification on the screen, whatever the extension says,
/// unless the app has Apple's entitlement `com.apple.developer.usernotifications.filtering`. So what was drawn is
/// handed on again, without a sound. What was read or put away since has no content any more: with the
/// entitlement, which Apple gives on application, and which the app's extension says that it has (``filters``),
/// nothing is shown for it; without it the text without content is shown, without a sound, and the app takes it
/// off the screen at its next start, as an event tells it. The same holds for what was recalled, and for what comes
/// while the person has switched notifications off in the app. What is not for this user is shown in the same way.
///
/// The push has the parcel under the key `vestnik`, beside `aps` with `mutable-content` and a text without
/// content, which stays if the parcel cannot be opened. Nothing here opens a database or a connection: what is
/// written is durable before the notification is handed on.
open class VestnikNotificationService: UNNotificationServiceExtension, @unchecked Sendable {
    /// The system calls from two threads: one draws, the other says that the time is over. Who takes the handler
    /// calls it, once.
    private let lock = NSLock()
    private var handler: ((UNNotificationContent) -> Void)?
    private var original: UNNotificationContent?

    /// The spool: a folder of the app group, which the app is told of too.
    open var spool: URL? { nil }

    /// Where the app keeps its secrets, as far as the extension may read them.
    open var secrets: (any SecretStore)? { nil }

    /// Whether the app has the entitlement `com.apple.developer.usernotifications.filtering`.
    open var filters: Bool { false }

    open override func didReceive(
        _ request: UNNotificationRequest,
        withContentHandler contentHandler: @escaping (UNNotificationContent) -> Void
    ) {
        lock.withLock {
            handler = contentHandler
            original = request.content
        }
        let drawn = draw(request.content.userInfo)
        // If the time was over first, the text without content is on the screen: the ticket stays unsettled,
        // and the app draws the notification.
        guard let finish = taken()?.handler else { return }
        switch drawn {
        case let .show(ticket):
            // Before the handler: afterwards the process may be frozen at any moment.
            try? ticket.shown()
            finish(Self.content(of: ticket.notification, over: request.content))
        case let .nothing(.duplicate, _, notification):
            guard let notification else { return finish(nothing(over: request.content)) }
            finish(Self.silent(Self.content(of: notification, over: request.content)))
        case let .withdraw(identifier):
            // APNs brings withdrawals to the app, in the background. One that comes here shows nothing either.
            UNUserNotificationCenter.current().removeDeliveredNotifications(withIdentifiers: [identifier])
            finish(UNNotificationContent())
        case .nothing:
            finish(nothing(over: request.content))
        case .generic, nil:
            finish(request.content)
        }
    }

    open override func serviceExtensionTimeWillExpire() {
        guard let (finish, original) = taken() else { return }
        finish(original)
    }

    private func draw(_ userInfo: [AnyHashable: Any]) -> Draw? {
        guard let spool, JSONSerialization.isValidJSONObject(userInfo),
            let push = try? JSONSerialization.data(withJSONObject: userInfo)
        else { return nil }
        let keys = try? secrets?.get(name: PushSpool.keysName())
        return try? PushSpool.draw(folder: spool, push: push, keys: keys)
    }

    /// The handler, for the first who asks.
    private func taken() -> (handler: (UNNotificationContent) -> Void, original: UNNotificationContent)? {
        lock.withLock {
            guard let handler, let original else { return nil }
            self.handler = nil
            self.original = nil
            return (handler, original)
        }
    }

    /// Where the app may filter pushes, what is empty is not shown. Elsewhere the system shows the original.
    private func nothing(over original: UNNotificationContent) -> UNNotificationContent {
        filters ? UNNotificationContent() : Self.silent(original)
    }

    /// The same, which announces nothing.
    private static func silent(_ content: UNNotificationContent) -> UNNotificationContent {
        guard let silent = content.mutableCopy() as? UNMutableNotificationContent else { return content }
        silent.sound = nil
        if #available(iOS 15.0, macOS 12.0, *) { silent.interruptionLevel = .passive }
        return silent
    }

    private static func content(
        of notification: VestnikKit.Notification, over original: UNNotificationContent
    ) -> UNNotificationContent {
        guard let content = original.mutableCopy() as? UNMutableNotificationContent else { return original }
        content.title = notification.title
        content.body = notification.body
        content.threadIdentifier = notification.category ?? ""
        return content
    }
}
#endif
