package dev.vestnik

import dev.vestnik.ffi.InternalException
import dev.vestnik.ffi.SecretStore as FfiSecretStore
import dev.vestnik.ffi.SecretStoreException as FfiSecretStoreException
import dev.vestnik.ffi.VestnikException as FfiException
import java.nio.charset.CharacterCodingException
import kotlin.time.Duration
import kotlin.time.toJavaDuration
import kotlin.time.toJavaInstant
import kotlin.time.toKotlinInstant

/** Makes a call of the generated code; its exceptions become those of the API. */
internal inline fun <T> calling(call: () -> T): T =
    try {
        call()
    } catch (failure: FfiException) {
        throw failure.toApi()
    } catch (failure: InternalException) {
        throw VestnikException.Internal(failure.message ?: "a fault of the library")
    } catch (failure: CharacterCodingException) {
        // Half of a pair of surrogates, as where a text was cut inside of an emoji.
        throw VestnikException.InvalidArgument("text", "must be well-formed Unicode")
    }

private fun FfiException.toApi(): Exception {
    val translated =
        when (this) {
            is FfiException.InvalidArgument -> VestnikException.InvalidArgument(camelCase(field), detail)
            is FfiException.Storage -> VestnikException.Storage(StorageProblem.valueOf(problem.name), detail)
            is FfiException.Refused -> VestnikException.Refused(code)
            is FfiException.NobodyLoggedIn -> VestnikException.NobodyLoggedIn()
            is FfiException.OtherUser -> VestnikException.OtherUser()
            is FfiException.Overtaken -> VestnikException.Overtaken()
            is FfiException.Restarted -> VestnikException.Restarted()
            is FfiException.ShowerTaken -> VestnikException.ShowerTaken()
            is FfiException.TicketSettled -> VestnikException.TicketSettled()
            is FfiException.NotInitialized -> VestnikException.NotInitialized()
            is FfiException.Timeout -> VestnikException.Timeout()
            is FfiException.Closed -> VestnikException.Closed()
            is FfiException.Internal -> VestnikException.Internal(detail)
            // Nothing of this API hands over listeners or handles, so none of these comes.
            is FfiException.TooManyListeners,
            is FfiException.Cancelled,
            is FfiException.Host,
            -> VestnikException.Internal(javaClass.simpleName)
        }
    translated.initCause(this)
    return translated
}

/** The library names fields as Rust does. */
private fun camelCase(field: String): String =
    field.split('_').joinToString("") { it.replaceFirstChar(Char::uppercase) }.replaceFirstChar(Char::lowercase)

internal fun SecretStore.toFfi(): FfiSecretStore =
    object : FfiSecretStore {
        override fun get(name: String): String? = storing { this@toFfi.get(name) }

        override fun set(name: String, secret: String) = storing { this@toFfi.set(name, secret) }

        override fun delete(name: String) = storing { this@toFfi.delete(name) }
    }

private inline fun <T> storing(call: () -> T): T =
    try {
        call()
    } catch (failure: SecretStoreException) {
        throw when (failure) {
            is SecretStoreException.Unavailable -> FfiSecretStoreException.Unavailable(failure.detail)
            is SecretStoreException.Unreadable -> FfiSecretStoreException.Unreadable()
        }
    }

internal fun Config.toFfi() =
    dev.vestnik.ffi.Config(
        server = server,
        app = app,
        dataDir = dataDir,
        device = device.toFfi(),
        spoolDir = spoolDir,
        formerHistory = dev.vestnik.ffi.FormerHistory.valueOf(formerHistory.name),
        network = dev.vestnik.ffi.Network(network.proxy, network.roots.map(String::encodeToByteArray)),
        tuning =
            dev.vestnik.ffi.Tuning(
                backoffBase = tuning.backoffBase.toFfi("backoffBase"),
                backoffCap = tuning.backoffCap.toFfi("backoffCap"),
                requestTimeout = tuning.requestTimeout.toFfi("requestTimeout"),
                historyRows = tuning.historyRows?.let { unsigned("historyRows", it) },
            ),
    )

private fun DeviceInfo.toFfi() =
    dev.vestnik.ffi.DeviceInfo(
        platform = dev.vestnik.ffi.Platform.valueOf(platform.name),
        permission = permission.toFfi(),
        model = model,
        osVersion = osVersion,
        appVersion = appVersion,
        locale = locale,
        timeZone = timeZone,
    )

internal fun DeviceChange.toFfi() = dev.vestnik.ffi.DeviceChange(locale, timeZone, appVersion, osVersion)

internal fun Permission.toFfi() = dev.vestnik.ffi.Permission.valueOf(name)

internal fun PushAddressKind.toFfi() = dev.vestnik.ffi.PushAddressKind.valueOf(name)

internal fun dev.vestnik.ffi.Pushed.toApi(): Pushed =
    when (this) {
        is dev.vestnik.ffi.Pushed.Stored -> Pushed.Stored
        is dev.vestnik.ffi.Pushed.Withdrawn -> Pushed.Withdrawn
        is dev.vestnik.ffi.Pushed.Hint -> Pushed.Hint(identifier)
        is dev.vestnik.ffi.Pushed.Dropped -> Pushed.Dropped(reason.toApi(), identifier)
    }

internal fun dev.vestnik.ffi.Undrawn.toApi() = Undrawn.valueOf(name)

internal fun Suppression.toFfi() = dev.vestnik.ffi.Suppression.valueOf(name)

internal fun HistoryQuery.toFfi() =
    dev.vestnik.ffi.HistoryQuery(
        before = (start as? Start.Before)?.place?.text,
        after = (start as? Start.After)?.place?.text,
        limit = unsigned("limit", limit),
        shelf = dev.vestnik.ffi.Shelf.valueOf(shelf.name),
        unreadOnly = unreadOnly,
        category = category,
        since = since?.toJavaInstant(),
    )

internal fun SearchQuery.toFfi() = dev.vestnik.ffi.SearchQuery(text, before?.text, unsigned("limit", limit))

/** An endless duration is none. */
internal fun Duration?.toFfi(field: String): java.time.Duration? {
    if (this == null || this == Duration.INFINITE) return null
    if (isNegative()) throw VestnikException.InvalidArgument(field, "must not be negative")
    return toJavaDuration()
}

private fun unsigned(field: String, value: Int): UInt {
    if (value < 0) throw VestnikException.InvalidArgument(field, "must not be negative")
    return value.toUInt()
}

internal fun dev.vestnik.ffi.HistoryPage.toApi() =
    HistoryPage(items.map { it.toApi() }, hasMore, end?.let(::Place), unreadable.toInt())

internal fun dev.vestnik.ffi.HistoryItem.toApi() =
    HistoryItem(
        notification = notification.toApi(),
        place = Place(place),
        isRead = isRead,
        readAt = readAt?.toKotlinInstant(),
        isArchived = isArchived,
        receivedAt = receivedAt.toKotlinInstant(),
        show =
            when (val state = show) {
                dev.vestnik.ffi.ShowState.Due -> ShowState.Due
                dev.vestnik.ffi.ShowState.Taken -> ShowState.Taken
                dev.vestnik.ffi.ShowState.Shown -> ShowState.Shown
                is dev.vestnik.ffi.ShowState.Suppressed ->
                    ShowState.Suppressed(Suppression.valueOf(state.reason.name))
            },
    )

internal fun dev.vestnik.ffi.Notification.toApi() =
    Notification(
        id = id,
        revision = revision.toInt(),
        title = title,
        body = body,
        image = image,
        category = category,
        priority = Priority.valueOf(priority.name),
        click = click?.toApi(),
        actions = actions.map { Action(it.id, it.title, it.does.toApi()) },
        dataJson = dataJson,
        acceptedAt = acceptedAt.toKotlinInstant(),
        expiresAt = expiresAt.toKotlinInstant(),
    )

private fun dev.vestnik.ffi.Click.toApi() = Click(OpenedBy.valueOf(openedBy.name), url)

private fun dev.vestnik.ffi.Does.toApi(): Does =
    when (this) {
        is dev.vestnik.ffi.Does.Open -> Does.Open(click.toApi())
        is dev.vestnik.ffi.Does.Reply -> Does.Reply(placeholder)
        dev.vestnik.ffi.Does.Callback -> Does.Callback
    }

internal fun dev.vestnik.ffi.Snapshot.toApi() =
    Snapshot(
        standing =
            when (val it = standing) {
                dev.vestnik.ffi.Standing.Nobody -> Standing.Nobody
                is dev.vestnik.ffi.Standing.LoggingIn -> Standing.LoggingIn(it.user)
                is dev.vestnik.ffi.Standing.LoggedIn -> Standing.LoggedIn(it.user)
                dev.vestnik.ffi.Standing.LoggingOut -> Standing.LoggingOut
                is dev.vestnik.ffi.Standing.NeedsIdentity -> Standing.NeedsIdentity(it.user, it.reason)
            },
        connection =
            Connection(
                phase = Phase.valueOf(connection.phase.name),
                lastError = connection.lastError?.toApi(),
                retryAt = connection.retryAt?.toKotlinInstant(),
            ),
        unread = unread.toLong(),
    )

private fun dev.vestnik.ffi.Trouble.toApi() = Trouble.valueOf(name)

internal fun dev.vestnik.ffi.Login.toApi(): Login =
    when (this) {
        dev.vestnik.ffi.Login.Done -> Login.Done
        is dev.vestnik.ffi.Login.Pending -> Login.Pending(trouble.toApi())
    }

internal fun dev.vestnik.ffi.Event.toApi(): Event =
    when (this) {
        is dev.vestnik.ffi.Event.Changed -> Event.Changed(ids)
        dev.vestnik.ffi.Event.Reread -> Event.Reread
        is dev.vestnik.ffi.Event.Withdraw -> Event.Withdraw(ids)
        is dev.vestnik.ffi.Event.Redraw -> Event.Redraw(ids)
        dev.vestnik.ffi.Event.Forgotten -> Event.Forgotten
        is dev.vestnik.ffi.Event.HistoryRebuilt -> Event.HistoryRebuilt(aside)
        is dev.vestnik.ffi.Event.PreferencesChanged -> Event.PreferencesChanged(refused)
    }

internal fun dev.vestnik.ffi.Preferences.toApi() =
    Preferences(
        isAllOptedOut = isAllOptedOut,
        isAllWaiting = isAllWaiting,
        categories = categories.map { it.toApi() },
        topics = topics.map { it.toApi() },
        isKnown = isKnown,
    )

private fun dev.vestnik.ffi.Choice.toApi() = Choice(name, isOptedOut, isWaiting)

internal fun OptOut.toFfi(): dev.vestnik.ffi.OptOut =
    when (this) {
        OptOut.All -> dev.vestnik.ffi.OptOut.All
        is OptOut.Category -> dev.vestnik.ffi.OptOut.Category(name)
        is OptOut.Topic -> dev.vestnik.ffi.OptOut.Topic(name)
    }

internal fun dev.vestnik.ffi.LogRecord.toApi() =
    LogRecord(LogLevel.valueOf(level.name), target, message, dropped.toLong())

internal fun dev.vestnik.ffi.Diagnostics.toApi() =
    Diagnostics(
        version = version,
        phase = Phase.valueOf(phase.name),
        lastError = lastError?.toApi(),
        isLoggedIn = isLoggedIn,
        generation = generation.toLong(),
        clockOffsetSeconds = clockOffsetSeconds,
        unread = unread.toLong(),
        factsWaiting = factsWaiting.toLong(),
        factsRefused = factsRefused,
        logoutsPending = logoutsPending.toLong(),
        pushAddresses = pushAddresses.toLong(),
        text = text,
    )
