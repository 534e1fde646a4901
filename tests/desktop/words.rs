//! The words that a test looks for, in the languages of the app.

use crate::stage::Environment;

/// The words of a language.
pub(crate) struct Words {
    pub(crate) language: &'static str,
    locale: &'static str,
    pub(crate) missing: &'static str,
    pub(crate) sign_in: &'static str,
    pub(crate) sign_in_action: &'static str,
    pub(crate) unreadable: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) expired: &'static str,
    pub(crate) online: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) signed_in_anna: &'static str,
    pub(crate) signed_in_boris: &'static str,
    pub(crate) sign_out: &'static str,
    pub(crate) sign_out_question: &'static str,
    pub(crate) sign_out_pending: &'static str,
    pub(crate) sign_in_other: &'static str,
    pub(crate) replace_question: &'static str,
    pub(crate) replace_agree: &'static str,
    pub(crate) session_refused: &'static str,
    pub(crate) sign_in_again: &'static str,
    pub(crate) no_service: &'static str,
    pub(crate) delivery_ready: &'static str,
    pub(crate) switched_off: &'static str,
    pub(crate) signing_in: &'static str,
    pub(crate) cancel: &'static str,
    pub(crate) retry_now: &'static str,
    pub(crate) unreachable: &'static str,
    pub(crate) captive_portal: &'static str,
    pub(crate) wrong_address: &'static str,
    pub(crate) throttled: &'static str,
    pub(crate) server_busy: &'static str,
    pub(crate) offline: &'static str,
    pub(crate) in_files: &'static str,
    pub(crate) in_keyring: &'static str,
    pub(crate) keyring_absent: &'static str,
    pub(crate) without_keyring: &'static str,
    pub(crate) check_again: &'static str,
    pub(crate) told: &'static str,
    pub(crate) send: &'static str,
    pub(crate) sent: &'static str,
}

/// Every language of the app.
pub(crate) const ALL: [&Words; 2] = [&ENGLISH, &RUSSIAN];

pub(crate) const ENGLISH: Words = Words {
    language: "en",
    locale: "en_GB.UTF-8",
    missing: "Not set yet: server, app.",
    sign_in: "Sign in",
    sign_in_action: "Sign in",
    unreadable: "This is not a sign-in code.",
    refused: "The server did not accept this code.",
    expired: "The time of this code has passed.",
    online: "Online",
    empty: "Nothing here yet",
    signed_in_anna: "Signed in as anna",
    signed_in_boris: "Signed in as boris",
    sign_out: "Sign out",
    sign_out_question: "Sign out on this device?",
    sign_out_pending: "The server could not be told yet",
    sign_in_other: "Sign in as another user",
    replace_question: "boris is signed in on this device",
    replace_agree: "Sign in as anna",
    session_refused: "The server has ended your session.",
    sign_in_again: "Sign in again",
    no_service: "Nothing on this system shows pop-ups now.",
    delivery_ready: "Your system accepts pop-ups from Vestnik.",
    switched_off: "Pop-ups are switched off on this computer.",
    signing_in: "Signing in as anna",
    cancel: "Cancel",
    retry_now: "Try now",
    unreachable: "The server cannot be reached.",
    captive_portal: "This network asks you to sign in first.",
    wrong_address: "Something else answers at the server's address.",
    throttled: "The server asks this device to slow down.",
    server_busy: "The server is restarting or overloaded.",
    offline: "Offline",
    in_files: "are not encrypted, because no keyring runs",
    in_keyring: "are in your system's keyring",
    keyring_absent: "are in your keyring, which does not run",
    without_keyring: "Go on without the keyring",
    check_again: "Check again",
    told: "The sender will be told.",
    send: "Send",
    sent: "Your answer is kept and on its way.",
};

pub(crate) const RUSSIAN: Words = Words {
    language: "ru",
    locale: "ru_RU.UTF-8",
    missing: "Ещё не задано: server, app.",
    sign_in: "Вход",
    sign_in_action: "Войти",
    unreadable: "Это не код входа.",
    refused: "Сервер не принял этот код.",
    expired: "Срок действия этого кода прошёл.",
    online: "На связи",
    empty: "Пока ничего нет",
    signed_in_anna: "Вы вошли как anna",
    signed_in_boris: "Вы вошли как boris",
    sign_out: "Выйти",
    sign_out_question: "Выйти на этом устройстве?",
    sign_out_pending: "Сообщить об этом серверу пока не удалось",
    sign_in_other: "Войти как другой пользователь",
    replace_question: "На этом устройстве выполнен вход: boris",
    replace_agree: "Войти как anna",
    session_refused: "Сервер завершил ваш сеанс.",
    sign_in_again: "Войти снова",
    no_service: "Сейчас в системе нечему показывать всплывающие уведомления.",
    delivery_ready: "Система принимает всплывающие уведомления от Вестника.",
    switched_off: "Всплывающие уведомления на этом компьютере выключены.",
    signing_in: "Вход: anna",
    cancel: "Отмена",
    retry_now: "Попробовать сейчас",
    unreachable: "Сервер недоступен.",
    captive_portal: "Эта сеть требует сначала войти в неё.",
    wrong_address: "По адресу сервера отвечает что-то другое.",
    throttled: "Сервер просит это устройство обращаться реже.",
    server_busy: "Сервер перезапускается или перегружен.",
    offline: "Нет связи",
    in_files: "без шифрования: в системе нет связки ключей",
    in_keyring: "хранятся в связке ключей системы",
    keyring_absent: "лежат в связке ключей, а она не запущена",
    without_keyring: "Продолжить без связки ключей",
    check_again: "Проверить ещё раз",
    told: "Отправитель узнает об этом.",
    send: "Отправить",
    sent: "Ответ сохранён и отправляется.",
};

impl Words {
    /// An environment of a system in this language.
    pub(crate) fn environment(&self, mut environment: Environment) -> Environment {
        environment.push(("LC_ALL", self.locale.to_owned()));
        environment
    }

    /// The name of a picture in this language.
    pub(crate) fn picture(&self, name: &str) -> String {
        format!("{}-{name}", self.language)
    }
}
