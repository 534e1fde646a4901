//! Enhanced status codes (RFC 3463), such as `5.1.1`.

use std::fmt;

/// Whether the trouble passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// 2: it worked.
    Success,
    /// 4: it may work later.
    Transient,
    /// 5: it will not work.
    Permanent,
}

/// An enhanced status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnhancedStatus {
    /// The first number.
    pub class: Class,
    /// The second number: what it is about.
    pub subject: u16,
    /// The third number.
    pub detail: u16,
}

impl EnhancedStatus {
    /// Reads `class.subject.detail`, each number of at most three digits, without anything around.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.');
        let class = match numbers.next()? {
            "2" => Class::Success,
            "4" => Class::Transient,
            "5" => Class::Permanent,
            _ => return None,
        };
        let (subject, detail) = (number(numbers.next()?)?, number(numbers.next()?)?);
        let status = Self {
            class,
            subject,
            detail,
        };
        numbers.next().is_none().then_some(status)
    }
}

fn number(text: &str) -> Option<u16> {
    let is_number = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = match self.class {
            Class::Success => 2,
            Class::Transient => 4,
            Class::Permanent => 5,
        };
        write!(f, "{class}.{}.{}", self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_short_numbers_are_a_code() {
        for text in ["5.1.1", "4.7.28", "2.0.0", "5.999.999"] {
            assert_eq!(EnhancedStatus::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "", "5", "5.1", "5.1.1.1", "3.1.1", "5.1.", "5..1", "5.1.1000", "5.+1.1", "5.1.1 ",
        ] {
            assert_eq!(EnhancedStatus::parse(text), None, "{text}");
        }
    }
}
