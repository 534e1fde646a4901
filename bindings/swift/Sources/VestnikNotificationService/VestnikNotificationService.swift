#if canImport(UserNotifications)
import Foundation
import UserNotifications
import VestnikKit

/// A notification service extension that hands each push over to the app by the spool, and draws it.
///
/// The app's extension derives from it and says where the spool is:
///
/// ```swift
/// final class NotificationService: VestnikNotificationService, @unchecked Sendable {
///     override var spool: URL? {
///         FileManager.default
///             .containerURL(forSecurityApplicationGroupIdentifier: "group.example.shop")?
///             .appendingPathComponent("spool", isDirectory: true)
///     }
/// }
/// ```
///
/// The push has the payload as a text of JSON under the key ``payloadKey``, beside `aps` with
/// `mutable-content` and a text that stands in if the extension fails. Nothing here opens a database or a
/// connection: what is written is durable before the notification is handed on.
open class VestnikNotificationService: UNNotificationServiceExtension, @unchecked Sendable {
    /// Under which key of the push the payload is.
    public static let payloadKey = "vestnik"

    private var handler: ((UNNotificationContent) -> Void)?
    private var content: UNNotificationContent?

    /// The spool: a folder of the app group, which the app is told of too.
    open var spool: URL? { nil }

    open override func didReceive(
        _ request: UNNotificationRequest,
        withContentHandler contentHandler: @escaping (UNNotificationContent) -> Void
    ) {
        handler = contentHandler
        content = request.content
        guard let spool, let payload = request.content.userInfo[Self.payloadKey] as? String else {
            return finish(request.content)
        }
        // If it cannot be spooled, the log brings it, and the text that came with the push stands in.
        guard let ticket = try? PushSpool.write(folder: spool, payload: Data(payload.utf8)) else {
            return finish(request.content)
        }
        let drawn = Self.content(of: ticket.notification, over: request.content)
        content = drawn
        // Before the handler: afterwards the process may be frozen at any moment.
        try? ticket.shown()
        finish(drawn)
    }

    open override func serviceExtensionTimeWillExpire() {
        if let content { finish(content) }
    }

    private func finish(_ content: UNNotificationContent) {
        handler?(content)
        handler = nil
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
