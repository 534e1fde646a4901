//! The fields of a message, of both versions; those of other platforms and of cards are left out.

use crate::shape::Shape::{self, Bool, Integer, List, Object, Struct, Text, Word};

/// Huawei's kinds of message.
const CATEGORIES: Shape = Word(&[
    "IM",
    "VOIP",
    "MISS_CALL",
    "SUBSCRIPTION",
    "TRAVEL",
    "HEALTH",
    "WORK",
    "ACCOUNT",
    "EXPRESS",
    "FINANCE",
    "DEVICE_REMINDER",
    "MAIL",
    "CUSTOMER_SERVICE",
    "PLAY_VOICE",
    "MARKETING",
]);

/// The body of a request of version 1.
pub(super) const VERSION_1: Shape = Object(&[
    ("validate_only", Bool),
    ("message", MESSAGE),
    ("review", List(&Struct)),
]);

const MESSAGE: Shape = Object(&[
    ("data", Text),
    (
        "notification",
        Object(&[("title", Text), ("body", Text), ("image", Text)]),
    ),
    ("android", ANDROID),
    ("apns", Struct),
    ("webpush", Struct),
    ("token", List(&Text)),
    ("topic", Text),
    ("condition", Text),
]);

const ANDROID: Shape = Object(&[
    ("bi_tag", Text),
    ("category", CATEGORIES),
    ("collapse_key", Integer),
    ("data", Text),
    ("fast_app_target", Integer),
    ("notification", Struct),
    ("receipt_id", Text),
    ("target_user_type", Integer),
    ("ttl", Text),
    ("urgency", Word(&["HIGH", "NORMAL"])),
]);

/// The body of a request of version 3.
pub(super) const VERSION_3: Shape = Object(&[
    ("payload", Struct),
    ("target", Object(&[("token", List(&Text))])),
    (
        "pushOptions",
        Object(&[
            ("testMessage", Bool),
            ("ttl", Integer),
            ("biTag", Text),
            ("receiptId", Text),
            ("collapseKey", Integer),
            ("backgroundMode", Integer),
        ]),
    ),
]);

/// The payload of a notification, `push-type` 0.
pub(super) const ALERT: Shape = Object(&[("notification", NOTIFICATION)]);

const NOTIFICATION: Shape = Object(&[
    ("category", CATEGORIES),
    ("title", Text),
    ("body", Text),
    ("image", Text),
    ("style", Integer),
    ("bigTitle", Text),
    ("bigBody", Text),
    ("notifyId", Integer),
    ("appMessageId", Text),
    ("profileId", Text),
    ("inboxContent", List(&Text)),
    (
        "clickAction",
        Object(&[
            ("actionType", Integer),
            ("action", Text),
            ("uri", Text),
            ("data", Struct),
        ]),
    ),
    ("badge", Object(&[("addNum", Integer), ("setNum", Integer)])),
    ("sound", Text),
    ("soundDuration", Integer),
    ("foregroundShow", Bool),
]);

/// The payload of a message for the background, `push-type` 6.
pub(super) const BACKGROUND: Shape =
    Object(&[("extraData", Text), ("proxyData", Word(&["ENABLE"]))]);
