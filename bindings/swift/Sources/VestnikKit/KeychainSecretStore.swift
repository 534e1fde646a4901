#if canImport(Security)
import Foundation
import Security

/// Secrets in the Keychain. They stay on this device: neither a backup nor a transfer takes them along. They
/// can be read from the first unlock after a start of the device on, so that pushes are handled while the
/// screen is locked.
public final class KeychainSecretStore: SecretStore {
    private let service: String
    private let group: String?

    /// The secret that a notification extension reads, by its stable name.
    private static let shared = "envelope"

    /// `group` is an access group of the Keychain that the app and its notification extension share: the
    /// extension reads the keys of pushes there, and nothing else. Without one, no other process can.
    public init(service: String = "dev.vestnik.secrets", group: String? = nil) {
        self.service = service
        self.group = group
    }

    public func get(name: String) throws -> String? {
        var query = item(name)
        query[kSecReturnData as String] = true
        query[kSecMatchLimit as String] = kSecMatchLimitOne
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query as CFDictionary, &found)
        if status == errSecItemNotFound { return nil }
        try check(status)
        guard let data = found as? Data, let secret = String(data: data, encoding: .utf8) else {
            throw SecretStoreError.unreadable
        }
        return secret
    }

    public func set(name: String, secret: String) throws {
        let value: [String: Any] = [
            kSecValueData as String: Data(secret.utf8),
            kSecAttrAccessible as String: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
        ]
        let status = SecItemUpdate(item(name) as CFDictionary, value as CFDictionary)
        if status == errSecItemNotFound {
            let new = item(name).merging(value) { _, value in value }
            return try check(SecItemAdd(new as CFDictionary, nil))
        }
        try check(status)
    }

    public func delete(name: String) throws {
        let status = SecItemDelete(item(name) as CFDictionary)
        if status != errSecItemNotFound { try check(status) }
    }

    private func item(_ name: String) -> [String: Any] {
        var item: [String: Any] = [
            kSecClass as String: kSecClassGenericPassword,
            kSecAttrService as String: service,
            kSecAttrAccount as String: name,
            kSecAttrSynchronizable as String: false,
        ]
        if let group, name == Self.shared { item[kSecAttrAccessGroup as String] = group }
        return item
    }

    private func check(_ status: OSStatus) throws {
        guard status == errSecSuccess else {
            throw SecretStoreError.unavailable(detail: "the Keychain answers \(status)")
        }
    }
}
#endif
