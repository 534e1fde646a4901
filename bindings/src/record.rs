//! Records that mirror the core's types. Ids and times are texts or numbers that every language
//! has; `convert.rs` holds the exhaustive conversions.

/// How to reach the server, and what to tell it of this device.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PushConfig {
    /// The server's address, `https://…`.
    pub server: String,
    /// The App's id.
    pub app: String,
    /// A folder of the app's own where history and tokens live; made when it is not there.
    pub data_dir: String,
    /// What to tell the server of this device.
    pub device: DeviceRecord,
}

/// A description of the device.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DeviceRecord {
    /// The system it runs on.
    pub platform: PlatformName,
    /// The device's model.
    #[uniffi(default = None)]
    pub model: Option<String>,
    /// The system's version.
    #[uniffi(default = None)]
    pub os_version: Option<String>,
    /// The app's version.
    #[uniffi(default = None)]
    pub app_version: Option<String>,
    /// A BCP 47 language tag.
    #[uniffi(default = None)]
    pub locale: Option<String>,
    /// An IANA time zone name.
    #[uniffi(default = None)]
    pub time_zone: Option<String>,
    /// Whether the system lets the app show notifications.
    pub permission: PermissionState,
}

/// The system an installation runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PlatformName {
    /// Android.
    Android,
    /// iOS and iPadOS.
    Ios,
    /// Linux.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
    /// A browser.
    Web,
}

/// Whether the system lets the app show notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PermissionState {
    /// The system does not tell.
    Unknown,
    /// The person was not asked yet.
    NotAsked,
    /// It does.
    Granted,
    /// It does, quietly.
    Provisional,
    /// It does not.
    Denied,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NotificationRecord {
    /// What it is known by on every path; make the system's tag of it.
    pub id: String,
    /// The line by which a person recognises it.
    pub title: String,
    /// What it says; plain text.
    pub body: String,
    /// An `https` address of a picture.
    pub image: Option<String>,
    /// The kind of content; becomes the Android channel.
    pub category: Option<String>,
    /// How urgently it asks for attention.
    pub priority: PriorityLevel,
    /// What a tap opens.
    pub click: Option<ClickRecord>,
    /// The sender's own data, a JSON object.
    pub data_json: Option<String>,
    /// When the server accepted it, in milliseconds since 1970.
    pub accepted_at_ms: i64,
    /// From when on it is not worth showing, in milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// How urgently a notification asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PriorityLevel {
    /// May wait; makes no sound.
    Low,
    /// The usual.
    Normal,
    /// Asks for attention now.
    High,
    /// Breaks through quiet hours where the category allows.
    Critical,
}

/// What a tap opens.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ClickRecord {
    /// Who opens it.
    pub opened_by: OpenedBy,
    /// The address.
    pub url: String,
}

/// Who opens the address of a tap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum OpenedBy {
    /// The app itself.
    App,
    /// The system's browser.
    Link,
    /// A web view inside the app.
    Webview,
}

/// A notification in the history.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HistoryItemRecord {
    /// The notification.
    pub notification: NotificationRecord,
    /// When this device stored it, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// When it was read, here or on another device; absent while it is unread.
    pub read_at_ms: Option<i64>,
}

/// Which part of the history.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HistoryQueryRecord {
    /// Older than this place, as `next` of the page before gave it; absent for the newest.
    #[uniffi(default = None)]
    pub before: Option<String>,
    /// The most items, 1 to 200.
    #[uniffi(default = 50)]
    pub limit: u32,
    /// Only what is unread.
    #[uniffi(default = false)]
    pub unread_only: bool,
}

/// A page of the history, newest first.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HistoryPageRecord {
    /// The items.
    pub items: Vec<HistoryItemRecord>,
    /// What to ask for older ones by; absent when there are none.
    pub next: Option<String>,
}

/// How the live connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ConnectionRecord {
    /// Not connected; the core goes on trying.
    Offline,
    /// A connection is being made.
    Connecting,
    /// Connected; reading what was missed.
    Syncing,
    /// Connected, and nothing is missing.
    Online,
    /// Nobody is logged in: hand a fresh identity token in.
    NeedsIdentity,
    /// The user logged out.
    SignedOut,
}
