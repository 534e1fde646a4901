package dev.vestnik.android

import android.app.NotificationManager
import android.content.Context
import android.os.Build
import dev.vestnik.Config
import dev.vestnik.DeviceInfo
import dev.vestnik.Permission
import dev.vestnik.Platform
import dev.vestnik.SecretStore
import dev.vestnik.Vestnik
import java.io.File
import java.util.Locale
import java.util.TimeZone
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/** Vestnik on Android. */
public object VestnikAndroid {
    /**
     * Prepares the process: without it, [Vestnik.open] throws, because no certificate could be checked.
     * May be called more than once. [open] calls it.
     */
    public suspend fun initialize(context: Context): Unit =
        withContext(Dispatchers.IO) { Native.initialize(context.applicationContext) }

    /**
     * Opens the device with what this system has: files that are in no backup, secrets behind the Keystore,
     * the device's description. Free of work on the main thread.
     */
    public suspend fun open(
        context: Context,
        server: String,
        app: String,
        secrets: SecretStore = KeystoreSecretStore(context),
        change: Config.() -> Config = { this },
    ): Vestnik {
        initialize(context)
        return Vestnik.open(config(context, server, app).change(), secrets)
    }

    /** The usual configuration. */
    public fun config(context: Context, server: String, app: String): Config =
        Config(
            server = server,
            app = app,
            dataDir = folder(context, "vestnik").path,
            device = deviceInfo(context),
            // A push may come while no device is open: see PushData.
            spoolDir = spool(context).path,
        )

    /** What the server is told of the device. An app with a switch of its own says whether it [isSwitchedOn]. */
    public fun deviceInfo(context: Context, isSwitchedOn: Boolean = true): DeviceInfo =
        DeviceInfo(
            platform = Platform.ANDROID,
            permission = permission(context, isSwitchedOn),
            model = "${Build.MANUFACTURER} ${Build.MODEL}",
            osVersion = Build.VERSION.RELEASE,
            appVersion = context.packageManager.getPackageInfo(context.packageName, 0).versionName,
            locale = Locale.getDefault().toLanguageTag(),
            timeZone = TimeZone.getDefault().id,
        )

    /**
     * Whether the app may show notifications, by the system and by its own switch. Look again whenever the app comes to
     * the front.
     */
    public fun permission(context: Context, isSwitchedOn: Boolean = true): Permission {
        val manager = checkNotNull(context.getSystemService(NotificationManager::class.java))
        return when {
            !manager.areNotificationsEnabled() -> Permission.DENIED
            isSwitchedOn -> Permission.GRANTED
            else -> Permission.SWITCHED_OFF
        }
    }

    /**
     * Whether the system lets the app show notifications on a channel, which is a category of the app's: the person may
     * have switched off the app, the channel or its group.
     */
    public fun permission(context: Context, channel: String): Permission {
        val manager = checkNotNull(context.getSystemService(NotificationManager::class.java))
        val found = manager.getNotificationChannel(channel)
        val isOff =
            when {
                found == null -> false
                found.importance == NotificationManager.IMPORTANCE_NONE -> true
                Build.VERSION.SDK_INT < Build.VERSION_CODES.P -> false
                else -> found.group?.let { manager.getNotificationChannelGroup(it) }?.isBlocked == true
            }
        return if (isOff) Permission.DENIED else permission(context)
    }

    internal fun spool(context: Context): File = folder(context, "vestnik").resolve("spool")

    /** Folders that neither a backup nor a transfer to another device takes along. */
    internal fun folder(context: Context, name: String): File = File(context.applicationContext.noBackupFilesDir, name)
}
