package com.google.firebase.messaging

import android.app.Service
import android.content.Intent
import android.os.IBinder

/**
 * What the template uses of `com.google.firebase:firebase-messaging`, by its signatures: the library is in
 * Google's own repository only. Never shipped.
 */
public open class FirebaseMessagingService : Service() {
    public open fun onNewToken(token: String): Unit = Unit

    public open fun onMessageReceived(message: RemoteMessage): Unit = Unit

    final override fun onBind(intent: Intent): IBinder? = null
}

public class RemoteMessage(public val data: Map<String, String>)
