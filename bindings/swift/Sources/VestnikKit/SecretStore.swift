import Foundation
internal import VestnikFFI

/// Keeps secrets where the system keeps them.
///
/// What was set is durable when `set` returns. It must stay on this device, whatever is restored or copied:
/// that is how a copied installation is noticed. Absent and unavailable are not the same: a locked store
/// throws ``SecretStoreError/unavailable(detail:)``. It is called on a thread of the library's own.
public protocol SecretStore: AnyObject, Sendable {
    /// The secret of a name, if there is one.
    func get(name: String) throws -> String?

    /// Keeps a secret in the place of the former.
    func set(name: String, secret: String) throws

    /// Forgets a secret. There need not be one.
    func delete(name: String) throws
}

/// Why a secret store did not do what was asked.
public enum SecretStoreError: Error, Equatable, Sendable {
    /// It is locked or cannot be reached now; it may be later. The detail has no secret in it.
    case unavailable(detail: String)
    /// What is there is no secret of ours.
    case unreadable
}

/// Hands the app's store to the generated code, which has a protocol of its own.
final class SecretStoreAdapter: VestnikFFI.SecretStore {
    private let store: any SecretStore

    init(_ store: any SecretStore) { self.store = store }

    func get(name: String) throws -> String? { try storing { try store.get(name: name) } }

    func set(name: String, secret: String) throws { try storing { try store.set(name: name, secret: secret) } }

    func delete(name: String) throws { try storing { try store.delete(name: name) } }

    private func storing<T>(_ call: () throws -> T) throws -> T {
        do {
            return try call()
        } catch SecretStoreError.unreadable {
            throw VestnikFFI.SecretStoreError.Unreadable
        } catch let SecretStoreError.unavailable(detail) {
            throw VestnikFFI.SecretStoreError.Unavailable(detail: detail)
        } catch {
            // What it says may have a secret in it.
            throw VestnikFFI.SecretStoreError.Unavailable(detail: "the app's secret store failed unexpectedly")
        }
    }
}
