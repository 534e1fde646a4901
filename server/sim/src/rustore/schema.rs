//! The fields of a message.

use crate::shape::Shape::{self, Bool, Duration, Integer, Object, Text, Texts};

/// The body of the request. `validate_only` is documented in an older edition only.
pub(super) const REQUEST: Shape = Object(&[("validate_only", Bool), ("message", MESSAGE)]);

const MESSAGE: Shape = Object(&[
    ("token", Text),
    ("data", Texts),
    (
        "notification",
        Object(&[("title", Text), ("body", Text), ("image", Text)]),
    ),
    (
        "android",
        Object(&[("ttl", Duration), ("notification", ANDROID_NOTIFICATION)]),
    ),
]);

const ANDROID_NOTIFICATION: Shape = Object(&[
    ("title", Text),
    ("body", Text),
    ("icon", Text),
    ("color", Text),
    ("image", Text),
    ("channel_id", Text),
    ("click_action", Text),
    ("click_action_type", Integer),
]);
