import Foundation
internal import VestnikFFI

/// How to reach the server, and what to tell it of the device.
public struct Config: Sendable {
    /// The server's address, as `https://push.example/`. A path stays a part of it.
    public var server: URL
    /// The App's id.
    public var app: String
    /// A folder of the app's own for history and state, outside of the app group: only the app opens it.
    public var dataFolder: URL
    public var device: DeviceInfo
    /// Where the notification extension leaves pushes: a folder of the app group. Nil for `spool` in
    /// `dataFolder`.
    public var spool: URL?
    public var formerHistory: FormerHistory
    public var network: Network
    public var tuning: Tuning

    public init(
        server: URL, app: String, dataFolder: URL, device: DeviceInfo, spool: URL? = nil,
        formerHistory: FormerHistory = .wipe, network: Network = Network(), tuning: Tuning = Tuning()
    ) {
        self.server = server
        self.app = app
        self.dataFolder = dataFolder
        self.device = device
        self.spool = spool
        self.formerHistory = formerHistory
        self.network = network
        self.tuning = tuning
    }

    func ffi() throws -> VestnikFFI.Config {
        VestnikFFI.Config(
            server: server.absoluteString, app: app, dataDir: dataFolder.path, device: device.ffi,
            spoolDir: spool?.path, formerHistory: formerHistory.ffi, network: network.ffi, tuning: try tuning.ffi())
    }
}

/// Without addresses, which may have a password in them.
extension Config: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "Config(app \(app))" }
    public var debugDescription: String { description }
}

/// What the server is told of the device.
public struct DeviceInfo: Sendable {
    public var permission: Permission
    public var model: String?
    public var osVersion: String?
    public var appVersion: String?
    /// A BCP 47 language tag.
    public var locale: String?
    /// The IANA name of the time zone.
    public var timeZone: String?

    public init(
        permission: Permission, model: String? = nil, osVersion: String? = nil, appVersion: String? = nil,
        locale: String? = Locale.preferredLanguages.first, timeZone: String? = TimeZone.current.identifier
    ) {
        self.permission = permission
        self.model = model
        self.osVersion = osVersion
        self.appVersion = appVersion
        self.locale = locale
        self.timeZone = timeZone
    }

    var ffi: VestnikFFI.DeviceInfo {
        #if os(iOS)
        let platform = VestnikFFI.Platform.ios
        #else
        let platform = VestnikFFI.Platform.macos
        #endif
        return VestnikFFI.DeviceInfo(
            platform: platform, permission: permission.ffi, model: model, osVersion: osVersion,
            appVersion: appVersion, locale: locale, timeZone: timeZone)
    }
}

/// A change of what the server is told of the device. What is nil stays as it is.
public struct DeviceChange: Sendable {
    public var locale: String?
    public var timeZone: String?
    public var appVersion: String?
    public var osVersion: String?

    public init(
        locale: String? = nil, timeZone: String? = nil, appVersion: String? = nil, osVersion: String? = nil
    ) {
        self.locale = locale
        self.timeZone = timeZone
        self.appVersion = appVersion
        self.osVersion = osVersion
    }

    var ffi: VestnikFFI.DeviceChange {
        VestnikFFI.DeviceChange(
            locale: locale, timeZone: timeZone, appVersion: appVersion, osVersion: osVersion)
    }
}

/// Whether the app may show notifications, by the system and by its own switch.
public enum Permission: Sendable {
    /// The system does not say.
    case unknown
    /// The person was not asked yet.
    case notAsked
    /// It does.
    case granted
    /// It does, without sound or banner.
    case provisional
    /// It does not: the core suppresses each show, and none appears later.
    case denied
    /// It does, and the person switched notifications off in the app: the core suppresses each show, and the
    /// server tries other channels.
    case switchedOff

    var ffi: VestnikFFI.Permission {
        switch self {
        case .unknown: .unknown
        case .notAsked: .notAsked
        case .granted: .granted
        case .provisional: .provisional
        case .denied: .denied
        case .switchedOff: .switchedOff
        }
    }
}

/// What becomes of a user's history when they log out or another user logs in.
public enum FormerHistory: Sendable {
    /// Its content is deleted.
    case wipe
    /// Its file stays, and nobody opens it until its user logs in again.
    case seal

    var ffi: VestnikFFI.FormerHistory {
        switch self {
        case .wipe: .wipe
        case .seal: .seal
        }
    }
}

/// How to reach the network.
public struct Network: Sendable {
    /// The address of a proxy; it may have a user and a password.
    public var proxy: URL?
    /// Certificates to trust beside the system's, each as PEM.
    public var roots: [Data]

    public init(proxy: URL? = nil, roots: [Data] = []) {
        self.proxy = proxy
        self.roots = roots
    }

    var ffi: VestnikFFI.Network {
        VestnikFFI.Network(proxy: proxy?.absoluteString, roots: roots)
    }
}

/// Without the proxy's user and password.
extension Network: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "Network(\(proxy == nil ? "no proxy" : "a proxy"), \(roots.count) roots)" }
    public var debugDescription: String { description }
}

/// Times, in seconds, and sizes. What is nil has its usual value.
public struct Tuning: Sendable {
    /// The most that the first retry waits.
    public var backoffBase: TimeInterval?
    /// The most that any retry waits, unless the server asks for more.
    public var backoffCap: TimeInterval?
    /// How long a request may take.
    public var requestTimeout: TimeInterval?
    /// How many notifications the history keeps.
    public var historyRows: UInt32?

    public init(
        backoffBase: TimeInterval? = nil, backoffCap: TimeInterval? = nil,
        requestTimeout: TimeInterval? = nil, historyRows: UInt32? = nil
    ) {
        self.backoffBase = backoffBase
        self.backoffCap = backoffCap
        self.requestTimeout = requestTimeout
        self.historyRows = historyRows
    }

    func ffi() throws -> VestnikFFI.Tuning {
        VestnikFFI.Tuning(
            backoffBase: try duration("backoffBase", backoffBase),
            backoffCap: try duration("backoffCap", backoffCap),
            requestTimeout: try duration("requestTimeout", requestTimeout), historyRows: historyRows)
    }
}
