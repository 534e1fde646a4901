//! Attempts that had no try, or are to have another.

use super::Target;

pub(super) fn due(Target { what, by, .. }: &Target, when: &str) -> String {
    format!(
        "Передать через {by} {what} сервер попробует {when}: попытка была отложена до отправки."
    )
}

pub(super) fn dropped(Target { what, by, .. }: &Target) -> String {
    let why = "это было уже не нужно, или время шага вышло";
    format!("Передавать через {by} {what} сервер не стал: {why}.")
}

pub(super) fn anew(Target { what, by, .. }: &Target, when: &str) -> String {
    format!("Через {by} заново передаётся {what} {when}, потому что об этом попросил отправитель.")
}
