//! Texts of messages: what they are made of and how long they may be.

use std::borrow::Cow;

use vestnik_model::sms;
use vestnik_smpp::{Coding, Form, Joining};

use crate::{
    fault::Invalid,
    message::Message,
    node::{Node, Object},
};

/// How a length is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Characters,
    Utf16,
    Bytes,
    SmsParts,
    /// Short messages of a message centre, as its account writes them.
    Submissions(Coding, Joining),
}

/// What is done about a longer text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Longer {
    Cut,
    Refuse,
}

/// How long a text may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length {
    max: usize,
    unit: Unit,
    longer: Longer,
}

/// What `{text}` is: parts of the message, joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    parts: Vec<TextPart>,
    separator: String,
    pub(crate) length: Option<Length>,
    pub(crate) title: Option<Length>,
    pub(crate) body: Option<Length>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextPart {
    Title,
    Body,
    Link,
}

const PARTS: [(&str, TextPart); 3] = [
    ("title", TextPart::Title),
    ("body", TextPart::Body),
    ("link", TextPart::Link),
];

/// Everything that a message says, each part on a line, as long as it is.
impl Default for Text {
    fn default() -> Self {
        Self {
            parts: PARTS.map(|(_, part)| part).to_vec(),
            separator: "\n".to_owned(),
            length: None,
            title: None,
            body: None,
        }
    }
}

impl Text {
    /// Reads the fields `text` and `lengths` of a descriptor.
    pub(crate) fn read(descriptor: &Object<'_>) -> Result<Self, Invalid> {
        let mut text = Self::default();
        if let Some(node) = descriptor.get("text") {
            let fields = node.object(&["parts", "separator"])?;
            if let Some(node) = fields.get("parts") {
                let parts = node.list(PARTS.len())?;
                let parts: Result<Vec<_>, _> = parts.iter().map(|part| part.word(&PARTS)).collect();
                text.parts = parts?;
                if !text.parts.contains(&TextPart::Body) {
                    return Err(node.rule("must have the body among its parts"));
                }
            }
            if let Some(separator) = fields.map("separator", |node| node.text(8))? {
                separator.clone_into(&mut text.separator);
            }
        }
        if let Some(node) = descriptor.get("lengths") {
            let fields = node.object(&["text", "title", "body"])?;
            text.length = fields.map("text", Length::read)?;
            text.title = fields.map("title", Length::read)?;
            text.body = fields.map("body", Length::read)?;
        }
        Ok(text)
    }

    /// What a message says that an account at a message centre sends.
    pub(crate) fn of_submissions(form: &Form) -> Self {
        Self {
            length: Some(Length {
                max: form.max_parts,
                unit: Unit::Submissions(form.coding, form.joining),
                longer: Longer::Cut,
            }),
            ..Self::default()
        }
    }

    /// The text of a message; none if it is too long and must not be cut. The body is cut first: a link that
    /// is cut leads nowhere.
    pub(crate) fn of(&self, message: &Message<'_>) -> Option<String> {
        let body = clean(message.body);
        let whole = self.joined(message, &body);
        let Some(length) = self.length else {
            return Some(whole);
        };
        if length.fits(&whole) {
            return Some(whole);
        }
        if length.longer == Longer::Refuse {
            return None;
        }
        let shortened = length.longest(&body, |body| self.joined(message, body));
        shortened.or_else(|| length.longest(&whole, str::to_owned))
    }

    fn joined(&self, message: &Message<'_>, body: &str) -> String {
        let parts = self.parts.iter().filter_map(|part| match part {
            TextPart::Title => message.title.map(clean),
            TextPart::Body => Some(Cow::Borrowed(body)),
            TextPart::Link => message.link.map(clean),
        });
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        parts.join(&self.separator)
    }
}

impl Length {
    fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&["max", "unit", "longer"])?;
        let units = [
            ("characters", Unit::Characters),
            ("utf16", Unit::Utf16),
            ("bytes", Unit::Bytes),
            ("sms_parts", Unit::SmsParts),
        ];
        let longers = [("cut", Longer::Cut), ("refuse", Longer::Refuse)];
        let max = fields.need("max")?.number(1, 65_536)?;
        let unit = fields.map("unit", |node| node.word(&units))?;
        Ok(Self {
            max: usize::try_from(max).unwrap_or(usize::MAX),
            unit: unit.unwrap_or(Unit::Characters),
            longer: fields.need("longer")?.word(&longers)?,
        })
    }

    /// A text that is not longer; none if it must not be cut.
    pub(crate) fn fit(&self, text: &str) -> Option<String> {
        let text = clean(text);
        if self.fits(&text) {
            return Some(text.into_owned());
        }
        match self.longer {
            Longer::Cut => self.longest(&text, str::to_owned),
            Longer::Refuse => None,
        }
    }

    fn fits(&self, text: &str) -> bool {
        let measured = match self.unit {
            Unit::Characters => text.chars().count(),
            Unit::Utf16 => text.encode_utf16().count(),
            Unit::Bytes => text.len(),
            Unit::SmsParts => sms::parts(text),
            Unit::Submissions(coding, joining) => vestnik_smpp::parts(text, coding, joining).count,
        };
        measured <= self.max
    }

    /// The longest beginning of `text` with an ellipsis behind it whose whole fits; none if not even an empty
    /// one does. The whole grows with its beginning, so it is looked for by halves.
    fn longest(&self, text: &str, whole: impl Fn(&str) -> String) -> Option<String> {
        let ends: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
        let cut = |end: usize| {
            let beginning = text.get(..end).unwrap_or_default();
            let beginning = beginning.trim_end_matches(is_joined);
            whole(&format!("{beginning}{}", self.ellipsis()))
        };
        let fitting = ends.partition_point(|end| self.fits(&cut(*end)));
        let last = fitting.checked_sub(1)?;
        ends.get(last).map(|end| cut(*end))
    }

    /// Three dots are in the alphabet of short messages, the one character is not: it would make each part
    /// less than half as long.
    const fn ellipsis(&self) -> &'static str {
        match self.unit {
            Unit::SmsParts | Unit::Submissions(..) => "...",
            Unit::Characters | Unit::Utf16 | Unit::Bytes => "…",
        }
    }
}

/// What must not stand at a cut: spaces, and what joins a character with the next one.
fn is_joined(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// A text without control characters but line feeds and tabs: no gateway shows them, and some refuse them.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let is_unwanted = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.contains(is_unwanted) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        return Cow::Owned(text.replace(is_unwanted, ""));
    }
    Cow::Borrowed(text)
}
