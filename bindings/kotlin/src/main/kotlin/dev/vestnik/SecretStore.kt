package dev.vestnik

/**
 * Keeps secrets where the system keeps them.
 *
 * What was set is durable when [set] returns. It must stay on this device, whatever is restored or copied:
 * that is how a copied installation is noticed. Absent and unavailable are not the same: a locked store
 * throws [SecretStoreException.Unavailable]. It is called on a thread of the library's own.
 */
public interface SecretStore {
    /** The secret of a name, if there is one. */
    public fun get(name: String): String?

    /** Keeps a secret in the place of the former. */
    public fun set(name: String, secret: String)

    /** Forgets a secret. There need not be one. */
    public fun delete(name: String)
}

/** Why a secret store did not do what was asked. */
public sealed class SecretStoreException(message: String, cause: Throwable?) : Exception(message, cause) {
    /** It is locked or cannot be reached now; it may be later. [detail] has no secret in it. */
    public class Unavailable(public val detail: String, cause: Throwable? = null) : SecretStoreException(detail, cause)

    /** What is there is no secret of ours. */
    public class Unreadable(cause: Throwable? = null) : SecretStoreException("the secret cannot be read", cause)
}
