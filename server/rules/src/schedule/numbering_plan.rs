//! The time zone of a telephone number, as far as the numbering plan says it.

use std::{collections::BTreeMap, sync::LazyLock};

/// The sources of the facts are named in the file.
const FILE: &str = include_str!("numbering_plan.txt");

static PLAN: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    let lines = FILE.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).collect()
});

/// The most digits of a prefix in the plan.
const MAX_PREFIX: usize = 4;

/// The name of the zone that a number in E.164 form (`+4930123456`) belongs to. `None` for a number whose
/// prefix belongs to several zones or to none, and for a text that is no number.
#[must_use]
pub fn zone_of_phone(number: &str) -> Option<&'static str> {
    let digits = number.strip_prefix('+')?;
    let is_number =
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return None;
    }
    let prefixes = (1..=MAX_PREFIX).rev();
    prefixes
        .filter_map(|length| PLAN.get(&digits[..length]).copied())
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::zone;

    #[test]
    fn every_line_is_a_prefix_and_a_zone() {
        let lines = FILE.lines().filter(|line| !line.starts_with('#'));
        let mut before = "";
        for line in lines {
            let (prefix, name) = line.split_once(' ').unwrap();
            assert!(prefix.bytes().all(|byte| byte.is_ascii_digit()), "{line}");
            assert!((1..=MAX_PREFIX).contains(&prefix.len()), "{line}");
            assert!(before < prefix, "{line} is out of order");
            assert!(zone(name).is_some(), "{line}");
            before = prefix;
        }
        assert!(PLAN.len() > 250);
    }

    #[test]
    fn a_number_belongs_to_its_longest_prefix() {
        for (number, expected) in [
            ("+4930123456", Some("Europe/Berlin")),
            ("+74951234567", Some("Europe/Moscow")),
            ("+73832123456", Some("Asia/Novosibirsk")),
            ("+74012123456", Some("Europe/Kaliningrad")),
            ("+77271234567", Some("Asia/Almaty")),
            ("+12425551234", Some("America/Nassau")),
            ("+819012345678", Some("Asia/Tokyo")),
        ] {
            assert_eq!(zone_of_phone(number), expected, "{number}");
        }
    }

    #[test]
    fn what_the_plan_does_not_say_is_not_guessed() {
        for number in [
            // A mobile number of Russia, one of the United States, one of Brazil, a satellite's.
            "+79161234567",
            "+12125551234",
            "+5511912345678",
            "+881612345678",
            // No numbers.
            "",
            "+",
            "+49",
            "4930123456",
            "+49 30 123456",
            "+49301234567890123",
            "+49३0123456",
        ] {
            assert_eq!(zone_of_phone(number), None, "{number}");
        }
    }
}
