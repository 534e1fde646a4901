package dev.vestnik

import java.util.concurrent.ConcurrentHashMap
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test

internal class SecretStoreTest : WithServer() {
    /** A secret store that can be locked or broken. */
    private class Secrets : SecretStore {
        val kept = ConcurrentHashMap<String, String>()
        @Volatile var failure: Exception? = null

        override fun get(name: String): String? {
            failure?.let { throw it }
            return kept[name]
        }

        override fun set(name: String, secret: String) {
            failure?.let { throw it }
            kept[name] = secret
        }

        override fun delete(name: String) {
            failure?.let { throw it }
            kept.remove(name)
        }
    }

    @Test
    fun `secrets are kept by the app`() = running {
        val secrets = Secrets()
        val phone = loggedIn("phone", secrets = secrets)
        assertEquals(setOf("envelope", "installation", "refresh"), secrets.kept.keys.toSet())
        val installation = phone.installation
        phone.stop()

        val again = opened("phone", secrets)
        assertEquals(installation, again.installation)
        assertEquals(Standing.LoggedIn("anna"), again.snapshot.standing)
        again.stop()

        val copy = opened("phone", Secrets())
        assertNotEquals(installation, copy.installation)
        copy.stop()
    }

    @Test
    fun `a store that fails is told in types and repeats nothing`() = running {
        val secrets = Secrets()
        secrets.failure = SecretStoreException.Unavailable("locked")
        val locked = assertFailsWith<VestnikException.Storage> { opened("phone", secrets) }
        assertEquals(StorageProblem.SECRETS, locked.problem)
        assertTrue(locked.detail.contains("locked"), locked.detail)

        secrets.failure = IllegalStateException("a token: vr_secret")
        val broken = assertFailsWith<VestnikException.Storage> { opened("phone", secrets) }
        assertEquals(StorageProblem.SECRETS, broken.problem)
        assertFalse(broken.detail.contains("vr_secret"), broken.detail)

        secrets.failure = null
        val phone = loggedIn("phone", secrets = secrets)
        secrets.failure = SecretStoreException.Unavailable("locked")
        val id = server.publish("anna", "all the same")
        assertEquals(id, phone.drawn().id)
        secrets.failure = null
        phone.stop()
    }
}
