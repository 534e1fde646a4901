//! Attempts that had no try, or are to have another, and providers that did not get them.

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

pub(super) fn passed_over(Target { what, by, .. }: &Target, why: &str, is_asked: bool) -> String {
    if is_asked {
        format!("Через {by} не принято {what}, потому что {why}; за ним следовал другой поставщик.")
    } else {
        format!(
            "Через {by} не передавалось {what}, потому что {why}; за ним следовал другой поставщик."
        )
    }
}
