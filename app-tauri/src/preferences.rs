//! What the person prefers, kept in a small file beside the configuration.

use std::{fs, io, path::Path};

use crate::view::Preferences;

/// Reads the preferences; without a readable file they are the usual ones.
pub(crate) fn load(file: &Path) -> Preferences {
    let Ok(text) = fs::read_to_string(file) else {
        return Preferences::default();
    };
    toml::from_str(&text).unwrap_or_else(|error| {
        tracing::warn!(file = %file.display(), message = error.message(), "preferences are unreadable");
        Preferences::default()
    })
}

/// Writes the preferences whole: beside the file first, then in its place.
pub(crate) fn save(file: &Path, preferences: Preferences) -> io::Result<()> {
    let text = toml::to_string(&preferences).map_err(io::Error::other)?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let fresh = file.with_extension("toml.new");
    fs::write(&fresh, text)?;
    fs::rename(&fresh, file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{LanguagePreference, ThemePreference};

    #[test]
    fn what_is_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/preferences.toml");
        let preferences = Preferences {
            language: LanguagePreference::Ru,
            theme: ThemePreference::Dark,
            is_switched_off: true,
        };
        save(&file, preferences).unwrap();
        assert_eq!(load(&file), preferences);
    }

    #[test]
    fn a_missing_or_broken_file_means_the_usual() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("preferences.toml");
        assert_eq!(load(&file), Preferences::default());
        fs::write(&file, "theme = 'mauve'").unwrap();
        assert_eq!(load(&file), Preferences::default());
    }

    #[test]
    fn a_file_of_an_older_version_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("preferences.toml");
        fs::write(&file, "language = 'ru'").unwrap();
        assert_eq!(load(&file).language, LanguagePreference::Ru);
        assert_eq!(load(&file).theme, ThemePreference::System);
    }
}
