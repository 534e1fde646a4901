//! The text form of keys (RFC 7468).

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Writes bytes between the lines of a label.
pub(crate) fn encode(label: &str, bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

/// The bytes between the lines of a label.
pub(crate) fn decode(label: &str, pem: &str) -> Option<Vec<u8>> {
    let start = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let (_, rest) = pem.split_once(&start)?;
    let (text, _) = rest.split_once(&end)?;
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 47, 48, 49, 500] {
            let bytes = vec![7; length];
            let pem = encode("PRIVATE KEY", &bytes);
            assert!(pem.lines().all(|line| line.len() <= 64));
            assert_eq!(decode("PRIVATE KEY", &pem), Some(bytes));
        }
        assert_eq!(decode("PRIVATE KEY", &encode("CERTIFICATE", b"a")), None);
        assert_eq!(
            decode("PRIVATE KEY", "-----BEGIN PRIVATE KEY-----\nYQ=="),
            None
        );
    }
}
