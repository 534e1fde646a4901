//! Reads settings and checks them.

use std::path::Path;

use super::{Config, ConfigError, ConfigOverlay, Source};

/// The prefix of environment variables: `VESTNIK_LISTEN`, `VESTNIK_LIMITS_BODY_BYTES`…
const ENV_PREFIX: &str = "VESTNIK_";

impl Config {
    /// Reads file, environment and flags.
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
        for (name, value) in environment {
            if let Some((section, field)) = known_variable(&name) {
                set(&mut table, section, field, &value);
                Self::parse(&table, &Source::Environment(name))?;
            }
        }
        if let Some(listen) = flags.listen {
            set(&mut table, None, "listen", &listen);
            Self::parse(&table, &Source::Flag("--listen"))?;
        }
        let mut config = Self::parse(&table, &origin)?;
        config.database = flags.database.unwrap_or(config.database);
        Ok(config)
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
        config.check().map_err(|(field, detail)| ConfigError {
            origin: origin.clone(),
            field: field.to_owned(),
            detail: detail.to_owned(),
        })?;
        Ok(config)
    }

    /// What the types cannot say.
    fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let rules = [
            (
                self.tokens.access_seconds >= 30,
                "tokens.access_seconds",
                "must be at least 30",
            ),
            (
                self.tokens.refresh_seconds > self.tokens.access_seconds,
                "tokens.refresh_seconds",
                "must be more than tokens.access_seconds",
            ),
            (
                self.limits.body_bytes >= 8 * 1_024,
                "limits.body_bytes",
                "must be at least 8192",
            ),
            (
                self.limits.hub_message_bytes >= 32 * 1_024,
                "limits.hub_message_bytes",
                "must be at least 32768",
            ),
            (
                self.limits.request_seconds >= 1,
                "limits.request_seconds",
                "must be at least 1",
            ),
            (
                self.limits.header_seconds >= 1,
                "limits.header_seconds",
                "must be at least 1",
            ),
            (
                self.limits.connections >= 1,
                "limits.connections",
                "must be at least 1",
            ),
            (
                self.delivery.recheck_millis >= 10,
                "delivery.recheck_millis",
                "must be at least 10",
            ),
            (
                self.delivery.keep_days >= 1,
                "delivery.keep_days",
                "must be at least 1",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, field, detail)) => Err((field, detail)),
            None => Ok(()),
        }
    }
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

/// The setting a variable stands for. Variables of other parts share the prefix, so unknown ones
/// are passed over.
fn known_variable(name: &str) -> Option<(Option<&'static str>, &'static str)> {
    const KNOWN: [(Option<&str>, &str); 14] = [
        (None, "listen"),
        (None, "database"),
        (Some("log"), "filter"),
        (Some("log"), "format"),
        (Some("tokens"), "access_seconds"),
        (Some("tokens"), "refresh_seconds"),
        (Some("limits"), "body_bytes"),
        (Some("limits"), "hub_message_bytes"),
        (Some("limits"), "request_seconds"),
        (Some("limits"), "header_seconds"),
        (Some("limits"), "connections"),
        (Some("limits"), "drain_seconds"),
        (Some("delivery"), "recheck_millis"),
        (Some("delivery"), "keep_days"),
    ];
    let rest = name.strip_prefix(ENV_PREFIX)?.to_ascii_lowercase();
    KNOWN.into_iter().find(|(section, field)| match section {
        Some(section) => rest == format!("{section}_{field}"),
        None => rest == *field,
    })
}

fn set(table: &mut toml::Table, section: Option<&str>, field: &str, text: &str) {
    let value = text.parse().map_or_else(
        |_| toml::Value::String(text.to_owned()),
        toml::Value::Integer,
    );
    let place = match section {
        None => table,
        Some(section) => {
            let entry = table
                .entry(section)
                .or_insert_with(|| toml::Table::new().into());
            let Some(place) = entry.as_table_mut() else {
                return;
            };
            place
        }
    };
    place.insert(field.to_owned(), value);
}

/// serde repeats values in its messages; a setting may be a secret one day.
fn without_value(error: &toml::de::Error) -> String {
    let message = error.message();
    match message.split_once("expected ") {
        Some((_, expected)) => format!("must be {expected}"),
        None => message.to_owned(),
    }
}
