//! The oldest version of its app with which a device gets a notification.
//!
//! A sender writes one to four numbers separated by dots for each platform that has an oldest version.
//! Missing numbers are 0: `3.1` and `3.1.0` are the same version.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Serialize, Serializer};

use crate::{
    installation::Platform,
    problem::{FieldCode, FieldProblem},
};

/// How many numbers a version has at most.
pub const VERSION_NUMBERS: usize = 4;

/// A version, as a sender writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinVersion([u32; VERSION_NUMBERS]);

impl MinVersion {
    /// Its numbers, the most significant one first.
    #[must_use]
    pub const fn numbers(self) -> [u32; VERSION_NUMBERS] {
        self.0
    }
}

/// The text is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one to four numbers separated by dots, as in 3.1.0")]
pub struct ParseVersionError;

impl FromStr for MinVersion {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        let mut numbers = [0; VERSION_NUMBERS];
        let mut parts = text.split('.');
        for number in &mut numbers {
            let Some(part) = parts.next() else { break };
            *number = parse_number(part).ok_or(ParseVersionError)?;
        }
        match parts.next() {
            Some(_) => Err(ParseVersionError),
            None => Ok(Self(numbers)),
        }
    }
}

/// A number without a sign: `str::parse` takes a plus.
fn parse_number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Three numbers, or four if the last one is not 0.
impl fmt::Display for MinVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, last] = self.0;
        write!(f, "{major}.{minor}.{patch}")?;
        if last > 0 {
            write!(f, ".{last}")?;
        }
        Ok(())
    }
}

impl Serialize for MinVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The oldest version of each platform that has one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MinVersions(BTreeMap<Platform, MinVersion>);

impl MinVersions {
    /// None for any platform.
    pub const NONE: Self = Self(BTreeMap::new());

    /// Checks what a sender wrote; problems point below `pointer`.
    ///
    /// # Errors
    /// Every platform that does not exist and every text that is no version, as far as they are not more
    /// than there are platforms.
    pub fn parse(
        pointer: &str,
        written: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<FieldProblem>> {
        let (mut versions, mut problems) = (BTreeMap::new(), Vec::new());
        for (platform, version) in written.iter().take(Platform::ALL.len() + 1) {
            match parse_one(platform, version) {
                Ok((platform, version)) => {
                    versions.insert(platform, version);
                }
                Err((code, detail)) => {
                    let pointer = format!("{pointer}{}", segment(platform));
                    problems.push(FieldProblem::new(pointer, code, detail));
                }
            }
        }
        if problems.is_empty() {
            Ok(Self(versions))
        } else {
            Err(problems)
        }
    }

    /// Reads what was stored. What this version does not understand is passed over.
    #[must_use]
    pub fn read(stored: &BTreeMap<String, String>) -> Self {
        let read = stored
            .iter()
            .filter_map(|(platform, version)| parse_one(platform, version).ok());
        Self(read.collect())
    }

    /// The oldest version of a platform, if it has one.
    #[must_use]
    pub fn of(&self, platform: Platform) -> Option<MinVersion> {
        self.0.get(&platform).copied()
    }

    /// Whether no platform has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn parse_one(platform: &str, version: &str) -> Result<(Platform, MinVersion), (FieldCode, String)> {
    let Some(platform) = Platform::from_code(platform) else {
        let known = Platform::ALL.map(|known| format!("`{known}`")).join(", ");
        let detail = format!("is no platform; must be one of {known}");
        return Err((FieldCode::Unknown, detail));
    };
    let version = version.parse::<MinVersion>();
    version
        .map(|version| (platform, version))
        .map_err(|error| (FieldCode::Malformed, error.to_string()))
}

/// A platform in a pointer (RFC 6901, section 3). One that is much longer than any real one is left out.
fn segment(platform: &str) -> String {
    const MAX_CHARS: usize = 64;
    if platform.chars().count() > MAX_CHARS {
        return String::new();
    }
    format!("/{}", platform.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(versions: &[(&str, &str)]) -> BTreeMap<String, String> {
        let versions = versions.iter();
        versions
            .map(|(platform, version)| ((*platform).to_owned(), (*version).to_owned()))
            .collect()
    }

    #[test]
    fn a_version_is_one_to_four_numbers() {
        for (text, numbers) in [
            ("3", [3, 0, 0, 0]),
            ("3.1", [3, 1, 0, 0]),
            ("03.010.0", [3, 10, 0, 0]),
            ("2026.11.30.4294967295", [2026, 11, 30, u32::MAX]),
        ] {
            assert_eq!(text.parse(), Ok(MinVersion(numbers)), "{text}");
        }
        for text in [
            "",
            ".",
            "3.",
            ".3",
            "3..1",
            "v3",
            "3.1-beta",
            "3.1+4",
            "+3",
            "-3",
            " 3",
            "3 ",
            "3,1",
            "1.2.3.4.5",
            "4294967296",
            "٣",
            "latest",
        ] {
            assert_eq!(text.parse::<MinVersion>(), Err(ParseVersionError), "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        for (text, shown) in [("3", "3.0.0"), ("3.1", "3.1.0"), ("3.1.0.7", "3.1.0.7")] {
            let version: MinVersion = text.parse().unwrap();
            assert_eq!(version.to_string(), shown);
            assert_eq!(shown.parse(), Ok(version));
        }
        let asked = written(&[("android", "3.1"), ("ios", "3.0.0.4")]);
        let versions = MinVersions::parse("/to", &asked).unwrap();
        let json = serde_json::to_value(&versions).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"android": "3.1.0", "ios": "3.0.0.4"})
        );
        let stored: BTreeMap<String, String> = serde_json::from_value(json).unwrap();
        assert_eq!(MinVersions::read(&stored), versions);
    }

    #[test]
    fn each_fault_is_named_by_its_platform() {
        let wrong = written(&[
            ("android", "v3"),
            ("fridge", "1"),
            ("ios", "3.0"),
            ("a/b~", "1"),
        ]);
        let problems = MinVersions::parse("/to/min_app_version", &wrong).unwrap_err();
        let found: Vec<_> = problems
            .iter()
            .map(|problem| (problem.pointer.as_str(), problem.code.known().unwrap()))
            .collect();
        let expected = [
            ("/to/min_app_version/a~1b~0", FieldCode::Unknown),
            ("/to/min_app_version/android", FieldCode::Malformed),
            ("/to/min_app_version/fridge", FieldCode::Unknown),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn many_faults_are_not_repeated() {
        let many = (0..1_000).map(|n| (format!("{n:0200}"), String::new()));
        let problems = MinVersions::parse("/to/min_app_version", &many.collect()).unwrap_err();
        assert_eq!(problems.len(), Platform::ALL.len() + 1);
        assert_eq!(problems[0].pointer, "/to/min_app_version");
    }

    #[test]
    fn what_a_later_version_stored_is_passed_over() {
        let stored = written(&[("fridge", "1"), ("ios", "3.0"), ("web", "9-lts")]);
        let read = MinVersions::read(&stored);
        assert_eq!(read.of(Platform::Ios), Some("3".parse().unwrap()));
        assert_eq!(
            (read.of(Platform::Web), read.of(Platform::Android)),
            (None, None)
        );
    }
}
