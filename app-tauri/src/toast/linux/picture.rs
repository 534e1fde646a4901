//! A toast in the words of the specification.

use std::collections::HashMap;

use vestnik_model::Priority;
use zbus::zvariant::Value;

use super::super::{APP_NAME, Toast};

/// The name of the file that describes the app to the desktop, as the package installs it; toasts
/// are grouped and permitted by it.
const DESKTOP_ENTRY: &str = "Vestnik";

/// The name of the app's icon, as the package installs it.
const ICON: &str = "vestnik-desktop";

/// The action that a click on the toast itself stands for.
pub(super) const DEFAULT_ACTION: &str = "default";

/// The service decides how long it stays.
const USUAL_TIME: i32 = -1;

/// The arguments of `Notify`.
pub(super) type Arguments<'a> = (
    &'static str,
    u32,
    &'static str,
    &'a str,
    String,
    Vec<&'static str>,
    HashMap<&'static str, Value<'a>>,
    i32,
);

/// The arguments of `Notify` for a toast that replaces the one with the number.
pub(super) fn arguments(toast: &Toast, replaces: u32, has_markup: bool) -> Arguments<'_> {
    let body = if has_markup {
        escape(&toast.body)
    } else {
        toast.body.clone()
    };
    let hints = HashMap::from([
        ("desktop-entry", Value::from(DESKTOP_ENTRY)),
        ("urgency", Value::U8(urgency(toast.priority))),
        ("x-dunst-stack-tag", Value::from(toast.id.to_string())),
    ]);
    (
        APP_NAME,
        replaces,
        ICON,
        toast.title.as_str(),
        body,
        vec![DEFAULT_ACTION, toast.open],
        hints,
        USUAL_TIME,
    )
}

/// Services that know markup would read text with angle brackets as such.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

const fn urgency(priority: Priority) -> u8 {
    match priority {
        Priority::Low => 0,
        Priority::Normal | Priority::High => 1,
        Priority::Critical => 2,
    }
}
