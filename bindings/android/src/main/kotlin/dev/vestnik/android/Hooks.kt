package dev.vestnik.android

import android.app.Activity
import android.app.ActivityManager
import android.app.Application
import android.content.Context
import android.net.ConnectivityManager
import android.net.LinkProperties
import android.net.Network
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import dev.vestnik.Vestnik
import dev.vestnik.VestnikException

/** Tells a device when its network changes. Close it before the device is stopped. */
public class NetworkHook(context: Context, private val device: Vestnik) : AutoCloseable {
    private val connectivity = checkNotNull(context.getSystemService(ConnectivityManager::class.java))

    private val callback =
        object : ConnectivityManager.NetworkCallback() {
            override fun onAvailable(network: Network) = changed()

            override fun onLinkPropertiesChanged(network: Network, properties: LinkProperties) = changed()

            override fun onLost(network: Network) = changed()
        }

    init {
        connectivity.registerDefaultNetworkCallback(callback)
    }

    private fun changed() = unlessStopped { device.networkChanged() }

    override fun close(): Unit = connectivity.unregisterNetworkCallback(callback)
}

/**
 * Keeps a device connected while the app can be seen, and for a little while after: then the push services
 * reach it, and a connection would only cost energy. It may be made while activities are on the screen.
 */
public class ForegroundHook(
    private val application: Application,
    private val device: Vestnik,
    private val graceMillis: Long = 15_000,
) : AutoCloseable {
    private val main = Handler(Looper.getMainLooper())
    private val leave = Runnable { unlessStopped { device.goOffline() } }

    /** The activities that were seen to start. Those that had started before are not among them. */
    private val visible = mutableSetOf<Activity>()

    private val callback =
        object : Application.ActivityLifecycleCallbacks {
            override fun onActivityStarted(activity: Activity) {
                if (visible.isEmpty()) enter()
                visible += activity
            }

            override fun onActivityStopped(activity: Activity) {
                visible -= activity
                // An activity that follows another starts before that one stops.
                if (visible.isEmpty()) main.postDelayed(leave, graceMillis)
            }

            override fun onActivityCreated(activity: Activity, savedInstanceState: Bundle?) = Unit

            override fun onActivityResumed(activity: Activity) = Unit

            override fun onActivityPaused(activity: Activity) = Unit

            override fun onActivitySaveInstanceState(activity: Activity, outState: Bundle) = Unit

            override fun onActivityDestroyed(activity: Activity) = Unit
        }

    init {
        application.registerActivityLifecycleCallbacks(callback)
        // A device is opened without blocking, so that the first activity has often started before.
        if (isSeen()) enter()
    }

    private fun enter() {
        main.removeCallbacks(leave)
        unlessStopped {
            device.goOnline()
            device.foregrounded()
        }
    }

    private fun isSeen(): Boolean {
        val state = ActivityManager.RunningAppProcessInfo()
        ActivityManager.getMyMemoryState(state)
        return state.importance == ActivityManager.RunningAppProcessInfo.IMPORTANCE_FOREGROUND ||
            state.importance == ActivityManager.RunningAppProcessInfo.IMPORTANCE_VISIBLE
    }

    override fun close() {
        application.unregisterActivityLifecycleCallbacks(callback)
        main.removeCallbacks(leave)
    }
}

/** A hint that comes just after the device was stopped is for nobody. */
private inline fun unlessStopped(hint: () -> Unit) {
    try {
        hint()
    } catch (_: VestnikException.Closed) {
        return
    }
}
