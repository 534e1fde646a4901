//! The words of tray and toasts. The window has its own, in `ui/src/i18n`.

use crate::view::{Language, LanguagePreference};

/// The language that a preference means on a system.
pub(crate) fn language(preference: LanguagePreference, system: Language) -> Language {
    match preference {
        LanguagePreference::System => system,
        LanguagePreference::En => Language::En,
        LanguagePreference::Ru => Language::Ru,
    }
}

/// The language of a system by its locale (`ru_RU.UTF-8`, `en-GB`); English when we do not speak
/// it.
pub(crate) fn language_of(locale: &str) -> Language {
    match locale.split(['_', '-', '.']).next() {
        Some("ru") => Language::Ru,
        _ => Language::En,
    }
}

/// The app's name.
pub(crate) fn app_name(language: Language) -> &'static str {
    match language {
        Language::En => "Vestnik",
        Language::Ru => "Вестник",
    }
}

/// The command that brings the window up, or opens what a toast shows.
pub(crate) fn open(language: Language) -> &'static str {
    match language {
        Language::En => "Open",
        Language::Ru => "Открыть",
    }
}

/// The command that ends the app.
pub(crate) fn quit(language: Language) -> &'static str {
    match language {
        Language::En => "Quit",
        Language::Ru => "Выйти",
    }
}

/// How much is unread.
pub(crate) fn unread(language: Language, count: u64) -> String {
    match language {
        Language::En => unread_in_english(count),
        Language::Ru => unread_in_russian(count),
    }
}

/// The window's title.
pub(crate) fn title(language: Language, unread: u64) -> String {
    match unread {
        0 => app_name(language).to_owned(),
        _ => format!("({unread}) {}", app_name(language)),
    }
}

fn unread_in_english(count: u64) -> String {
    match count {
        0 => "All read".to_owned(),
        1 => "1 unread notification".to_owned(),
        _ => format!("{count} unread notifications"),
    }
}

fn unread_in_russian(count: u64) -> String {
    match (count, count % 10, count % 100) {
        (0, _, _) => "Всё прочитано".to_owned(),
        (_, _, 11..=14) | (_, 0 | 5..=9, _) => format!("{count} непрочитанных уведомлений"),
        (_, 1, _) => format!("{count} непрочитанное уведомление"),
        _ => format!("{count} непрочитанных уведомления"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn russian_counts() {
        for (count, words) in [
            (0, "Всё прочитано"),
            (1, "1 непрочитанное уведомление"),
            (3, "3 непрочитанных уведомления"),
            (5, "5 непрочитанных уведомлений"),
            (10, "10 непрочитанных уведомлений"),
            (11, "11 непрочитанных уведомлений"),
            (14, "14 непрочитанных уведомлений"),
            (21, "21 непрочитанное уведомление"),
            (22, "22 непрочитанных уведомления"),
            (111, "111 непрочитанных уведомлений"),
        ] {
            assert_eq!(unread(Language::Ru, count), words);
        }
    }

    #[test]
    fn english_counts() {
        assert_eq!(unread(Language::En, 0), "All read");
        assert_eq!(unread(Language::En, 1), "1 unread notification");
        assert_eq!(unread(Language::En, 21), "21 unread notifications");
    }

    #[test]
    fn a_locale_names_a_language() {
        for (locale, expected) in [
            ("ru_RU.UTF-8", Language::Ru),
            ("ru", Language::Ru),
            ("en-GB", Language::En),
            ("run", Language::En),
            ("C", Language::En),
        ] {
            assert_eq!(language_of(locale), expected, "{locale}");
        }
    }

    #[test]
    fn a_title_counts_what_is_unread() {
        assert_eq!(title(Language::Ru, 0), "Вестник");
        assert_eq!(title(Language::En, 4), "(4) Vestnik");
    }
}
