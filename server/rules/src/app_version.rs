//! The version of an app, as a device tells it.
//!
//! A device is read leniently: its leading numbers count, however it goes on. A hyphen behind them begins a
//! prerelease, which is older than the version of the same numbers, as in Semantic Versioning 2.0.0, item 11.
//! Build metadata, a build in brackets and anything else behind the numbers is read over.
//!
//! ```
//! use vestnik_rules::app_version::AppVersion;
//!
//! let told = AppVersion::read("3.1.0-beta.2+45").expect("it begins with a number");
//! assert!(!told.is_at_least("3.1".parse()?));
//! assert!(told.is_at_least("3.0.9".parse()?));
//! # Ok::<(), vestnik_model::min_version::ParseVersionError>(())
//! ```

use std::fmt;

use vestnik_model::{MinVersion, Platform, min_version::VERSION_NUMBERS};

/// A version, as a device tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppVersion {
    numbers: [u32; VERSION_NUMBERS],
    is_prerelease: bool,
}

impl AppVersion {
    /// Reads what a device told; `None` if that does not begin with a number, before which a `v` may stand.
    /// Of more numbers than [`VERSION_NUMBERS`] the first count; one that is too large counts as the largest.
    #[must_use]
    pub fn read(told: &str) -> Option<Self> {
        let told = told.trim_start();
        let mut rest = told.strip_prefix(['v', 'V']).unwrap_or(told);
        let mut numbers = [0; VERSION_NUMBERS];
        let mut count = 0;
        while let Some((number, behind)) = leading_number(rest) {
            if let Some(place) = numbers.get_mut(count) {
                *place = number;
            }
            count += 1;
            rest = behind;
            match rest.strip_prefix('.') {
                Some(next) if leading_number(next).is_some() => rest = next,
                Some(_) | None => break,
            }
        }
        (count > 0).then(|| Self {
            numbers,
            is_prerelease: rest.starts_with('-'),
        })
    }

    /// Whether it is not older than the oldest version that is allowed.
    #[must_use]
    pub fn is_at_least(self, oldest: MinVersion) -> bool {
        let oldest = oldest.numbers();
        self.numbers > oldest || (self.numbers == oldest && !self.is_prerelease)
    }

    /// Whether it is a prerelease of its numbers.
    #[must_use]
    pub const fn is_prerelease(self) -> bool {
        self.is_prerelease
    }
}

/// The number that a text begins with, and what is behind it.
fn leading_number(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    let number = digits.bytes().fold(0_u32, |number, digit| {
        let digit = u32::from(digit - b'0');
        number.saturating_mul(10).saturating_add(digit)
    });
    (length > 0).then_some((number, rest))
}

/// Its numbers: three, or four if the last one is not 0.
impl fmt::Display for AppVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, last] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        if last > 0 {
            write!(f, ".{last}")?;
        }
        Ok(())
    }
}

/// What an installation tells of its app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Build {
    /// The system that it runs on; absent if it did not tell, or told one that the server does not know.
    pub platform: Option<Platform>,
    /// Its version; absent if it did not tell, or told none that can be read.
    pub version: Option<AppVersion>,
}

impl Build {
    /// What an installation on a platform tells.
    #[must_use]
    pub fn of(platform: Option<Platform>, version: Option<&str>) -> Self {
        Self {
            platform,
            version: version.and_then(AppVersion::read),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(told: &str, oldest: &str, expected: bool) {
        let version = AppVersion::read(told);
        let is_new = version.is_some_and(|version| version.is_at_least(oldest.parse().unwrap()));
        assert_eq!(is_new, expected, "{told} against {oldest}");
    }

    #[test]
    fn numbers_are_compared_and_not_texts() {
        check("3.10.0", "3.9", true);
        check("3.9", "3.10.0", false);
        check("10", "9.9.9.9", true);
        check("3.1", "3.1.0.0", true);
        check("3.1.0.1", "3.1", true);
        check("3.0.99", "3.1", false);
        check("03.1", "3.1", true);
    }

    #[test]
    fn a_prerelease_is_older_than_its_version() {
        check("3.1.0-beta.2+45", "3.1.0", false);
        check("3.1-rc", "3.1.0", false);
        check("3.1.0.0-1", "3.1", false);
        check("3.1.1-beta", "3.1.0", true);
        check("3.1.0-beta", "3.0.9", true);
    }

    #[test]
    fn what_is_behind_the_numbers_is_read_over() {
        for told in [
            "3.1.0+45",
            "3.1.0 (1234)",
            "v3.1.0",
            " 3.1.0",
            "3.1.0.",
            "3.1.0..9",
            "3.1.0 beta",
            "3.1.0_7",
            "3.1.0.0.0.9",
            "3.1.0ы",
        ] {
            check(told, "3.1.0", true);
            check(told, "3.1.0.1", false);
        }
        check("3.1.0.20261130123456", "3.1.0.4294967295", true);
    }

    #[test]
    fn what_has_no_number_is_no_version() {
        for told in ["", " ", "v", "beta", "-3", ".3", "latest 3.1", "vv3", "٣.1"] {
            assert_eq!(AppVersion::read(told), None, "{told}");
        }
    }
}
