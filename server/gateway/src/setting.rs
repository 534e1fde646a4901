//! What an operator gives to a provider: names and secrets, each in the form that its descriptor says.

use std::{collections::BTreeMap, fmt};

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    fault::{Fault, Invalid},
    node::{Node, Object},
};

/// The most settings of a descriptor.
const MAX_SETTINGS: usize = 16;
/// The most characters of a setting if its rule does not say.
const MAX_CHARACTERS: usize = 512;
/// The most characters that a rule may allow.
const MOST_CHARACTERS: u64 = 4_096;

/// The settings that a descriptor has, by their names.
pub(crate) type SettingRules = BTreeMap<String, SettingRule>;

/// What a setting must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRule {
    /// What it is, for the operator.
    pub about: Option<String>,
    /// Whether it is shown to nobody.
    pub is_secret: bool,
    /// Whether it must be given.
    pub is_required: bool,
    /// What it is if it is not given.
    pub default: Option<String>,
    /// The form that it has.
    pub form: SettingForm,
    /// The most characters.
    pub max: usize,
}

/// The form of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingForm {
    /// Any text of one line.
    Text,
    /// Letters, digits, `-`, `_` and `.`, of ASCII.
    Name,
    /// Visible characters of ASCII.
    Token,
    /// Digits.
    Digits,
}

impl SettingForm {
    /// The word in a descriptor.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Name => "name",
            Self::Token => "token",
            Self::Digits => "digits",
        }
    }

    fn check(self, node: &Node<'_>, max: usize) -> Result<String, Invalid> {
        let text = node.text(max)?;
        let (fits, sentence) = match self {
            Self::Text => (
                !text.chars().any(char::is_control),
                "must be a text of one line",
            ),
            Self::Name => (
                text.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)),
                "must have letters, digits, '-', '_' and '.' only",
            ),
            Self::Token => (
                text.bytes().all(|byte| byte.is_ascii_graphic()),
                "must have visible ASCII characters only",
            ),
            Self::Digits => (
                text.bytes().all(|byte| byte.is_ascii_digit()),
                "must have digits only",
            ),
        };
        if fits {
            return Ok(text.to_owned());
        }
        Err(node.rule(sentence))
    }
}

impl SettingRule {
    pub(crate) const fn may_be_absent(&self) -> bool {
        !self.is_required && self.default.is_none()
    }

    fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&["about", "secret", "required", "default", "form", "max"])?;
        let forms = [
            SettingForm::Text,
            SettingForm::Name,
            SettingForm::Token,
            SettingForm::Digits,
        ];
        let forms = forms.map(|form| (form.as_str(), form));
        let form = fields.map("form", |node| node.word(&forms))?;
        let form = form.unwrap_or(SettingForm::Token);
        let max = fields.map("max", |node| node.number(1, MOST_CHARACTERS))?;
        let max = max.map_or(MAX_CHARACTERS, |max| {
            usize::try_from(max).unwrap_or(MAX_CHARACTERS)
        });
        let default = fields.map("default", |node| form.check(node, max))?;
        let is_required = fields.map("required", Node::boolean)?;
        if let (Some(true), Some(_), Some(required)) =
            (is_required, &default, fields.get("required"))
        {
            return Err(required.rule("must not be true beside a default"));
        }
        Ok(Self {
            about: fields.map("about", |node| node.text(500).map(str::to_owned))?,
            is_secret: fields.map("secret", Node::boolean)?.unwrap_or(false),
            is_required: is_required.unwrap_or_else(|| default.is_none()),
            default,
            form,
            max,
        })
    }
}

/// Reads the settings of a descriptor.
pub(crate) fn rules(object: &Object<'_>) -> Result<SettingRules, Invalid> {
    let Some(node) = object.get("settings") else {
        return Ok(SettingRules::new());
    };
    let mut rules = SettingRules::new();
    for (name, node) in node.table()?.fields(MAX_SETTINGS)? {
        let is_name = (1..=40).contains(&name.len())
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !is_name {
            return Err(node.rule("the name of a setting has letters a to z, digits and '_' only"));
        }
        rules.insert(name.to_owned(), SettingRule::read(&node)?);
    }
    Ok(rules)
}

/// What an operator gave. `Debug` shows the names only.
#[derive(Clone, Default)]
pub(crate) struct Settings(BTreeMap<String, SecretString>);

impl Settings {
    /// Reads what was given by the rules.
    pub(crate) fn read(
        (at, node): (&str, Option<&Node<'_>>),
        rules: &SettingRules,
    ) -> Result<Self, Invalid> {
        let given = node.map(|node| {
            let known: Vec<_> = rules.keys().map(String::as_str).collect();
            node.object(&known)
        });
        let given = given.transpose()?;
        let mut settings = BTreeMap::new();
        for (name, rule) in rules {
            let value = given
                .as_ref()
                .map(|given| given.map(name, |node| rule.form.check(node, rule.max)))
                .transpose()?
                .flatten();
            match value.or_else(|| rule.default.clone()) {
                Some(value) => {
                    settings.insert(name.clone(), SecretString::from(value));
                }
                None if rule.is_required => {
                    return Err(Invalid::new(format!("{at}/{name}"), Fault::Missing));
                }
                None => {}
            }
        }
        Ok(Self(settings))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(SecretString::expose_secret)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
