//! How numbers are dialled within a country.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A country whose numbers people write without its code.
///
/// Countries where a carrier is chosen while dialling are not among them: its digits could not be told from those
/// of a number.
///
/// It is written as its code of ISO 3166-1, `RU`. [`super::PhoneNumber::from_typed`] reads what was written there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Country(&'static Plan);

/// How numbers are dialled in a country (ITU-T E.164 and the list of dialling procedures of ITU-T, "International
/// prefix, national (trunk) prefix and national (significant) number").
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The code of ISO 3166-1.
    name: &'static str,
    /// What numbers begin with that are called from abroad.
    pub(super) code: &'static str,
    /// What numbers begin with that are called from within, and not from abroad; empty if with nothing.
    pub(super) trunk: &'static str,
    /// What is dialled before the code of another country.
    pub(super) abroad: &'static str,
    /// How many digits a national number has, without the prefix: the fewest and the most.
    pub(super) digits: (usize, usize),
}

const fn plan(
    name: &'static str,
    code: &'static str,
    (trunk, abroad): (&'static str, &'static str),
    digits: (usize, usize),
) -> Plan {
    Plan {
        name,
        code,
        trunk,
        abroad,
        digits,
    }
}

const PLANS: [Plan; 44] = [
    plan("AE", "971", ("0", "00"), (8, 9)),
    plan("AM", "374", ("0", "00"), (8, 8)),
    plan("AR", "54", ("0", "00"), (10, 11)),
    plan("AT", "43", ("0", "00"), (4, 13)),
    plan("AU", "61", ("0", "0011"), (9, 9)),
    plan("AZ", "994", ("0", "00"), (9, 9)),
    plan("BE", "32", ("0", "00"), (8, 9)),
    plan("BG", "359", ("0", "00"), (7, 9)),
    plan("BY", "375", ("80", "810"), (9, 9)),
    plan("CA", "1", ("1", "011"), (10, 10)),
    plan("CH", "41", ("0", "00"), (9, 9)),
    plan("CN", "86", ("0", "00"), (9, 11)),
    plan("CZ", "420", ("", "00"), (9, 9)),
    plan("DE", "49", ("0", "00"), (5, 13)),
    plan("DK", "45", ("", "00"), (8, 8)),
    plan("EE", "372", ("", "00"), (7, 8)),
    plan("ES", "34", ("", "00"), (9, 9)),
    plan("FI", "358", ("0", "00"), (5, 12)),
    plan("FR", "33", ("0", "00"), (9, 9)),
    plan("GB", "44", ("0", "00"), (9, 10)),
    plan("GE", "995", ("0", "00"), (9, 9)),
    plan("GR", "30", ("", "00"), (10, 10)),
    plan("HU", "36", ("06", "00"), (8, 9)),
    plan("IE", "353", ("0", "00"), (7, 9)),
    plan("IL", "972", ("0", "00"), (8, 9)),
    plan("IN", "91", ("0", "00"), (10, 10)),
    // The 0 of Italian numbers is a part of them.
    plan("IT", "39", ("", "00"), (6, 11)),
    plan("JP", "81", ("0", "010"), (9, 10)),
    plan("KG", "996", ("0", "00"), (9, 9)),
    plan("KZ", "7", ("8", "810"), (10, 10)),
    plan("LV", "371", ("", "00"), (8, 8)),
    plan("MD", "373", ("0", "00"), (8, 8)),
    plan("NL", "31", ("0", "00"), (9, 9)),
    plan("NO", "47", ("", "00"), (8, 8)),
    plan("PL", "48", ("", "00"), (9, 9)),
    plan("PT", "351", ("", "00"), (9, 9)),
    plan("RO", "40", ("0", "00"), (9, 9)),
    plan("RS", "381", ("0", "00"), (8, 9)),
    plan("RU", "7", ("8", "810"), (10, 10)),
    plan("SE", "46", ("0", "00"), (7, 9)),
    plan("TJ", "992", ("", "810"), (9, 9)),
    plan("TR", "90", ("0", "00"), (10, 10)),
    plan("UA", "380", ("0", "00"), (9, 9)),
    plan("US", "1", ("1", "011"), (10, 10)),
];

/// A text is no country whose numbers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the ISO 3166-1 code of a country whose numbers are read, such as RU")]
pub struct CountryError;

impl Country {
    /// Reads a code.
    ///
    /// # Errors
    /// [`CountryError`] if it is of no country whose numbers are read.
    pub fn parse(code: &str) -> Result<Self, CountryError> {
        let mut plans = PLANS.iter();
        let plan = plans.find(|plan| plan.name == code).ok_or(CountryError)?;
        Ok(Self(plan))
    }

    /// The code, `RU`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0.name
    }

    pub(super) const fn plan(self) -> &'static Plan {
        self.0
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({})", self.0.name)
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_read_by_its_code() {
        for plan in &PLANS {
            let country = Country::parse(plan.name).unwrap();
            assert_eq!(country.as_str(), plan.name);
            let (fewest, most) = plan.digits;
            assert!(
                fewest <= most && most + plan.code.len() <= 15,
                "{country:?}"
            );
        }
        for unknown in ["", "ru", "RUS", "XX", "7"] {
            assert_eq!(Country::parse(unknown), Err(CountryError), "{unknown}");
        }
    }
}
