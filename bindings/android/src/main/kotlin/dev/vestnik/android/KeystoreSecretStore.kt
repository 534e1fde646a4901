package dev.vestnik.android

import android.content.Context
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.util.AtomicFile
import dev.vestnik.SecretStore
import dev.vestnik.SecretStoreException
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.security.GeneralSecurityException
import java.security.KeyStore
import java.security.ProviderException
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/**
 * Secrets in files of the app that are encrypted with a key which never leaves the Keystore. Neither a
 * backup nor a copy of the files can be read on another device.
 *
 * A secret whose key is gone counts as absent: the device becomes a new installation then, and its user
 * logs in again. A Keystore that does not answer now is [SecretStoreException.Unavailable].
 */
public class KeystoreSecretStore(context: Context) : SecretStore {
    private val folder: File = VestnikAndroid.folder(context, "vestnik-secrets")

    override fun get(name: String): String? = keeping {
        val sealed =
            try {
                file(name).readFully()
            } catch (_: FileNotFoundException) {
                return null
            }
        try {
            if (sealed.size <= NONCE_BYTES) null else open(name, sealed)
        } catch (_: AEADBadTagException) {
            // The key that sealed it is gone, as some systems lose keys, and the secret with it.
            null
        } catch (_: KeyPermanentlyInvalidatedException) {
            null
        }
    }

    override fun set(name: String, secret: String): Unit = keeping {
        val cipher = Cipher.getInstance(CIPHER)
        // The Keystore makes the nonce: it refuses one of ours.
        cipher.init(Cipher.ENCRYPT_MODE, key())
        cipher.updateAAD(name.encodeToByteArray())
        val sealed = cipher.iv + cipher.doFinal(secret.encodeToByteArray())
        folder.mkdirs()
        val file = file(name)
        val stream = file.startWrite()
        try {
            stream.write(sealed)
            // Durable before it returns.
            file.finishWrite(stream)
        } catch (failure: IOException) {
            file.failWrite(stream)
            throw failure
        }
    }

    override fun delete(name: String): Unit = keeping { file(name).delete() }

    private fun open(name: String, sealed: ByteArray): String {
        val cipher = Cipher.getInstance(CIPHER)
        cipher.init(Cipher.DECRYPT_MODE, key(), GCMParameterSpec(TAG_BITS, sealed, 0, NONCE_BYTES))
        cipher.updateAAD(name.encodeToByteArray())
        return cipher.doFinal(sealed, NONCE_BYTES, sealed.size - NONCE_BYTES).decodeToString()
    }

    private fun file(name: String) = AtomicFile(File(folder, name))

    private fun key(): SecretKey {
        val keys = KeyStore.getInstance(KEYSTORE).apply { load(null) }
        (keys.getKey(ALIAS, null) as SecretKey?)?.let { return it }
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        // No authentication of the person: notifications come while the screen is locked.
        val spec =
            KeyGenParameterSpec.Builder(ALIAS, purposes)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .setKeySize(KEY_BITS)
                .build()
        val generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, KEYSTORE)
        generator.init(spec)
        return generator.generateKey()
    }

    private inline fun <T> keeping(call: () -> T): T =
        try {
            call()
        } catch (failure: GeneralSecurityException) {
            throw SecretStoreException.Unavailable("the Keystore refuses: ${failure.javaClass.simpleName}", failure)
        } catch (failure: ProviderException) {
            throw SecretStoreException.Unavailable("the Keystore refuses: ${failure.javaClass.simpleName}", failure)
        } catch (failure: IOException) {
            throw SecretStoreException.Unavailable("a file cannot be used: ${failure.javaClass.simpleName}", failure)
        }

    private companion object {
        const val KEYSTORE = "AndroidKeyStore"
        const val ALIAS = "dev.vestnik.secrets"
        const val CIPHER = "AES/GCM/NoPadding"
        const val KEY_BITS = 256
        const val TAG_BITS = 128
        const val NONCE_BYTES = 12
    }
}
