//! From the greeting of a server to where letters can be sent.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret as _;
use vestnik_model::Reason;

use super::{Features, Line};
use crate::{
    outcome::{Outcome, Phase, Verdict, outcome},
    relay::{Login, Security},
    reply::Reply,
};

/// The machine that opens a connection.
///
/// Begin with the connection made (and encrypted, if it is encrypted from the start); hand each reply to
/// [`on_reply`](Self::on_reply), and call [`on_encrypted`](Self::on_encrypted) when the step
/// [`OpeningStep::Encrypt`] is done. After [`OpeningStep::Ready`] or [`OpeningStep::Stop`] it is done.
#[derive(Debug)]
pub struct Opening<'a> {
    name: &'a str,
    security: Security,
    login: Option<&'a Login>,
    stage: Stage,
    is_encrypted: bool,
    features: Features,
}

/// What an [`Opening`] waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The server's greeting.
    Greeting,
    /// The answer to `EHLO`.
    Hello,
    /// The answer to `STARTTLS`, then TLS.
    Encryption,
    /// The answer to the name of `AUTH LOGIN`.
    User,
    /// The answer to the password of `AUTH LOGIN`, before it is asked for.
    Password,
    /// The answer to the last line of `AUTH`.
    Proof,
}

/// What to do next.
#[derive(Debug)]
pub enum OpeningStep {
    /// Write a command and read a reply.
    Write(Line),
    /// Begin TLS. Whatever the server sent before it must be thrown away with the connection: it was
    /// not encrypted (RFC 3207, 6).
    Encrypt,
    /// Letters can be sent.
    Ready(Features),
    /// No letter can be sent.
    Stop(Outcome),
}

impl<'a> Opening<'a> {
    /// A connection that has just been made. `name` is what this host calls itself.
    #[must_use]
    pub const fn new(name: &'a str, security: Security, login: Option<&'a Login>) -> Self {
        Self {
            name,
            security,
            login,
            stage: Stage::Greeting,
            is_encrypted: matches!(security, Security::Tls),
            features: Features {
                starttls: false,
                plain: false,
                login: false,
                dsn: false,
                size: None,
                takes_size: false,
            },
        }
    }

    /// Takes a reply.
    pub fn on_reply(&mut self, reply: &Reply) -> OpeningStep {
        let phase = match self.stage {
            Stage::Greeting | Stage::Hello | Stage::Encryption => Phase::Opening,
            Stage::User | Stage::Password | Stage::Proof => Phase::Authentication,
        };
        if !reply.is_positive() {
            return OpeningStep::Stop(outcome(reply, phase));
        }
        match (self.stage, reply.code) {
            (Stage::Greeting, 220) => self.hello(),
            (Stage::Hello, 250) => {
                self.features = Features::read(reply);
                self.on_features()
            }
            (Stage::Encryption, 220) => OpeningStep::Encrypt,
            (Stage::User, 334) => self.user(),
            (Stage::Password, 334) => self.password(),
            (Stage::Proof, 235) => OpeningStep::Ready(self.features),
            _ => stop(Reason::Unknown, reply),
        }
    }

    /// TLS is established.
    pub fn on_encrypted(&mut self) -> OpeningStep {
        self.is_encrypted = true;
        self.hello()
    }

    fn hello(&mut self) -> OpeningStep {
        self.stage = Stage::Hello;
        OpeningStep::Write(Line::new(format_args!("EHLO {}", self.name)))
    }

    fn on_features(&mut self) -> OpeningStep {
        if self.security == Security::StartTls && !self.is_encrypted {
            if !self.features.starttls {
                // Nothing is sent in the clear instead: so a stranger on the way could read it all.
                return refused(Reason::ConfigProviderAuth);
            }
            self.stage = Stage::Encryption;
            return OpeningStep::Write(Line::new("STARTTLS"));
        }
        match self.login {
            None => OpeningStep::Ready(self.features),
            Some(login) if self.features.plain => {
                self.stage = Stage::Proof;
                let (user, password) = (login.user(), login.password().expose_secret());
                let proof = STANDARD.encode(format!("\0{user}\0{password}"));
                OpeningStep::Write(Line::new(format_args!("AUTH PLAIN {proof}")))
            }
            Some(_) if self.features.login => {
                self.stage = Stage::User;
                OpeningStep::Write(Line::new("AUTH LOGIN"))
            }
            // The account has a password and the server asks for none, or for another kind of proof.
            Some(_) => refused(Reason::ConfigProviderAuth),
        }
    }

    fn user(&mut self) -> OpeningStep {
        self.stage = Stage::Password;
        let user = self.login.map(Login::user).unwrap_or_default();
        OpeningStep::Write(Line::new(STANDARD.encode(user)))
    }

    fn password(&mut self) -> OpeningStep {
        self.stage = Stage::Proof;
        let password = self.login.map(|login| login.password().expose_secret());
        OpeningStep::Write(Line::new(STANDARD.encode(password.unwrap_or_default())))
    }
}

fn refused(reason: Reason) -> OpeningStep {
    OpeningStep::Stop(Outcome {
        verdict: Verdict::Refused { reason },
        said: None,
    })
}

fn stop(reason: Reason, reply: &Reply) -> OpeningStep {
    OpeningStep::Stop(Outcome {
        verdict: Verdict::Retry {
            reason,
            after: None,
        },
        said: Some(reply.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::ReplyReader;

    fn reply(text: &str) -> Reply {
        let mut reader = ReplyReader::default();
        reader.push(text.as_bytes());
        reader.take().unwrap().unwrap()
    }

    /// What is written for each reply, until the end, which is the last word.
    fn talk(security: Security, login: Option<&Login>, replies: &[&str]) -> Vec<String> {
        let mut opening = Opening::new("host.example", security, login);
        let mut said = Vec::new();
        for text in replies {
            let mut step = opening.on_reply(&reply(text));
            if let OpeningStep::Encrypt = step {
                said.push("(TLS)".to_owned());
                step = opening.on_encrypted();
            }
            said.push(match step {
                OpeningStep::Write(line) => String::from_utf8(line.as_bytes().to_vec())
                    .unwrap()
                    .trim_end()
                    .to_owned(),
                OpeningStep::Encrypt => panic!("encrypted twice"),
                OpeningStep::Ready(_) => "(ready)".to_owned(),
                OpeningStep::Stop(outcome) => format!("{:?}", outcome.verdict.reason().unwrap()),
            });
        }
        said
    }

    fn anna() -> Login {
        Login::new("anna", "s3cret".into()).unwrap()
    }

    const HELLO: &str =
        "250-mx\r\n250-STARTTLS\r\n250-DSN\r\n250-SIZE 1000\r\n250 AUTH LOGIN PLAIN\r\n";

    #[test]
    fn a_login_is_sent_over_tls_only() {
        let (login, greeting) = (anna(), "220 mx ESMTP\r\n");
        let expected = [
            "EHLO host.example",
            "STARTTLS",
            "(TLS)",
            "EHLO host.example",
            "AUTH PLAIN AGFubmEAczNjcmV0",
            "(ready)",
        ];
        let replies = [greeting, HELLO, "220 go\r\n", HELLO, "235 2.7.0 ok\r\n"];
        assert_eq!(talk(Security::StartTls, Some(&login), &replies), expected);
        let stripped = [greeting, "250-mx\r\n250 AUTH PLAIN\r\n"];
        assert_eq!(
            talk(Security::StartTls, Some(&login), &stripped),
            ["EHLO host.example", "ConfigProviderAuth"]
        );
        assert_eq!(
            talk(Security::StartTls, None, &stripped),
            ["EHLO host.example", "ConfigProviderAuth"]
        );
    }

    #[test]
    fn servers_without_plain_are_asked_by_login() {
        let login = anna();
        let replies = [
            "220 mx\r\n",
            "250-mx\r\n250 AUTH=LOGIN\r\n",
            "334 VXNlcm5hbWU6\r\n",
            "334 UGFzc3dvcmQ6\r\n",
            "235 ok\r\n",
        ];
        let expected = [
            "EHLO host.example",
            "AUTH LOGIN",
            "YW5uYQ==",
            "czNjcmV0",
            "(ready)",
        ];
        assert_eq!(talk(Security::Tls, Some(&login), &replies), expected);
    }

    #[test]
    fn refusals_stop_it() {
        let login = anna();
        for (replies, reason) in [
            (&["554 5.7.1 no\r\n"][..], "ConfigSenderNotAllowed"),
            (&["554 no\r\n"], "ProviderUnavailable"),
            (&["421 busy\r\n"], "ProviderUnavailable"),
            (&["220 mx\r\n", "502 no\r\n"], "ProviderUnavailable"),
            (&["220 mx\r\n", "250 mx\r\n"], "ConfigProviderAuth"),
            (
                &["220 mx\r\n", HELLO, "535 5.7.8 wrong\r\n"],
                "ConfigProviderAuth",
            ),
            (&["220 mx\r\n", HELLO, "334 what\r\n"], "Unknown"),
            (&["250 what\r\n"], "Unknown"),
        ] {
            assert_eq!(
                talk(Security::Tls, Some(&login), replies).last().unwrap(),
                reason,
                "{replies:?}"
            );
        }
    }

    #[test]
    fn features_are_read_whatever_their_case() {
        let features = Features::read(&reply(&HELLO.to_lowercase()));
        assert!(features.starttls && features.plain && features.login && features.dsn);
        assert_eq!((features.takes_size, features.size), (true, Some(1_000)));
        let open = Features::read(&reply("250-STARTTLS\r\n250-SIZE\r\n250 SIZE 0\r\n"));
        assert_eq!(
            (open.takes_size, open.size, open.starttls),
            (true, None, false)
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        let login = anna();
        let mut opening = Opening::new("h", Security::Tls, Some(&login));
        opening.on_reply(&reply("220 x\r\n"));
        let shown = format!("{:?} {opening:?}", opening.on_reply(&reply(HELLO)));
        assert!(shown.contains("Line(AUTH)"), "{shown}");
        assert!(
            !shown.contains("AGFu") && !shown.contains("s3cret") && !shown.contains("anna"),
            "{shown}"
        );
    }
}
