//! Reads settings and checks them.

use std::path::Path;

use super::{
    Config, ConfigError, ConfigOverlay, Source, check,
    environment::{self, SECRETS_KEY},
};

impl Config {
    /// Reads file, environment and flags. A variable that is set to nothing counts as not set, as
    /// container files leave them behind.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting and where it came from.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: ConfigOverlay,
    ) -> Result<Self, ConfigError> {
        let mut table = file.map(read_file).transpose()?.unwrap_or_default();
        let origin = file.map_or(Source::Flag("--config"), |path| {
            Source::File(path.to_owned())
        });
        Self::parse(&table, &origin)?;
        let mut secrets_key = None;
        for (name, value) in environment {
            if value.is_empty() {
                continue;
            }
            if name == SECRETS_KEY {
                secrets_key = Some(read_key(&value)?);
            } else if let Some(setting) = environment::setting(&name) {
                let value = setting.value(&value);
                set(&mut table, &setting.section, &setting.field, value);
                Self::parse(&table, &Source::Environment(name))?;
            }
        }
        if let Some(listen) = flags.listen {
            set(&mut table, "", "listen", listen.into());
            Self::parse(&table, &Source::Flag("--listen"))?;
        }
        let mut config = Self::parse(&table, &origin)?;
        if let Some(database) = flags.database {
            config.database = database;
            config.checked(&Source::Flag("--database"))?;
        }
        config.secrets.key = secrets_key;
        config.checked(&Source::Environment(SECRETS_KEY.to_owned()))?;
        Ok(config)
    }

    /// The variables of settings that are set to nothing, and therefore have no effect: for a line in
    /// the log.
    pub fn empty_variables(environment: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
        let empty = environment
            .into_iter()
            .filter(|(_, value)| value.is_empty());
        empty
            .map(|(name, _)| name)
            .filter(|name| name == SECRETS_KEY || environment::setting(name).is_some())
            .collect()
    }

    /// The settings as TOML, as a file could have them.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }

    fn parse(table: &toml::Table, origin: &Source) -> Result<Self, ConfigError> {
        let config: Self = serde_path_to_error::deserialize(table.clone()).map_err(|error| {
            let field = error.path().to_string();
            let field = if field == "." { String::new() } else { field };
            ConfigError {
                origin: origin.clone(),
                field,
                detail: without_value(&error.into_inner()),
            }
        })?;
        config.checked(origin)?;
        Ok(config)
    }

    /// Compares the settings with the sizes of the wire and with each other, and names the first that
    /// cannot be used.
    pub(crate) fn checked(&self, origin: &Source) -> Result<(), ConfigError> {
        check::check(self).map_err(|(field, detail)| ConfigError {
            origin: origin.clone(),
            field: field.to_owned(),
            detail,
        })
    }
}

fn read_key(text: &str) -> Result<super::SecretKey, ConfigError> {
    text.trim().parse().map_err(|detail: &str| ConfigError {
        origin: Source::Environment(SECRETS_KEY.to_owned()),
        field: "secrets.key".to_owned(),
        detail: detail.to_owned(),
    })
}

fn read_file(path: &Path) -> Result<toml::Table, ConfigError> {
    let wrong = |detail: String| ConfigError {
        origin: Source::File(path.to_owned()),
        field: String::new(),
        detail,
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    text.parse()
        .map_err(|error: toml::de::Error| wrong(error.message().to_owned()))
}

fn set(table: &mut toml::Table, section: &str, field: &str, value: toml::Value) {
    if section.is_empty() {
        table.insert(field.to_owned(), value);
        return;
    }
    let entry = table
        .entry(section)
        .or_insert_with(|| toml::Table::new().into());
    // A section that is no table was refused when the file was read.
    if let Some(section) = entry.as_table_mut() {
        section.insert(field.to_owned(), value);
    }
}

/// serde repeats values in its messages, and a value may be a secret.
fn without_value(error: &toml::de::Error) -> String {
    let message = error.message();
    match message.split_once("expected ") {
        Some((_, expected)) => format!("must be {}", in_toml(expected)),
        None => message.to_owned(),
    }
}

/// What a type of Rust is called in TOML.
fn in_toml(expected: &str) -> &str {
    match expected {
        "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "a sequence" => "a list",
        "path string" => "a path",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
}
