//! How many short messages a text is sent as.
//!
//! 3GPP TS 23.038: a message has 140 bytes, which are 160 characters of the default alphabet of seven bits, or
//! 70 of UCS-2. TS 23.040: the parts of a longer one begin with a header of six bytes, which leaves 153 and 67.

/// The default alphabet, TS 23.038, 6.2.1, without the escape.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The extension, 6.2.1.1: each takes an escape and a character.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How many parts a text has: 1 for an empty one.
#[must_use]
pub fn parts(text: &str) -> usize {
    let septets: Option<Vec<_>> = text.chars().map(septets).collect();
    match septets {
        Some(widths) => count(&widths, 160, 153),
        None => {
            let widths: Vec<_> = text.chars().map(char::len_utf16).collect();
            count(&widths, 70, 67)
        }
    }
}

fn septets(character: char) -> Option<usize> {
    if BASIC.contains(character) {
        return Some(1);
    }
    EXTENSION.contains(character).then_some(2)
}

/// No character is divided between two parts.
fn count(widths: &[usize], alone: usize, part: usize) -> usize {
    if widths.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (mut parts, mut used) = (1, 0);
    for width in widths {
        if used + width > part {
            parts += 1;
            used = 0;
        }
        used += width;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_as_many_parts_as_its_alphabet_makes() {
        for (text, wanted) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            // 153 is odd: an escape never ends a part.
            (format!("{}€{}", "a".repeat(152), "a".repeat(152)), 3),
            ("я".repeat(70), 1),
            ("я".repeat(71), 2),
            ("я".repeat(134), 2),
            ("я".repeat(135), 3),
            ("👍".repeat(35), 1),
            // 67 is odd: a pair of surrogates never is divided.
            ("👍".repeat(66), 2),
            ("👍".repeat(67), 3),
            (format!("{}я", "a".repeat(70)), 2),
        ] {
            assert_eq!(parts(&text), wanted, "{text}");
        }
    }
}
