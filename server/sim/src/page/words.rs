//! The words of the page, in English and Russian.

use crate::{device::Kind, shown::Form};

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Russian,
}

/// Everything that the page says.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) tag: &'static str,
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) phones: &'static str,
    pub(super) none: &'static str,
    pub(super) nothing: &'static str,
    pub(super) online: &'static str,
    pub(super) offline: &'static str,
    pub(super) dead: &'static str,
    /// Before the number of what the service stores.
    pub(super) stored: &'static str,
    /// Before the number of devices that are not shown.
    pub(super) more: &'static str,
    pub(super) stale: &'static str,
}

const ENGLISH: Words = Words {
    tag: "en",
    title: "Vestnik simulator",
    lead: "What each device would show. The page follows by itself.",
    phones: "Devices",
    none: "There are no devices yet. Make one with POST /admin/devices.",
    nothing: "Nothing yet",
    online: "online",
    offline: "offline",
    dead: "address is dead",
    stored: "waiting at the service: ",
    more: "Devices that are not shown here: ",
    stale: "The simulator does not answer. What is shown is as it was last.",
};

const RUSSIAN: Words = Words {
    tag: "ru",
    title: "Симулятор «Вестника»",
    lead: "Что показало бы каждое устройство. Страница обновляется сама.",
    phones: "Устройства",
    none: "Устройств пока нет. Создайте устройство запросом POST /admin/devices.",
    nothing: "Пока ничего",
    online: "на связи",
    offline: "не на связи",
    dead: "адрес больше не действует",
    stored: "ждут в службе: ",
    more: "Не показано устройств: ",
    stale: "Симулятор не отвечает. Показано последнее известное.",
};

impl Language {
    /// The language that a reader prefers: the first one of `Accept-Language` that the page has.
    /// Weights are ignored, because browsers write the languages in the order of preference.
    pub(super) fn preferred(accepted: &str) -> Self {
        let tags = accepted
            .split(',')
            .map(|tag| tag.trim().to_ascii_lowercase());
        let known = tags.filter_map(
            |tag| match tag.split(['-', ';']).next().unwrap_or_default() {
                "ru" => Some(Self::Russian),
                "en" => Some(Self::English),
                _ => None,
            },
        );
        known.into_iter().next().unwrap_or(Self::English)
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Russian => &RUSSIAN,
        }
    }

    /// What stands for a message without a text that the platform draws.
    pub(super) fn generic(self, form: Form) -> &'static str {
        match (self, form) {
            (Self::English, Form::Alert) => "A notification without text",
            (Self::English, Form::Sealed) => "A sealed message: only the app can read it",
            (Self::English, Form::Data) => "A message for the app, which draws it",
            (Self::English, Form::Live) => "A Live Activity",
            (Self::English, Form::Silent) => "The app is woken in the background",
            (Self::English, Form::Withdrawal) => "The app takes a notification off the screen",
            (Self::Russian, Form::Alert) => "Уведомление без текста",
            (Self::Russian, Form::Sealed) => {
                "Запечатанное сообщение: прочесть его может только приложение"
            }
            (Self::Russian, Form::Data) => "Сообщение для приложения, оно рисует его само",
            (Self::Russian, Form::Live) => "Live Activity",
            (Self::Russian, Form::Silent) => "Приложение разбужено в фоне",
            (Self::Russian, Form::Withdrawal) => "Приложение убирает уведомление с экрана",
        }
    }

    /// A word for a form that a reader would not see otherwise.
    pub(super) fn mark(self, form: Form) -> Option<&'static str> {
        match (self, form) {
            (_, Form::Alert) => None,
            (Self::English, Form::Sealed) => Some("sealed"),
            (Self::English, Form::Data) => Some("data"),
            (Self::English, Form::Live) => Some("live"),
            (Self::English, Form::Silent) => Some("silent"),
            (Self::English, Form::Withdrawal) => Some("withdrawn"),
            (Self::Russian, Form::Sealed) => Some("запечатано"),
            (Self::Russian, Form::Data) => Some("данные"),
            (Self::Russian, Form::Live) => Some("live"),
            (Self::Russian, Form::Silent) => Some("без показа"),
            (Self::Russian, Form::Withdrawal) => Some("отозвано"),
        }
    }
}

/// A device's kind, by the names of the platforms.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::FcmToken => "FCM",
        Kind::FcmFid => "FCM (FID)",
        Kind::Apns => "APNs",
        Kind::ApnsVoip => "APNs VoIP",
        Kind::ApnsLiveStart => "Live Activity (start)",
        Kind::ApnsLiveUpdate => "Live Activity",
        Kind::WebPush => "Web Push",
        Kind::Hms => "Huawei",
        Kind::Rustore => "RuStore",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_the_page_has_is_used() {
        for (accepted, expected) in [
            ("ru-RU,ru;q=0.9,en;q=0.8", Language::Russian),
            ("de, ru;q=0.5, en;q=0.4", Language::Russian),
            ("en-GB,ru", Language::English),
            ("rum", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::preferred(accepted), expected, "{accepted}");
        }
    }
}
