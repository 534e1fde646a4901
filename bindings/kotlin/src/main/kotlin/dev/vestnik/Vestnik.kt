package dev.vestnik

import dev.vestnik.ffi.Vestnik as FfiVestnik
import kotlin.time.Duration
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CopyableThrowable
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.isActive
import kotlinx.coroutines.withContext

/**
 * A device: its history, its session and its connection.
 *
 * Opening the history, being somebody and being connected are three things: [open], then [login] and
 * [logout], [goOnline] and [goOffline], in any order and at any moment, all in one process. After [stop],
 * every call fails with [VestnikException.Closed]. Every function may be called on the main thread.
 *
 * A coroutine that is cancelled stops waiting; what it has begun goes on. All calls throw
 * [VestnikException].
 */
public class Vestnik private constructor(private val ffi: FfiVestnik) {
    /** By what the server knows this installation. */
    public val installation: String = ffi.installation()

    /** Who the device is and how it is connected, at present. */
    public val snapshot: Snapshot
        get() = calling { ffi.snapshot() }.toApi()

    /**
     * The present snapshot, then each change; a slow collector gets the newest. Completes when the device
     * is stopped.
     */
    public val snapshots: Flow<Snapshot> = flow {
        val stream = calling { ffi.snapshots() }
        try {
            while (calling { stream.ready() }) emit((calling { stream.take() } ?: continue).toApi())
        } finally {
            stream.cancel()
            stream.close()
        }
    }

    /**
     * What happens from the moment of collection on. For a slow collector, what waits is merged. Completes
     * when the device is stopped.
     */
    public val events: Flow<Event> = flow {
        val stream = calling { ffi.events() }
        try {
            while (calling { stream.ready() }) emit((calling { stream.take() } ?: continue).toApi())
        } finally {
            stream.cancel()
            stream.close()
        }
    }

    /**
     * Notifications to draw, one ticket after the other. There is one collector at a time: another one gets
     * [VestnikException.ShowerTaken]. A ticket that a collector fails on, or is cancelled with, comes again.
     * Completes when the device is stopped.
     */
    public val shows: Flow<ShowTicket> = flow {
        val shower = calling { ffi.shower() }
        try {
            while (calling { shower.ready() }) {
                val ticket = ShowTicket(calling { shower.take() } ?: continue)
                try {
                    emit(ticket)
                } catch (failure: Throwable) {
                    val isKept = endsTheFlow(failure) && currentCoroutineContext().isActive
                    if (!isKept) ticket.close()
                    throw failure
                }
            }
        } finally {
            shower.cancel()
            shower.close()
        }
    }

    /**
     * Logs a user in, in the place of whoever was: what belonged to a former user is wiped or sealed.
     * [identity] is a token by which the App's backend vouches for them. It is kept until the server took
     * or refused it.
     */
    public suspend fun login(user: String, identity: String): Login =
        calling { ffi.login(user, identity, null) }.toApi()

    /**
     * Ends the user's part in this device: their history is no longer shown, nor is anything that comes for
     * them. The server is told now, or as soon as it can be reached.
     */
    public suspend fun logout(): Unit = calling { ffi.logout() }

    /** Keeps a live connection from now on. */
    public fun goOnline(): Unit = calling { ffi.goOnline() }

    /** Keeps no connection from now on. */
    public fun goOffline(): Unit = calling { ffi.goOffline() }

    /**
     * The system is about to freeze the process: the connection is closed, and nothing wakes the processor
     * until [resume].
     */
    public fun suspend(): Unit = calling { ffi.suspend() }

    /** The process goes on. */
    public fun resume(): Unit = calling { ffi.resume() }

    /** The network changed: the connection is probed or made anew at once. */
    public fun networkChanged(): Unit = calling { ffi.networkChanged() }

    /**
     * The person brought the app to the foreground: what waits for a retry is tried at once, and the server is
     * told; the device on which a user did this last is their primary one.
     */
    public fun foregrounded(): Unit = calling { ffi.foregrounded() }

    /** A page of the history; nobody's is empty. */
    public suspend fun history(query: HistoryQuery = HistoryQuery()): HistoryPage =
        calling { ffi.history(query.toFfi()) }.toApi()

    /** What a search finds, newest first. */
    public suspend fun search(query: SearchQuery): HistoryPage = calling { ffi.search(query.toFfi()) }.toApi()

    /** One notification of the history. */
    public suspend fun get(id: String): HistoryItem? = calling { ffi.get(id) }?.toApi()

    /**
     * Marks as read, here and on the user's other devices; gives how many were not. A list of any length is
     * marked in pieces of 500; after an error, the pieces before it stay marked.
     */
    public suspend fun markRead(ids: List<String>): Long = calling { ffi.markRead(ids) }.toLong()

    /** Marks as unread; gives how many were not. */
    public suspend fun markUnread(ids: List<String>): Long = calling { ffi.markUnread(ids) }.toLong()

    /** Marks everything that is not archived as read, up to a place or all of it; gives how many were not. */
    public suspend fun markAllRead(upTo: Place? = null): Long = calling { ffi.markAllRead(upTo?.text) }.toLong()

    /** Archives, or takes out of the archive; gives how many changed. */
    public suspend fun archive(ids: List<String>, isArchived: Boolean = true): Long =
        calling { ffi.archive(ids, isArchived) }.toLong()

    /** Deletes, or takes a deletion back; gives how many changed. */
    public suspend fun delete(ids: List<String>, isDeleted: Boolean = true): Long =
        calling { ffi.delete(ids, isDeleted) }.toLong()

    /**
     * The person opened it, which also reads it; gives whether it is in the history. What is done with one that has not
     * come yet, because a push has only announced it, is reported all the same, and counts when it comes; so with the
     * calls below.
     */
    public suspend fun clicked(id: String): Boolean = calling { ffi.clicked(id) }

    /** The person chose an action of it; gives whether it is in the history. */
    public suspend fun actioned(id: String, action: String): Boolean = calling { ffi.actioned(id, action) }

    /** The person answered it with a text; gives whether it is in the history. There may be many replies. */
    public suspend fun reply(id: String, text: String, action: String? = null): Boolean =
        calling { ffi.reply(id, text, action) }

    /** The person took it off the screen unread; gives whether it is in the history. */
    public suspend fun dismissed(id: String): Boolean = calling { ffi.dismissed(id) }

    /** The person changed whether the app may show notifications. */
    public suspend fun setPermission(permission: Permission): Unit = calling { ffi.setPermission(permission.toFfi()) }

    /** The language, the time zone or a version changed. */
    public suspend fun change(change: DeviceChange): Unit = calling { ffi.change(change.toFfi()) }

    /**
     * A push service gave this installation an address, in the place of the former one of its kind; a token
     * and an installation id of Firebase take each other's place. Call it at each start: what the server knows
     * already is not sent again.
     */
    public suspend fun setPushAddress(kind: PushAddressKind, address: String): Unit =
        calling { ffi.setPushAddress(kind.toFfi(), address) }

    /** A push service reaches this installation no more. */
    public suspend fun forgetPushAddress(kind: PushAddressKind): Unit = calling { ffi.forgetPushAddress(kind.toFfi()) }

    /**
     * Takes a push: the JSON object that its data make. What it brings takes the same way as what comes over the
     * live connection, and is shown once.
     */
    public suspend fun handlePush(push: ByteArray): Pushed = calling { ffi.handlePush(push) }.toApi()

    /**
     * Subscribes the user to a topic. The wish is kept, offline too; the call waits for the server's
     * answer, at most [within].
     */
    public suspend fun subscribe(topic: String, within: Duration? = null): Unit =
        calling { ffi.subscribe(topic, within.toFfi("within"), null) }

    /** Ends the user's subscription to a topic. */
    public suspend fun unsubscribe(topic: String, within: Duration? = null): Unit =
        calling { ffi.unsubscribe(topic, within.toFfi("within"), null) }

    /**
     * What the user does not want, as the device knows it, offline too. It also makes the device ask the server,
     * unless it did so in the last ten seconds; if something is another than here, [Event.PreferencesChanged]
     * follows. Nobody wants anything.
     */
    public suspend fun preferences(): Preferences = calling { ffi.preferences() }.toApi()

    /**
     * Opts the user out of something, or in again, on all of their devices. It is durable when this returns; the
     * server is told when it can be reached, and [Event.PreferencesChanged] follows its answer.
     */
    public suspend fun optOut(what: OptOut, isOptedOut: Boolean = true): Unit =
        calling { ffi.optOut(what.toFfi(), isOptedOut) }

    /** Waits until every fact is reported, or nothing can be reported now; gives whether nothing waits. */
    public suspend fun flush(within: Duration? = null): Boolean =
        calling { ffi.flush(within.toFfi("within"), null) }

    /**
     * Reads the log to its end, by a read that begins after this call; gives whether that was done. It does not go by
     * the state of the connection, which may be dead without anybody knowing. It ends at once if the device is not to
     * be online; otherwise it waits for a connection, at most [within].
     */
    public suspend fun catchUp(within: Duration? = null): Boolean =
        calling { ffi.catchUp(within.toFfi("within"), null) }

    /** Counts, sizes, versions and states, for a report about a fault; no content, and nobody's name. */
    public suspend fun diagnostics(): Diagnostics = calling { ffi.diagnostics() }.toApi()

    /** Finishes what is in hand and closes the files. A second call does nothing. */
    public suspend fun stop(): Unit = calling { ffi.stop() }

    public companion object {
        /**
         * Opens the device's files. Whose history it is can be read at once, without a network; nothing is
         * sent before [goOnline].
         *
         * A coroutine that is cancelled meanwhile leaves no open device behind.
         *
         * Without [secrets], secrets are private files in a folder of `dataDir`: for systems that have no
         * secret store.
         */
        public suspend fun open(config: Config, secrets: SecretStore? = null): Vestnik {
            // A device that nobody has would keep its folder for itself.
            val device =
                withContext(NonCancellable) { Vestnik(calling { FfiVestnik.open(config.toFfi(), secrets?.toFfi()) }) }
            if (!currentCoroutineContext().isActive) withContext(NonCancellable) { device.stop() }
            currentCoroutineContext().ensureActive()
            return device
        }

        /** The version of the native library. */
        public fun libraryVersion(): String = calling { dev.vestnik.ffi.libraryVersion() }
    }
}

/**
 * Whether `first` and the like throw it: they end a flow so and keep what they were given. That exception is
 * internal; it is neither the plain one, which a collector throws, nor one that a job or a deadline of the
 * collector makes, which can be copied.
 */
@OptIn(ExperimentalCoroutinesApi::class)
private fun endsTheFlow(failure: Throwable): Boolean =
    failure is CancellationException &&
        failure.javaClass != CancellationException::class.java &&
        failure !is CopyableThrowable<*>
