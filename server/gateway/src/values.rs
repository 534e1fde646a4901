//! What the placeholders of a template stand for.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    build_error::BuildError,
    incoming::Incoming,
    message::Message,
    recipient::To,
    setting::{SettingRules, Settings},
    template::{Form, Name, Placeholder},
    text::{Length, Text, clean},
};

/// What stands for a secret where it is not told.
pub(crate) const MASK: &str = "***";

/// What the placeholders of a template stand for.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) message: Option<(&'a Message<'a>, &'a Text, Timestamp)>,
    pub(crate) parameter: Option<&'a str>,
    pub(crate) incoming: Option<&'a Incoming<'a>>,
    /// The rules of the settings, if secret ones are not told.
    pub(crate) masked: Option<&'a SettingRules>,
}

impl<'a> Values<'a> {
    pub(crate) const fn of(settings: &'a Settings) -> Self {
        Self {
            settings,
            message: None,
            parameter: None,
            incoming: None,
            masked: None,
        }
    }

    /// The value of a placeholder; none if it is absent.
    pub(crate) fn get(
        &self,
        placeholder: &Placeholder,
    ) -> Result<Option<Cow<'a, str>>, BuildError> {
        match &placeholder.name {
            Name::Setting(name) => Ok(self.setting(name)),
            Name::Parameter => Ok(self.parameter.map(Cow::Borrowed)),
            Name::Received => {
                let body = self.incoming.map(|incoming| incoming.body);
                Ok(body.map(String::from_utf8_lossy))
            }
            Name::Header(name) => {
                let value = self.incoming.and_then(|incoming| incoming.header(name));
                Ok(value.map(Cow::Borrowed))
            }
            Name::Phone
            | Name::Chat
            | Name::Text
            | Name::Title
            | Name::Body
            | Name::Link
            | Name::Locale
            | Name::Key
            | Name::Code
            | Name::ExpiresAt
            | Name::ExpiresIn
            | Name::Callback => {
                let Some((message, text, now)) = self.message else {
                    return Ok(None);
                };
                of_message(placeholder, message, (text, now))
            }
        }
    }

    fn setting(&self, name: &str) -> Option<Cow<'a, str>> {
        let value = self.settings.get(name)?;
        let rule = self.masked.and_then(|rules| rules.get(name));
        if rule.is_some_and(|rule| rule.is_secret) {
            return Some(Cow::Borrowed(MASK));
        }
        Some(Cow::Borrowed(value))
    }

    /// Whether a value that may be absent is there.
    pub(crate) fn has(&self, name: &Name) -> bool {
        if let Name::Setting(name) = name {
            return self.settings.has(name);
        }
        let form = Form::Plain;
        let name = name.clone();
        matches!(self.get(&Placeholder { name, form }), Ok(Some(_)))
    }
}

fn of_message<'a>(
    placeholder: &Placeholder,
    message: &'a Message<'a>,
    (text, now): (&Text, Timestamp),
) -> Result<Option<Cow<'a, str>>, BuildError> {
    let value = match (&placeholder.name, message.to) {
        (Name::Phone, To::Phone(phone)) => {
            let digits = phone.as_str().trim_start_matches('+');
            let is_plain = placeholder.form == Form::Plain;
            Some(Cow::Borrowed(if is_plain {
                phone.as_str()
            } else {
                digits
            }))
        }
        (Name::Chat, To::Chat(chat)) => Some(Cow::Borrowed(chat.as_str())),
        (Name::Phone | Name::Chat, _) => return Err(BuildError::Recipient),
        (Name::Text, _) => {
            let text = text.of(message);
            Some(Cow::Owned(
                text.ok_or(BuildError::TooLong { name: "text" })?,
            ))
        }
        (Name::Title, _) => {
            let title = message.title.filter(|title| !title.is_empty());
            let title = title.map(|title| limited("title", title, text.title));
            title.transpose()?
        }
        (Name::Body, _) => Some(limited("body", message.body, text.body)?),
        (Name::Link, _) => message.link.map(clean),
        (Name::Locale, _) => message.locale.map(clean),
        (Name::Callback, _) => message.callback.map(Cow::Borrowed),
        (Name::Key, _) => Some(Cow::Owned(key(message, placeholder.form))),
        (Name::Code, _) => Some(Cow::Borrowed(code(message.body, placeholder.form)?)),
        (Name::ExpiresAt, _) => {
            let at = message.expires_at;
            let is_unix = placeholder.form == Form::Unix;
            Some(Cow::Owned(if is_unix {
                at.as_second().to_string()
            } else {
                at.to_string()
            }))
        }
        (Name::ExpiresIn, _) => {
            let left = message.expires_at.duration_since(now).as_secs().max(1);
            Some(Cow::Owned(left.to_string()))
        }
        (Name::Parameter | Name::Received | Name::Header(_) | Name::Setting(_), _) => None,
    };
    if placeholder.form == Form::Line {
        return Ok(value.map(|value| Cow::Owned(on_one_line(&value))));
    }
    Ok(value)
}

/// A text without line breaks and with single spaces.
fn on_one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ")
}

fn limited<'a>(
    name: &'static str,
    value: &'a str,
    length: Option<Length>,
) -> Result<Cow<'a, str>, BuildError> {
    match length {
        None => Ok(clean(value)),
        Some(length) => {
            let fitting = length.fit(value).ok_or(BuildError::TooLong { name })?;
            Ok(Cow::Owned(fitting))
        }
    }
}

/// The idempotency key: the same for each try of an attempt, another for each other attempt. The numbers are of
/// a hash, since the ids of attempts begin with their time.
fn key(message: &Message<'_>, form: Form) -> String {
    let uuid = message.attempt.uuid();
    let hash = digest(&SHA256, uuid.as_bytes());
    let mut first = [0; 16];
    first.copy_from_slice(&hash.as_ref()[..16]);
    let number = u128::from_be_bytes(first);
    match form {
        Form::Uuid => {
            let uuid = uuid::Builder::from_random_bytes(first).into_uuid();
            uuid.to_string()
        }
        Form::Int31 => (number >> 97).max(1).to_string(),
        Form::Int63 => (number >> 65).max(1).to_string(),
        Form::Plain | Form::Digits | Form::Number | Form::Unix | Form::Line | Form::Digit(_) => {
            Uuid::simple(uuid).to_string()
        }
    }
}

/// The one number of so many digits in a text.
fn code(text: &str, form: Form) -> Result<&str, BuildError> {
    let Form::Digit(digits) = form else {
        return Err(BuildError::Code { digits: 0 });
    };
    let runs = text.split(|c: char| !c.is_ascii_digit());
    let mut runs = runs.filter(|run| run.len() == usize::from(digits));
    match (runs.next(), runs.next()) {
        (Some(code), None) => Ok(code),
        _ => Err(BuildError::Code { digits }),
    }
}
