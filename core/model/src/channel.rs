//! Over which route something was tried.

use crate::{gateway::GatewayName, open::words_or_gateways};

/// A route by which a delivery is tried. Where an installation has addresses at several services, they are
/// tried in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// The live connection.
    Hub,
    /// Firebase Cloud Messaging.
    Fcm,
    /// `RuStore`.
    Rustore,
    /// Huawei Push Kit.
    Hms,
    /// The Apple Push Notification service.
    Apns,
    /// Web Push, `UnifiedPush` included.
    Webpush,
    /// E-mail.
    Email,
    /// A request to the App's own backend, which delivers it as it can.
    Webhook,
    /// A gateway of the App, by its name.
    Gateway(GatewayName),
}

words_or_gateways!(Channel {
    Hub = "hub",
    Fcm = "fcm",
    Rustore = "rustore",
    Hms = "hms",
    Apns = "apns",
    Webpush = "webpush",
    Email = "email",
    Webhook = "webhook",
});
