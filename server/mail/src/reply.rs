//! Replies of SMTP servers (RFC 5321, 4.2), read within bounds.

use std::fmt;

use crate::status::{Class, EnhancedStatus};

/// A reply of an SMTP server.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The code, from 200 to 599.
    pub code: u16,
    /// The enhanced status at the beginning of its text, if its class is that of the code.
    pub status: Option<EnhancedStatus>,
    /// The lines of its text, without codes.
    pub lines: Vec<String>,
}

impl Reply {
    /// Whether the server did what it was asked for, or wants to hear more.
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.code < 400
    }
}

/// Shows codes only: servers repeat addresses and links in their texts.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({self})")
    }
}

/// The code and the enhanced status, without any text: safe to log.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "{} {status}", self.code),
            None => write!(f, "{}", self.code),
        }
    }
}

/// What a server sent is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// A line does not begin with a code, or its code is not that of the line before.
    #[error("the server's answer is no SMTP reply")]
    Shape,
    /// A line or the whole is longer than any honest reply.
    #[error("the server's answer is too long")]
    TooLong,
}

/// Puts replies together from what comes over a connection.
///
/// Push bytes, then take replies until there is none. After an error the connection is of no use.
#[derive(Default)]
pub struct ReplyReader {
    bytes: Vec<u8>,
    code: Option<u16>,
    lines: Vec<String>,
}

impl ReplyReader {
    /// The most bytes of a line: eight times of what RFC 5321 allows (4.5.3.1.5).
    pub const MAX_LINE_BYTES: usize = 4_096;
    /// The most lines of a reply.
    pub const MAX_LINES: usize = 128;

    /// Takes what came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether anything came that is not part of a reply taken by now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.lines.is_empty()
    }

    /// The next whole reply.
    ///
    /// # Errors
    /// [`ReplyError`] if what came is none.
    pub fn take(&mut self) -> Result<Option<Reply>, ReplyError> {
        while let Some(end) = memchr::memchr(b'\n', &self.bytes) {
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            if let Some(reply) = self.line(line.trim_ascii_end())? {
                return Ok(Some(reply));
            }
        }
        if self.bytes.len() > Self::MAX_LINE_BYTES {
            return Err(ReplyError::TooLong);
        }
        Ok(None)
    }

    /// Takes a line; gives the reply that it ends.
    fn line(&mut self, line: &[u8]) -> Result<Option<Reply>, ReplyError> {
        if line.len() > Self::MAX_LINE_BYTES || self.lines.len() >= Self::MAX_LINES {
            return Err(ReplyError::TooLong);
        }
        let (code, rest) = line.split_at_checked(3).ok_or(ReplyError::Shape)?;
        let code = parse_code(code).ok_or(ReplyError::Shape)?;
        if *self.code.get_or_insert(code) != code {
            return Err(ReplyError::Shape);
        }
        let (is_last, text) = match rest {
            [] => (true, rest),
            [b' ', text @ ..] => (true, text),
            [b'-', text @ ..] => (false, text),
            _ => return Err(ReplyError::Shape),
        };
        // Servers answer in any encoding; only ASCII in it means something to us.
        self.lines.push(String::from_utf8_lossy(text).into_owned());
        if !is_last {
            return Ok(None);
        }
        self.code = None;
        let lines = std::mem::take(&mut self.lines);
        let status = status_of(code, &lines);
        Ok(Some(Reply {
            code,
            status,
            lines,
        }))
    }
}

/// Shows how much waits.
impl fmt::Debug for ReplyReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplyReader({} bytes)", self.bytes.len())
    }
}

fn parse_code(digits: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(digits).ok()?;
    let code: u16 = text.parse().ok()?;
    (200..600).contains(&code).then_some(code)
}

/// The enhanced status that a reply begins with (RFC 2034, 4).
fn status_of(code: u16, lines: &[String]) -> Option<EnhancedStatus> {
    let first = lines.first()?.split_ascii_whitespace().next()?;
    let status = EnhancedStatus::parse(first)?;
    let class = match code {
        200..=299 => Class::Success,
        400..=499 => Class::Transient,
        500..=599 => Class::Permanent,
        _ => return None,
    };
    (status.class == class).then_some(status)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Reply>, ReplyError> {
        let mut reader = ReplyReader::default();
        reader.push(bytes);
        reader.take()
    }

    #[test]
    fn replies_have_a_code_a_status_and_lines() {
        let reply = read(b"250-mx.example\r\n250-SIZE 100\n250 8BITMIME\r\n")
            .unwrap()
            .unwrap();
        assert_eq!((reply.code, reply.lines.len()), (250, 3));
        let reply = read(b"550 5.1.1 <anna@a.b>: unknown\r\n").unwrap().unwrap();
        assert_eq!(reply.to_string(), "550 5.1.1");
        assert_eq!(format!("{reply:?}"), "Reply(550 5.1.1)");
        assert_eq!(read(b"221\r\n").unwrap().unwrap().lines, [""]);
        assert_eq!(read(b"250 4.1.1 x\r\n").unwrap().unwrap().status, None);
        assert_eq!(read(b"250 ok").unwrap(), None);
    }

    #[test]
    fn a_text_in_any_encoding_is_a_reply() {
        let reply = read(b"550 5.1.1 \xcd\xe5\xf2\r\n").unwrap().unwrap();
        assert_eq!(reply.to_string(), "550 5.1.1");
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for bytes in [
            &b"hello\r\n"[..],
            b"\r\n",
            b"99 x\r\n",
            b"600 x\r\n",
            b"250x\r\n",
            b"250-a\r\n251 b\r\n",
            b"+25 x\r\n",
        ] {
            assert_eq!(read(bytes), Err(ReplyError::Shape), "{bytes:?}");
        }
    }

    #[test]
    fn replies_are_bounded() {
        assert_eq!(read(&[b'2'; 5_000]), Err(ReplyError::TooLong));
        assert_eq!(read(&b"250-x\r\n".repeat(200)), Err(ReplyError::TooLong));
        let mut long = b"250 ".to_vec();
        long.extend([b'x'; 5_000]);
        long.push(b'\n');
        assert_eq!(read(&long), Err(ReplyError::TooLong));
    }

    proptest! {
        #[test]
        fn nothing_panics_and_chunks_do_not_matter(
            bytes in "(250[- ][a-z5.]{0,8}\r?\n|[0-9 -]{0,6}\n|\\PC{0,4}){0,12}", cut in 0_usize..40,
        ) {
            let bytes = bytes.as_bytes();
            let cut = cut.min(bytes.len());
            let mut whole = ReplyReader::default();
            whole.push(bytes);
            let mut cuts = ReplyReader::default();
            cuts.push(&bytes[..cut]);
            let mut replies = Vec::new();
            while let Ok(Some(reply)) = cuts.take() {
                replies.push(reply);
            }
            cuts.push(&bytes[cut..]);
            while let Ok(Some(reply)) = cuts.take() {
                replies.push(reply);
            }
            let mut expected = Vec::new();
            while let Ok(Some(reply)) = whole.take() {
                expected.push(reply);
            }
            // An error ends a connection; what came before it was the same.
            let common = replies.len().min(expected.len());
            prop_assert_eq!(&replies[..common], &expected[..common]);
        }
    }
}
