//! Numbers as people type them.

use super::{Country, PhoneError, PhoneNumber, country::Plan};

/// The most bytes of a text that is read: every digit in the widest script, with marks and separators.
const MAX_TYPED: usize = 160;

/// The digits 0 of the scripts in which numbers are written; the digits 1 to 9 follow each.
const ZEROS: [char; 12] = [
    '0', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}',
    '\u{be6}', '\u{e50}', '\u{ff10}',
];

impl PhoneNumber {
    /// Reads a number as people type it: with brackets, dots, dashes and spaces of any kind, digits of other
    /// scripts, `tel:` before it, `00` or what is dialled in the country instead of `+`. Of a number without the
    /// code of its country, `country` says where it was typed; without one it is refused.
    ///
    /// ```
    /// use vestnik_model::phone::{Country, PhoneNumber};
    ///
    /// let russia = Country::parse("RU")?;
    /// let number = PhoneNumber::from_typed("8 (912) 345-67-89", Some(russia))?;
    /// assert_eq!(number.as_str(), "+79123456789");
    /// assert!(PhoneNumber::from_typed("8 (912) 345-67-89", None).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`PhoneError`] if it is none, or could be one of several.
    pub fn from_typed(text: &str, country: Option<Country>) -> Result<Self, PhoneError> {
        if text.len() > MAX_TYPED {
            return Err(PhoneError);
        }
        let typed = Typed::read(without_scheme(text.trim()))?;
        let digits = typed.international(country.map(Country::plan))?;
        Self::parse(&format!("+{digits}"))
    }
}

/// The text behind `tel:` (RFC 3966).
fn without_scheme(text: &str) -> &str {
    match text.split_at_checked(4) {
        Some((scheme, number)) if scheme.eq_ignore_ascii_case("tel:") => number,
        _ => text,
    }
}

/// What was typed, without what separates digits.
struct Typed {
    /// Whether it begins with `+`.
    has_plus: bool,
    /// The digits, ASCII.
    digits: String,
    /// How many digits stand before `(0)`: the 0 that is dialled only where the code of the country is not.
    optional_zero: Option<usize>,
}

impl Typed {
    fn read(text: &str) -> Result<Self, PhoneError> {
        let mut typed = Self {
            has_plus: false,
            digits: String::new(),
            optional_zero: None,
        };
        // What stands in the bracket that is open.
        let mut bracket: Option<usize> = None;
        for letter in text.chars() {
            if let Some(digit) = digit(letter) {
                typed.digits.push(digit);
            } else if matches!(letter, '+' | '\u{ff0b}') && typed.is_empty() && !typed.has_plus {
                typed.has_plus = true;
            } else if matches!(letter, '(' | '\u{ff08}') && bracket.is_none() {
                bracket = Some(typed.digits.len());
            } else if matches!(letter, ')' | '\u{ff09}') && bracket.is_some() {
                let from = bracket.take().unwrap_or_default();
                if typed.digits.get(from..) == Some("0") && from > 0 {
                    typed.optional_zero = Some(from);
                }
            } else if !is_separator(letter) {
                return Err(PhoneError);
            }
        }
        if bracket.is_some() {
            return Err(PhoneError);
        }
        Ok(typed)
    }

    const fn is_empty(&self) -> bool {
        self.digits.is_empty()
    }

    /// The digits from the code of the country on.
    fn international(mut self, plan: Option<&Plan>) -> Result<String, PhoneError> {
        if self.has_plus {
            self.drop_optional_zero(0);
            return Ok(self.digits);
        }
        let abroad = plan.map_or("00", |plan| plan.abroad);
        for prefix in [abroad, "00"] {
            if self.digits.starts_with(prefix) {
                self.drop_optional_zero(prefix.len());
                return Ok(self.digits.split_off(prefix.len()));
            }
        }
        let plan = plan.ok_or(PhoneError)?;
        national(&self.digits, plan)
    }

    /// Takes the 0 out of `+44 (0)20 …`. In Italy it is a part of the number.
    fn drop_optional_zero(&mut self, code_from: usize) {
        let Some(at) = self.optional_zero else {
            return;
        };
        let is_italian = self.digits.get(code_from..at) == Some("39");
        if !is_italian {
            self.digits.remove(at);
        }
    }
}

/// The digits from the code of the country on, of a number that was typed in it. It is typed with its prefix, if
/// there is one; without it, or with the code and no `+`, where its length leaves no doubt.
fn national(digits: &str, plan: &Plan) -> Result<String, PhoneError> {
    let (fewest, most) = plan.digits;
    let is_number = |number: &str| (fewest..=most).contains(&number.len());
    let has_one_length = fewest == most;
    let with_code = |number: &str| format!("{}{number}", plan.code);
    if plan.trunk.is_empty() {
        return if is_number(digits) {
            Ok(with_code(digits))
        } else {
            whole(digits, plan)
        };
    }
    if let Some(number) = digits.strip_prefix(plan.trunk).filter(|it| is_number(it)) {
        return Ok(with_code(number));
    }
    if has_one_length && is_number(digits) {
        return Ok(with_code(digits));
    }
    whole(digits, plan)
}

/// A number with the code of its country and without `+`, if all numbers there have one length.
fn whole(digits: &str, plan: &Plan) -> Result<String, PhoneError> {
    let (fewest, most) = plan.digits;
    let number = digits.strip_prefix(plan.code);
    let is_whole = fewest == most && number.is_some_and(|number| number.len() == most);
    is_whole.then(|| digits.to_owned()).ok_or(PhoneError)
}

fn digit(letter: char) -> Option<char> {
    let of = |zero: &char| {
        u32::from(letter)
            .checked_sub(u32::from(*zero))
            .filter(|it| *it < 10)
    };
    let value = ZEROS.iter().find_map(of)?;
    char::from_digit(value, 10)
}

/// Whether a character only separates digits, or says in which direction they are written.
fn is_separator(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '-' | '.' | '/' | '\u{b7}' | '\u{ad}' | '\u{2212}' | '\u{ff0d}' | '\u{fe63}'
        )
        || matches!(letter, '\u{2010}'..='\u{2015}' | '\u{200b}'..='\u{200f}')
        || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, country: &str) -> Option<String> {
        let country = (!country.is_empty()).then(|| Country::parse(country).unwrap());
        let number = PhoneNumber::from_typed(text, country).ok()?;
        Some(number.as_str().to_owned())
    }

    #[test]
    fn a_number_is_read_as_people_type_it() {
        for (text, country, number) in [
            ("+7 (912) 345-67-89", "", "+79123456789"),
            (" +7.912.345.67.89\n", "", "+79123456789"),
            (
                "+7\u{a0}912\u{2009}345\u{2013}67\u{2212}89",
                "",
                "+79123456789",
            ),
            ("tel:+7-912-345-67-89", "", "+79123456789"),
            ("TEL:+79123456789", "RU", "+79123456789"),
            ("\u{202a}+79123456789\u{202c}", "", "+79123456789"),
            (
                "\u{ff0b}\u{ff17}\u{ff19}\u{ff11}\u{ff12}3456789",
                "",
                "+79123456789",
            ),
            ("+\u{669}\u{667}\u{661} 50 123 4567", "", "+971501234567"),
            ("+966 \u{665}\u{660} 123 4567", "", "+966501234567"),
            ("0049 30 123456", "", "+4930123456"),
            ("00 7 912 345 67 89", "RU", "+79123456789"),
            ("8 912 345-67-89", "RU", "+79123456789"),
            ("8 (912) 345-67-89", "RU", "+79123456789"),
            ("912 345 67 89", "RU", "+79123456789"),
            ("7 912 345 67 89", "RU", "+79123456789"),
            ("8 10 49 30 123456", "RU", "+4930123456"),
            ("8 701 234 56 78", "KZ", "+77012345678"),
            ("8 (029) 123-45-67", "BY", "+375291234567"),
            ("050 123 45 67", "UA", "+380501234567"),
            ("380 50 123 45 67", "UA", "+380501234567"),
            ("030 123456", "DE", "+4930123456"),
            ("+49 (0)30 123456", "", "+4930123456"),
            ("+44 (0)20 7946 0958", "US", "+442079460958"),
            ("0044 (0)20 7946 0958", "", "+442079460958"),
            ("+39 (0)6 698 12345", "", "+390669812345"),
            ("06 698 12345", "IT", "+390669812345"),
            ("(415) 555-2671", "US", "+14155552671"),
            ("1-415-555-2671", "US", "+14155552671"),
            ("011 44 20 7946 0958", "US", "+442079460958"),
            ("06 1 234 5678", "HU", "+3612345678"),
            ("612 345 678", "ES", "+34612345678"),
            ("34 612 345 678", "ES", "+34612345678"),
        ] {
            let read = read(text, country);
            assert_eq!(read.as_deref(), Some(number), "{text:?} in {country:?}");
        }
    }

    #[test]
    fn what_is_no_number_or_could_be_several_is_refused() {
        for (text, country) in [
            ("", ""),
            ("+", "RU"),
            ("8 912 345-67-89", ""),
            ("912 345 67", "RU"),
            ("0912 345 67 89", "UA"),
            ("8 29 123-45-67", "BY"),
            ("8 912 345 67 890", "RU"),
            // Without its 0 it could begin with the code of Germany.
            ("49 30 123456", "DE"),
            ("30 123456", "DE"),
            ("+7 912 345-67-89 доб. 5", ""),
            ("+79123456789;ext=5", ""),
            ("+7912345678O", ""),
            ("++79123456789", ""),
            ("7+9123456789", "RU"),
            ("+7 (912 345-67-89", ""),
            ("+7 ((912)) 345-67-89", ""),
            ("+…89", ""),
            ("+0 912 345 67 89", ""),
            ("+1234567890123456", ""),
            (&format!("+79123456789{}", " -".repeat(80)), ""),
        ] {
            assert_eq!(read(text, country), None, "{text:?} in {country:?}");
        }
    }
}
