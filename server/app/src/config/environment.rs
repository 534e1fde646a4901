//! Which environment variable stands for which setting.

use super::Config;

/// The prefix of environment variables: `VESTNIK_LISTEN`, `VESTNIK_LIMITS_BODY_BYTES`…
const PREFIX: &str = "VESTNIK_";

/// The key for the secrets in the database; not a setting of the file.
pub(super) const SECRETS_KEY: &str = "VESTNIK_SECRETS_KEY";

/// Settings without a default, which therefore are not among the default settings.
const OPTIONAL: [(&str, &str); 3] = [("", "node"), ("", "public_url"), ("secrets", "key_file")];

/// A setting that a variable stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setting {
    /// The table it is in; empty at the top.
    pub(super) section: String,
    pub(super) field: String,
    /// A value of its type.
    sample: toml::Value,
}

/// The setting that a variable stands for. Programs beside the server share the prefix, so that an
/// unknown variable is no error.
pub(super) fn setting(variable: &str) -> Option<Setting> {
    let name = variable.strip_prefix(PREFIX)?.to_ascii_lowercase();
    settings()
        .into_iter()
        .find(|setting| name == setting.name())
}

impl Setting {
    fn name(&self) -> String {
        match self.section.as_str() {
            "" => self.field.clone(),
            section => format!("{section}_{}", self.field),
        }
    }

    /// The value that a text stands for; a text of another type stays a text, and is refused with
    /// the setting's name when the settings are read. Lists are separated by commas.
    pub(super) fn value(&self, text: &str) -> toml::Value {
        let as_text = || toml::Value::String(text.to_owned());
        if self.sample.is_integer() {
            return text
                .parse()
                .map_or_else(|_| as_text(), toml::Value::Integer);
        }
        if self.sample.is_array() {
            let items = text.split(',').map(|item| item.trim().to_owned());
            return toml::Value::Array(items.map(toml::Value::String).collect());
        }
        as_text()
    }
}

fn settings() -> Vec<Setting> {
    let optional = OPTIONAL.map(|(section, field)| Setting {
        section: section.to_owned(),
        field: field.to_owned(),
        sample: toml::Value::String(String::new()),
    });
    let mut settings = Vec::from(optional);
    for (name, value) in toml::Table::try_from(Config::default()).unwrap_or_default() {
        if let toml::Value::Table(section) = value {
            settings.extend(section.into_iter().map(|(field, sample)| Setting {
                section: name.clone(),
                field,
                sample,
            }));
        } else {
            settings.push(Setting {
                section: String::new(),
                field: name,
                sample: value,
            });
        }
    }
    settings
}
