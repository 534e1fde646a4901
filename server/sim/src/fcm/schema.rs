//! The fields of `projects.messages.send`.
//!
//! <https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages>

use crate::shape::Shape::{
    self, Bool, Duration, Integer, List, Number, Object, Struct, Text, Texts, Time, Word,
};

/// The body of the request.
pub(super) const REQUEST: Shape = Object(&[("validate_only", Bool), ("message", MESSAGE)]);

const MESSAGE: Shape = Object(&[
    ("name", Text),
    ("data", Texts),
    ("notification", NOTIFICATION),
    ("android", ANDROID),
    ("webpush", WEBPUSH),
    ("apns", APNS),
    ("fcm_options", Object(&[("analytics_label", Text)])),
    ("token", Text),
    ("fid", Text),
    ("topic", Text),
    ("condition", Text),
]);

const NOTIFICATION: Shape = Object(&[("title", Text), ("body", Text), ("image", Text)]);

const ANDROID: Shape = Object(&[
    ("collapse_key", Text),
    (
        "priority",
        Word(&["ANDROID_MESSAGE_PRIORITY_UNSPECIFIED", "NORMAL", "HIGH"]),
    ),
    ("ttl", Duration),
    ("restricted_package_name", Text),
    ("data", Texts),
    ("notification", ANDROID_NOTIFICATION),
    ("fcm_options", Object(&[("analytics_label", Text)])),
    ("direct_boot_ok", Bool),
    ("bandwidth_constrained_ok", Bool),
    ("restricted_satellite_ok", Bool),
]);

const ANDROID_NOTIFICATION: Shape = Object(&[
    ("title", Text),
    ("body", Text),
    ("icon", Text),
    ("color", Text),
    ("sound", Text),
    ("tag", Text),
    ("click_action", Text),
    ("body_loc_key", Text),
    ("body_loc_args", List(&Text)),
    ("title_loc_key", Text),
    ("title_loc_args", List(&Text)),
    ("channel_id", Text),
    ("ticker", Text),
    ("sticky", Bool),
    ("event_time", Time),
    ("local_only", Bool),
    (
        "notification_priority",
        Word(&[
            "PRIORITY_UNSPECIFIED",
            "PRIORITY_MIN",
            "PRIORITY_LOW",
            "PRIORITY_DEFAULT",
            "PRIORITY_HIGH",
            "PRIORITY_MAX",
        ]),
    ),
    ("default_sound", Bool),
    ("default_vibrate_timings", Bool),
    ("default_light_settings", Bool),
    ("vibrate_timings", List(&Duration)),
    (
        "visibility",
        Word(&["VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"]),
    ),
    ("notification_count", Integer),
    ("light_settings", LIGHT),
    ("image", Text),
    (
        "proxy",
        Word(&["PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"]),
    ),
]);

const LIGHT: Shape = Object(&[
    (
        "color",
        Object(&[
            ("red", Number),
            ("green", Number),
            ("blue", Number),
            ("alpha", Number),
        ]),
    ),
    ("light_on_duration", Duration),
    ("light_off_duration", Duration),
]);

const WEBPUSH: Shape = Object(&[
    ("headers", Texts),
    ("data", Texts),
    ("notification", Struct),
    (
        "fcm_options",
        Object(&[("link", Text), ("analytics_label", Text)]),
    ),
]);

const APNS: Shape = Object(&[
    ("headers", Texts),
    ("payload", Struct),
    (
        "fcm_options",
        Object(&[("analytics_label", Text), ("image", Text)]),
    ),
    ("live_activity_token", Text),
]);
