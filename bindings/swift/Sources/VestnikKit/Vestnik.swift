import Foundation
internal import VestnikFFI

/// A device: its history, its session and its connection.
///
/// Opening the history, being somebody and being connected are three things: ``open(_:secrets:)``, then
/// ``login(user:identity:)`` and ``logout()``, ``goOnline()`` and ``goOffline()``, in any order and at any
/// moment, all in one process. After ``stop()``, every call throws ``VestnikError/closed``.
///
/// A task that is cancelled stops waiting; what it has begun goes on.
public final class Vestnik: Sendable {
    private let ffi: VestnikFFI.Vestnik

    /// By what the server knows this installation.
    public let installation: String

    private init(_ ffi: VestnikFFI.Vestnik) throws {
        self.ffi = ffi
        installation = try calling { try ffi.installation() }
    }

    /// Opens the device's files. Whose history it is can be read at once, without a network; nothing is
    /// sent before ``goOnline()``.
    ///
    /// Files and secrets stay on this device: they are in no backup, and can be read from the first unlock
    /// after a start of the device on.
    public static func open(
        _ config: Config, secrets: any SecretStore = KeychainSecretStore()
    ) async throws -> Vestnik {
        try FileProtection.prepare(config.dataFolder)
        if let spool = config.spool { try FileProtection.prepare(spool) }
        let (config, adapter) = (try config.ffi(), SecretStoreAdapter(secrets))
        let ffi = try await calling {
            try await VestnikFFI.Vestnik.open(config: config, secrets: adapter)
        }
        return try Vestnik(ffi)
    }

    /// The version of the native library.
    public static func libraryVersion() throws -> String {
        try calling { try VestnikFFI.libraryVersion() }
    }

    // MARK: Session

    /// Logs a user in, in the place of whoever was: what belonged to a former user is wiped or sealed.
    /// `identity` is a token by which the App's backend vouches for them. It is kept until the server took
    /// or refused it.
    public func login(user: String, identity: String) async throws -> Login {
        let ffi = ffi
        let login = try await cancellable { cancel in
            try await ffi.login(user: user, identity: identity, cancel: cancel)
        }
        return Login(login)
    }

    /// Ends the user's part in this device: their history is no longer shown, nor is anything that comes
    /// for them. The server is told now, or as soon as it can be reached.
    public func logout() async throws {
        try await calling { try await ffi.logout() }
    }

    // MARK: Connection

    /// Keeps a live connection from now on.
    public func goOnline() throws { try calling { try ffi.goOnline() } }

    /// Keeps no connection from now on.
    public func goOffline() throws { try calling { try ffi.goOffline() } }

    /// The system is about to freeze the process: the connection is closed, and nothing wakes the processor
    /// until ``resume()``.
    public func suspend() throws { try calling { try ffi.suspend() } }

    /// The process goes on.
    public func resume() throws { try calling { try ffi.resume() } }

    /// The network changed: the connection is probed or made anew at once.
    public func networkChanged() throws { try calling { try ffi.networkChanged() } }

    /// The person brought the app to the foreground: what waits for a retry is tried at once, and the server
    /// is told; the device on which a user did this last is their primary one.
    public func foregrounded() throws { try calling { try ffi.foregrounded() } }

    // MARK: State, events, shows

    /// Who the device is and how it is connected, at present.
    public var snapshot: Snapshot {
        get throws { Snapshot(try calling { try ffi.snapshot() }) }
    }

    /// The present snapshot, then each change; a slow reader gets the newest. Ends when the device is
    /// stopped or the task is cancelled.
    public var snapshots: AsyncThrowingStream<Snapshot, any Error> {
        get throws {
            let stream = try calling { try ffi.snapshots() }
            return pulled(cancel: { stream.cancel() }) {
                while try await stream.ready() {
                    if let next = try stream.take() { return Snapshot(next) }
                }
                return nil
            }
        }
    }

    /// What happens from now on. For a slow reader, what waits is merged. Ends when the device is stopped or
    /// the task is cancelled.
    public var events: AsyncThrowingStream<Event, any Error> {
        get throws {
            let stream = try calling { try ffi.events() }
            return pulled(cancel: { stream.cancel() }) {
                while try await stream.ready() {
                    if let next = try stream.take() { return Event(next) }
                }
                return nil
            }
        }
    }

    /// Notifications to draw, one ticket after the other. There is one reader at a time: while there is,
    /// this throws ``VestnikError/showerTaken``. Ends when the device is stopped or the task is cancelled.
    public var shows: AsyncThrowingStream<ShowTicket, any Error> {
        get throws {
            let shower = try calling { try ffi.shower() }
            return pulled(cancel: { shower.cancel() }) {
                while try await shower.ready() {
                    if let ticket = try shower.take() { return try ShowTicket(ticket) }
                }
                return nil
            }
        }
    }

    // MARK: History

    /// A page of the history; nobody's is empty.
    public func history(_ query: HistoryQuery = HistoryQuery()) async throws -> HistoryPage {
        let query = try query.ffi()
        return HistoryPage(try await calling { try await ffi.history(query: query) })
    }

    /// What a search finds, newest first.
    public func search(_ query: SearchQuery) async throws -> HistoryPage {
        HistoryPage(try await calling { try await ffi.search(query: query.ffi) })
    }

    /// One notification of the history.
    public func get(_ id: String) async throws -> HistoryItem? {
        try await calling { try await ffi.get(id: id) }.map(HistoryItem.init)
    }

    /// Marks as read, here and on the user's other devices; gives how many were not. A list of any length is
    /// marked in pieces of 500; after an error, the pieces before it stay marked.
    @discardableResult
    public func markRead(_ ids: [String]) async throws -> UInt64 {
        try await calling { try await ffi.markRead(ids: ids) }
    }

    /// Marks as unread; gives how many were not.
    @discardableResult
    public func markUnread(_ ids: [String]) async throws -> UInt64 {
        try await calling { try await ffi.markUnread(ids: ids) }
    }

    /// Marks everything that is not archived as read, up to a place or all of it; gives how many were not.
    @discardableResult
    public func markAllRead(upTo place: Place? = nil) async throws -> UInt64 {
        try await calling { try await ffi.markAllRead(upTo: place?.text) }
    }

    /// Archives, or takes out of the archive; gives how many changed.
    @discardableResult
    public func archive(_ ids: [String], isArchived: Bool = true) async throws -> UInt64 {
        try await calling { try await ffi.archive(ids: ids, isArchived: isArchived) }
    }

    /// Deletes, or takes a deletion back; gives how many changed.
    @discardableResult
    public func delete(_ ids: [String], isDeleted: Bool = true) async throws -> UInt64 {
        try await calling { try await ffi.delete(ids: ids, isDeleted: isDeleted) }
    }

    /// The person opened it, which also reads it; gives whether it is in the history.
    @discardableResult
    public func clicked(_ id: String) async throws -> Bool {
        try await calling { try await ffi.clicked(id: id) }
    }

    /// The person chose an action of it; gives whether it is in the history.
    @discardableResult
    public func actioned(_ id: String, action: String) async throws -> Bool {
        try await calling { try await ffi.actioned(id: id, action: action) }
    }

    /// The person answered it with a text; gives whether it is in the history. There may be many replies.
    @discardableResult
    public func reply(_ id: String, text: String, action: String? = nil) async throws -> Bool {
        try await calling { try await ffi.reply(id: id, text: text, action: action) }
    }

    /// The person took it off the screen unread; gives whether it is in the history.
    @discardableResult
    public func dismissed(_ id: String) async throws -> Bool {
        try await calling { try await ffi.dismissed(id: id) }
    }

    // MARK: Device

    /// The person changed whether the app may show notifications.
    public func setPermission(_ permission: Permission) async throws {
        try await calling { try await ffi.setPermission(permission: permission.ffi) }
    }

    /// The language, the time zone or a version changed.
    public func change(_ change: DeviceChange) async throws {
        try await calling { try await ffi.change(change: change.ffi) }
    }

    /// Apple's push service gave this installation a device token. Call it at each start: what the server
    /// knows already is not sent again. `environment` is that of the build's `aps-environment`; without it the
    /// server finds it out by trying.
    public func setPushAddress(deviceToken: Data, environment: PushEnvironment? = nil) async throws {
        let address = deviceToken.map { String(format: "%02x", $0) }.joined()
        let environment = environment?.ffi
        try await calling {
            try await ffi.setPushAddress(kind: .apns, address: address, environment: environment)
        }
    }

    /// Apple's push service reaches this installation no more.
    public func forgetPushAddress() async throws {
        try await calling { try await ffi.forgetPushAddress(kind: .apns) }
    }

    /// Takes a push that the app itself was given, as the JSON of its `userInfo`. What it brings takes the same
    /// way as what comes over the live connection, and is shown once.
    @discardableResult
    public func handlePush(_ push: Data) async throws -> Pushed {
        Pushed(try await calling { try await ffi.handlePush(push: push) })
    }

    /// Subscribes the user to a topic. The wish is kept, offline too; the call waits for the server's answer,
    /// at most `seconds`.
    public func subscribe(_ topic: String, within seconds: TimeInterval? = nil) async throws {
        let (ffi, within) = (ffi, try duration("within", seconds))
        try await cancellable { cancel in
            try await ffi.subscribe(topic: topic, within: within, cancel: cancel)
        }
    }

    /// Ends the user's subscription to a topic.
    public func unsubscribe(_ topic: String, within seconds: TimeInterval? = nil) async throws {
        let (ffi, within) = (ffi, try duration("within", seconds))
        try await cancellable { cancel in
            try await ffi.unsubscribe(topic: topic, within: within, cancel: cancel)
        }
    }

    /// What the user does not want, as the device knows it, offline too. It also makes the device ask the
    /// server, unless it did so in the last ten seconds; if something is another than here,
    /// ``Event/preferencesChanged(refused:)`` follows. Nobody wants anything.
    public func preferences() async throws -> Preferences {
        Preferences(try await calling { try await ffi.preferences() })
    }

    /// Opts the user out of something, or in again, on all of their devices. It is durable when this returns;
    /// the server is told when it can be reached, and ``Event/preferencesChanged(refused:)`` follows its
    /// answer.
    public func optOut(_ what: OptOut, isOptedOut: Bool = true) async throws {
        try await calling { try await ffi.optOut(what: what.ffi, isOptedOut: isOptedOut) }
    }

    /// Waits until every fact is reported, or nothing can be reported now; gives whether nothing waits.
    @discardableResult
    public func flush(within seconds: TimeInterval? = nil) async throws -> Bool {
        let (ffi, within) = (ffi, try duration("within", seconds))
        return try await cancellable { cancel in
            try await ffi.flush(within: within, cancel: cancel)
        }
    }

    /// Reads the log to its end, by a read that begins after this call; gives whether that was done. It does not
    /// go by the state of the connection, which may be dead without anybody knowing. It ends at once if the device
    /// is not to be online; otherwise it waits for a connection, at most `seconds`.
    @discardableResult
    public func catchUp(within seconds: TimeInterval? = nil) async throws -> Bool {
        let (ffi, within) = (ffi, try duration("within", seconds))
        return try await cancellable { cancel in
            try await ffi.catchUp(within: within, cancel: cancel)
        }
    }

    /// Counts, sizes, versions and states, a line for each, for a report about a fault; no content, and
    /// nobody's name.
    public func diagnostics() async throws -> String {
        try await calling { try await ffi.diagnostics() }.text
    }

    /// Finishes what is in hand and closes the files. A second call does nothing.
    public func stop() async throws {
        try await calling { try await ffi.stop() }
    }
}
