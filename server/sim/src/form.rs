//! Reads `application/x-www-form-urlencoded`.

use std::collections::BTreeMap;

/// The fields of a form. What is no UTF-8 after decoding is left out; of equal names, the last counts.
pub(crate) fn parse(body: &[u8]) -> BTreeMap<String, String> {
    let pairs = body.split(|byte| *byte == b'&');
    let pair = |pair: &[u8]| {
        let split = pair.iter().position(|byte| *byte == b'=')?;
        Some((decode(&pair[..split])?, decode(&pair[split + 1..])?))
    };
    pairs.filter_map(pair).collect()
}

fn decode(text: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        match (*first, after) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, after @ ..]) => {
                decoded.push(digit(*high)? << 4 | digit(*low)?);
                rest = after;
            }
            (b'%', _) => return None,
            (byte, _) => decoded.push(byte),
        }
    }
    String::from_utf8(decoded).ok()
}

fn digit(character: u8) -> Option<u8> {
    let digit = char::from(character).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded() {
        let fields =
            parse(b"grant_type=urn%3Aietf&assertion=a.b-_&empty=&a+b=c+d&bad=%4&worse=%zz");
        let expected = [
            ("a b", "c d"),
            ("assertion", "a.b-_"),
            ("empty", ""),
            ("grant_type", "urn:ietf"),
        ];
        let fields: Vec<_> = fields
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(fields, expected);
    }
}
