package dev.vestnik.android

import android.content.Context
import dev.vestnik.Draw
import dev.vestnik.PushSpool
import dev.vestnik.SecretStore
import dev.vestnik.SecretStoreException
import org.json.JSONException
import org.json.JSONObject

/** The data of a push, as Firebase, HMS or RuStore give them: texts by their names. */
public class PushData(private val texts: Map<String, String>) {
    /** Whether it is a push of Vestnik's. An app may get pushes of other senders by the same service. */
    public val isOurs: Boolean get() = MEMBER in texts

    /** What [dev.vestnik.Vestnik.handlePush] takes. */
    public val json: ByteArray get() = JSONObject(texts).toString().toByteArray()

    /**
     * The id of the notification that the push brings, is about or withdraws, if it says so: what is drawn of it has
     * this as its identifier.
     */
    public val identifier: String?
        get() {
            val parcel = try {
                JSONObject(texts[MEMBER] ?: return null)
            } catch (_: JSONException) {
                return null
            }
            return NAMES.firstNotNullOfOrNull { name -> parcel.optString(name).takeIf(String::isNotEmpty) }
        }

    /**
     * Handles the push without an open device: what is to be drawn is durable in the spool of
     * [VestnikAndroid.open]'s folder first, and the app takes it at its next start.
     */
    public fun draw(context: Context, secrets: SecretStore = KeystoreSecretStore(context)): Draw {
        val keys = try {
            secrets.get(PushSpool.keysName)
        } catch (_: SecretStoreException) {
            null
        }
        return PushSpool.draw(VestnikAndroid.spool(context).path, json, keys)
    }

    private companion object {
        const val MEMBER = "vestnik"

        /** Of a withdrawal and of a notification. */
        val NAMES = listOf("withdraws", "notification")
    }
}
