//! The marker that a payload carries: `T=` and sixteen hex digits, the time of its publishing.
//!
//! The sink finds it in the raw bytes of a connection, whatever protocol is around it, and however
//! the bytes were cut into reads.

use memchr::memmem;

const START: &[u8] = b"T=";
const DIGITS: usize = 16;
const LENGTH: usize = START.len() + DIGITS;

/// Writes a payload of `length` bytes that begins with the marker of a time.
pub(crate) fn payload(nanos: u64, length: usize) -> String {
    let mut text = format!("T={nanos:016x}");
    while text.len() < length {
        text.push('x');
    }
    text
}

/// Finds the markers in the bytes of one connection.
#[derive(Debug, Default, Clone)]
pub(crate) struct Scanner {
    /// What may be the beginning of a marker at the end of the last read.
    carry: [u8; LENGTH - 1],
    carried: u8,
}

impl Scanner {
    /// Reads on and reports the time in each whole marker.
    pub(crate) fn scan(&mut self, bytes: &[u8], found: impl FnMut(u64)) {
        if self.carried == 0 {
            self.search(bytes, found);
        } else {
            let mut joined = self.carry[..usize::from(self.carried)].to_vec();
            joined.extend_from_slice(bytes);
            self.search(&joined, found);
        }
    }

    fn search(&mut self, bytes: &[u8], mut found: impl FnMut(u64)) {
        let mut end = 0;
        for start in memmem::find_iter(bytes, START) {
            if let Some(nanos) = bytes.get(start..start + LENGTH).and_then(read) {
                found(nanos);
                end = start + LENGTH;
            }
        }
        self.keep(&bytes[end..]);
    }

    fn keep(&mut self, rest: &[u8]) {
        let tail = &rest[rest.len().saturating_sub(LENGTH - 1)..];
        let begins = |start: &usize| {
            let rest = &tail[*start..];
            START.starts_with(rest) || rest.starts_with(START)
        };
        let start = memchr::memchr_iter(START[0], tail).find(begins);
        let part = start.map_or(&[][..], |start| &tail[start..]);
        self.carry[..part.len()].copy_from_slice(part);
        self.carried = u8::try_from(part.len()).expect("a marker is short");
    }
}

fn read(marker: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(&marker[START.len()..]).ok()?;
    u64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(chunks: &[&[u8]]) -> Vec<u64> {
        let mut scanner = Scanner::default();
        let mut found = Vec::new();
        for chunk in chunks {
            scanner.scan(chunk, |nanos| found.push(nanos));
        }
        found
    }

    #[test]
    fn finds_each_marker_however_the_bytes_are_cut() {
        let mut stream = b"TT=zz T=".to_vec();
        for nanos in [1, u64::MAX, 0xabc] {
            stream.extend_from_slice(payload(nanos, 30).as_bytes());
            stream.extend_from_slice(b"\x1eT");
        }
        let expected = [1, u64::MAX, 0xabc];
        assert_eq!(scan(&[&stream]), expected);
        for size in 1..=stream.len() {
            let chunks: Vec<&[u8]> = stream.chunks(size).collect();
            assert_eq!(scan(&chunks), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_payload_has_its_length() {
        assert_eq!(payload(7, 200).len(), 200);
    }
}
