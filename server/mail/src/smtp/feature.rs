//! What a server can do, as it says in its answer to `EHLO`.

use crate::reply::Reply;

/// What a server can do, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features {
    /// `STARTTLS` (RFC 3207).
    pub starttls: bool,
    /// `AUTH PLAIN` (RFC 4616).
    pub plain: bool,
    /// `AUTH LOGIN`, which some servers have instead.
    pub login: bool,
    /// `DSN` (RFC 3461): the server takes the letter's mark and says what it does with the letter.
    pub dsn: bool,
    /// `SIZE` (RFC 1870), with the most bytes of a letter unless the server leaves that open.
    pub size: Option<u64>,
    /// Whether there is `SIZE` at all.
    pub takes_size: bool,
}

impl Features {
    /// Reads the lines after the first of an answer to `EHLO`.
    #[must_use]
    pub fn read(reply: &Reply) -> Self {
        let mut features = Self::default();
        for line in reply.lines.iter().skip(1) {
            features.add(&line.to_ascii_uppercase());
        }
        features
    }

    fn add(&mut self, line: &str) {
        // Old servers write AUTH=PLAIN as well.
        let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
        match words.next() {
            Some("STARTTLS") => self.starttls = true,
            Some("DSN") => self.dsn = true,
            Some("SIZE") => {
                self.takes_size = true;
                let size = words.next().and_then(|size| size.parse().ok());
                self.size = size.filter(|size| *size > 0);
            }
            Some("AUTH") => {
                for word in words {
                    self.plain |= word == "PLAIN";
                    self.login |= word == "LOGIN";
                }
            }
            _ => {}
        }
    }
}
