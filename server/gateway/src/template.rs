//! Texts with placeholders: `{phone}`, `{text}`, `{settings.token}`.
//!
//! A template is text and placeholders and nothing else: no conditions, no expressions. What a placeholder
//! stands for is put in by its position (a segment of a path, a field of a form, a string of JSON), never by
//! joining texts to a document.

use std::borrow::Cow;

use http::HeaderName;

use crate::{
    build_error::BuildError,
    fault::TemplateFault,
    recipient::RecipientKind,
    setting::{SettingRule, SettingRules},
    values::Values,
};

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Value(Placeholder),
}

/// A placeholder of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placeholder {
    pub(crate) name: Name,
    pub(crate) form: Form,
}

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    Phone,
    Chat,
    Text,
    Title,
    Body,
    Link,
    Locale,
    Key,
    Code,
    ExpiresAt,
    ExpiresIn,
    Callback,
    /// What a person's link to a chat carries.
    Parameter,
    /// The body of a request that came in.
    Received,
    /// A header of a request that came in.
    Header(HeaderName),
    Setting(String),
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    /// Without the `+` of a telephone number.
    Digits,
    /// As a number, if it is all of a JSON string.
    Number,
    /// A UUID of version 4.
    Uuid,
    /// A positive number of 31 bits.
    Int31,
    /// A positive number of 63 bits.
    Int63,
    /// Seconds since 1970.
    Unix,
    /// On one line, with single spaces.
    Line,
    /// So many digits.
    Digit(u8),
}

/// Where a template stands, which says what may be in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'s> {
    pub(crate) settings: &'s SettingRules,
    pub(crate) place: Place,
    /// Whether a field can be left out there if a value of it is absent.
    pub(crate) optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The request that sends a message.
    Message(RecipientKind),
    /// The link by which a person opens a chat.
    Link,
    /// What is known before any message.
    Settings,
    /// What is signed of a request that came in.
    Signature,
}

impl Template {
    pub(crate) fn parse(text: &str, scope: Scope<'_>) -> Result<Self, TemplateFault> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            literal.push_str(before);
            if let Some(doubled) = ["{{", "}}"].iter().find(|two| brace.starts_with(**two)) {
                literal.push_str(&doubled[1..]);
                rest = &brace[2..];
                continue;
            }
            let inner = brace.strip_prefix('{').ok_or(TemplateFault::Brace)?;
            let (inner, after) = inner.split_once('}').ok_or(TemplateFault::Brace)?;
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Value(Placeholder::parse(inner, scope)?));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self(parts))
    }

    /// The text with its values; none if a value is absent.
    pub(crate) fn render(&self, values: &Values<'_>) -> Result<Option<String>, BuildError> {
        self.render_with(values, |value| Cow::Borrowed(value))
    }

    /// The same, with each value escaped.
    pub(crate) fn render_with(
        &self,
        values: &Values<'_>,
        escape: impl Fn(&str) -> Cow<'_, str>,
    ) -> Result<Option<String>, BuildError> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Value(placeholder) => match values.get(placeholder)? {
                    Some(value) => text.push_str(&escape(&value)),
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(text))
    }

    /// The only placeholder, if the template is nothing else and wants a number.
    pub(crate) fn number(&self) -> Option<&Placeholder> {
        match self.0.as_slice() {
            [Part::Value(placeholder)] => placeholder.is_number().then_some(placeholder),
            _ => None,
        }
    }

    /// The text before the first placeholder.
    pub(crate) fn beginning(&self) -> &str {
        match self.0.first() {
            Some(Part::Literal(literal)) => literal,
            Some(Part::Value(_)) | None => "",
        }
    }

    pub(crate) fn literals(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Literal(literal) => Some(literal.as_str()),
            Part::Value(_) => None,
        })
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().filter_map(|part| match part {
            Part::Value(placeholder) => Some(&placeholder.name),
            Part::Literal(_) => None,
        })
    }
}

impl Placeholder {
    const fn is_number(&self) -> bool {
        match self.form {
            Form::Number | Form::Int31 | Form::Int63 | Form::Unix => true,
            Form::Plain => matches!(self.name, Name::ExpiresIn),
            Form::Digits | Form::Uuid | Form::Line | Form::Digit(_) => false,
        }
    }

    fn parse(inner: &str, scope: Scope<'_>) -> Result<Self, TemplateFault> {
        let (inner, is_optional) = match inner.strip_suffix('?') {
            Some(inner) => (inner, true),
            None => (inner, false),
        };
        let (word, form) = match inner.split_once(':') {
            Some((word, form)) => (word, Some(form)),
            None => (inner, None),
        };
        let name = Name::parse(word, scope).ok_or_else(|| TemplateFault::Unknown {
            known: scope.known(),
        })?;
        let form = name.form(form).ok_or_else(|| TemplateFault::Form {
            name: word.to_owned(),
            known: name.forms().to_owned(),
        })?;
        let fault = match (name.may_be_absent(scope.settings), is_optional) {
            (true, false) => TemplateFault::MayBeAbsent {
                name: word.to_owned(),
            },
            (false, true) => TemplateFault::NeverAbsent {
                name: word.to_owned(),
            },
            (true, true) if !scope.optional => TemplateFault::NotHere {
                name: word.to_owned(),
            },
            (true, true) | (false, false) => return Ok(Self { name, form }),
        };
        Err(fault)
    }
}

/// The placeholders of messages.
const MESSAGE: [(&str, Name); 11] = [
    ("phone", Name::Phone),
    ("chat", Name::Chat),
    ("text", Name::Text),
    ("title", Name::Title),
    ("body", Name::Body),
    ("link", Name::Link),
    ("locale", Name::Locale),
    ("key", Name::Key),
    ("code", Name::Code),
    ("expires_at", Name::ExpiresAt),
    ("expires_in", Name::ExpiresIn),
];

impl Scope<'_> {
    /// The same place where nothing can be left out.
    pub(crate) const fn whole(self) -> Self {
        Self {
            optional: false,
            ..self
        }
    }

    fn has(&self, name: &Name) -> bool {
        match (self.place, name) {
            (_, Name::Setting(setting)) => self.settings.contains_key(setting),
            (Place::Message(kind), Name::Phone) => kind == RecipientKind::Phone,
            (Place::Message(kind), Name::Chat) => kind == RecipientKind::Chat,
            (Place::Link, Name::Parameter)
            | (Place::Signature, Name::Received | Name::Header(_)) => true,
            (Place::Message(_), Name::Parameter | Name::Received | Name::Header(_))
            | (Place::Link | Place::Settings | Place::Signature, _) => false,
            (Place::Message(_), _) => true,
        }
    }

    /// What may stand there, for people.
    fn known(&self) -> String {
        let words = MESSAGE.iter().filter(|(_, name)| self.has(name));
        let mut known: Vec<_> = words.map(|(word, _)| format!("{{{word}}}")).collect();
        match self.place {
            Place::Message(_) => known.push("{callback}".to_owned()),
            Place::Link => known.push("{parameter}".to_owned()),
            Place::Signature => known.extend(["{received}", "{header.NAME}"].map(str::to_owned)),
            Place::Settings => {}
        }
        let settings = self.settings.keys();
        known.extend(settings.map(|name| format!("{{settings.{name}}}")));
        if known.is_empty() {
            return "none".to_owned();
        }
        known.join(", ")
    }
}

impl Name {
    fn parse(word: &str, scope: Scope<'_>) -> Option<Self> {
        let name = if let Some(setting) = word.strip_prefix("settings.") {
            Self::Setting(setting.to_owned())
        } else if let Some(header) = word.strip_prefix("header.") {
            Self::Header(header.parse().ok()?)
        } else {
            match word {
                "callback" => Self::Callback,
                "parameter" => Self::Parameter,
                "received" => Self::Received,
                _ => {
                    let found = MESSAGE.iter().find(|(known, _)| *known == word);
                    found.map(|(_, name)| name.clone())?
                }
            }
        };
        scope.has(&name).then_some(name)
    }

    fn form(&self, form: Option<&str>) -> Option<Form> {
        Some(match (self, form) {
            (Self::Code, Some(count)) => {
                let count = count.parse().ok()?;
                return (3..=8).contains(&count).then_some(Form::Digit(count));
            }
            (Self::Code, None) => return None,
            (_, None) => Form::Plain,
            (Self::Phone, Some("digits")) => Form::Digits,
            (Self::Phone | Self::Chat | Self::Setting(_), Some("number")) => Form::Number,
            (Self::Key, Some("uuid")) => Form::Uuid,
            (Self::Key, Some("int31")) => Form::Int31,
            (Self::Key, Some("int63")) => Form::Int63,
            (Self::ExpiresAt, Some("unix")) => Form::Unix,
            (Self::Text | Self::Title | Self::Body, Some("line")) => Form::Line,
            (_, Some(_)) => return None,
        })
    }

    const fn forms(&self) -> &'static str {
        match self {
            Self::Phone => "none (+49301234567), digits (49301234567) and number",
            Self::Chat | Self::Setting(_) => "none (a text) and number",
            Self::Key => "none (32 hexadecimal digits), uuid, int31 and int63",
            Self::Code => "a number of digits from 3 to 8",
            Self::ExpiresAt => "none (RFC 3339) and unix",
            Self::Text | Self::Title | Self::Body => "none and line (on one line)",
            Self::Link
            | Self::Locale
            | Self::ExpiresIn
            | Self::Callback
            | Self::Parameter
            | Self::Received
            | Self::Header(_) => "none",
        }
    }

    fn may_be_absent(&self, settings: &SettingRules) -> bool {
        match self {
            Self::Title | Self::Link | Self::Locale | Self::Callback => true,
            Self::Setting(name) => settings.get(name).is_some_and(SettingRule::may_be_absent),
            Self::Phone
            | Self::Chat
            | Self::Text
            | Self::Body
            | Self::Key
            | Self::Code
            | Self::ExpiresAt
            | Self::ExpiresIn
            | Self::Parameter
            | Self::Received
            | Self::Header(_) => false,
        }
    }
}

impl Name {
    /// The word, as far as it is fixed.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Chat => "chat",
            Self::Text => "text",
            Self::Title => "title",
            Self::Body => "body",
            Self::Link => "link",
            Self::Locale => "locale",
            Self::Key => "key",
            Self::Code => "code",
            Self::ExpiresAt => "expires_at",
            Self::ExpiresIn => "expires_in",
            Self::Callback => "callback",
            Self::Parameter => "parameter",
            Self::Received => "received",
            Self::Header(_) => "header",
            Self::Setting(_) => "settings",
        }
    }
}
