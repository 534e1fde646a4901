//! One letter over an open connection.

use vestnik_model::Reason;

use super::{Envelope, Features, Line};
use crate::{
    outcome::{BUSY, Outcome, Phase, Verdict, outcome},
    reply::Reply,
};

/// The machine that hands one letter over.
///
/// Take the first step from [`begin`](Self::begin), hand each reply to [`on_reply`](Self::on_reply), and
/// call [`on_data_written`](Self::on_data_written) when the step [`TransferStep::Data`] is done. If the
/// connection ends or falls silent, [`on_lost`](Self::on_lost) says what that means. After
/// [`TransferStep::Done`] it is done.
#[derive(Debug)]
pub struct Transfer<'a> {
    envelope: &'a Envelope,
    features: Features,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Mail,
    Recipient,
    Data,
    /// The letter is being written, but for the dot that ends it.
    Letter,
    /// The dot may have been written.
    Dot,
}

/// What to do next.
#[derive(Debug)]
pub enum TransferStep {
    /// Write a command and read a reply.
    Write(Line),
    /// Write the letter.
    Data(Vec<u8>),
    /// The letter's outcome.
    Done {
        /// What became of it.
        outcome: Outcome,
        /// Whether the connection can take another letter after `RSET`.
        is_usable: bool,
    },
}

impl<'a> Transfer<'a> {
    /// Begins with a letter.
    #[must_use]
    pub fn begin(envelope: &'a Envelope, features: Features) -> (Self, TransferStep) {
        let transfer = Self {
            envelope,
            features,
            stage: Stage::Mail,
        };
        let step = transfer.mail();
        (transfer, step)
    }

    fn mail(&self) -> TransferStep {
        let size = self.envelope.message.len() as u64;
        if self.features.size.is_some_and(|most| size > most) {
            let reason = Reason::ProviderPayloadTooLarge;
            return done(Verdict::Rejected { reason });
        }
        let mut command = format!("MAIL FROM:<{}>", self.envelope.sender);
        if self.features.takes_size {
            command += &format!(" SIZE={size}");
        }
        if self.features.dsn {
            command += &format!(" RET=HDRS ENVID={}", self.envelope.tag.as_str());
        }
        TransferStep::Write(Line::new(command))
    }

    fn recipient(&self) -> TransferStep {
        let mut command = format!("RCPT TO:<{}>", self.envelope.recipient);
        if self.features.dsn {
            command += " NOTIFY=FAILURE,DELAY";
        }
        TransferStep::Write(Line::new(command))
    }

    /// Takes a reply.
    pub fn on_reply(&mut self, reply: &Reply) -> TransferStep {
        let expected = match self.stage {
            Stage::Mail | Stage::Recipient | Stage::Dot => 200..300,
            Stage::Data => 354..355,
            // A reply that nobody asked for.
            Stage::Letter => 0..0,
        };
        if !expected.contains(&reply.code) {
            return self.refused(reply);
        }
        match self.stage {
            Stage::Mail => {
                self.stage = Stage::Recipient;
                self.recipient()
            }
            Stage::Recipient => {
                self.stage = Stage::Data;
                TransferStep::Write(Line::new("DATA"))
            }
            Stage::Data => {
                self.stage = Stage::Letter;
                TransferStep::Data(self.envelope.data())
            }
            Stage::Letter | Stage::Dot => TransferStep::Done {
                outcome: outcome(reply, Phase::Letter),
                is_usable: true,
            },
        }
    }

    fn refused(&self, reply: &Reply) -> TransferStep {
        let phase = match self.stage {
            Stage::Mail => Phase::Sender,
            Stage::Recipient | Stage::Data | Stage::Letter | Stage::Dot => Phase::Letter,
        };
        let is_refusal = !reply.is_positive();
        let outcome = if is_refusal {
            outcome(reply, phase)
        } else {
            // Something between 2xx and 3xx that does not belong here.
            Outcome {
                said: Some(reply.into()),
                ..self.on_lost()
            }
        };
        TransferStep::Done {
            outcome,
            is_usable: is_refusal && reply.code != 421 && self.stage != Stage::Letter,
        }
    }

    /// The letter is written, all but the dot that ends it. The step that follows ends it: from now on
    /// the server may take it.
    pub fn on_data_written(&mut self) -> Line {
        self.stage = Stage::Dot;
        Line::new(".")
    }

    /// The connection ended, or the server did not answer in time.
    #[must_use]
    pub const fn on_lost(&self) -> Outcome {
        let verdict = match self.stage {
            Stage::Dot => Verdict::Unproven {
                reason: Reason::ProviderUnproven,
            },
            Stage::Mail | Stage::Recipient | Stage::Data | Stage::Letter => {
                Verdict::retry(Reason::ProviderUnavailable, BUSY)
            }
        };
        Outcome {
            verdict,
            said: None,
        }
    }

    /// Whether nothing was written that the server answered: over a connection that was open before, it
    /// says only that the server had closed it.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        self.stage == Stage::Mail
    }
}

fn done(verdict: Verdict) -> TransferStep {
    TransferStep::Done {
        outcome: Outcome {
            verdict,
            said: None,
        },
        is_usable: true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        fixture::{address, letter, notification, sender},
        reply::ReplyReader,
    };

    fn reply(text: &str) -> Reply {
        let mut reader = ReplyReader::default();
        reader.push(format!("{text}\r\n").as_bytes());
        reader.take().unwrap().unwrap()
    }

    fn envelope() -> Envelope {
        let (to, said) = (
            address("anna@shop.example"),
            notification(json!({"body": ".\r\n.. dots"})),
        );
        let now = "2026-11-28T09:00:00Z".parse().unwrap();
        Envelope::of(&letter(&to, &said), &sender(), now).unwrap()
    }

    fn text(step: &TransferStep) -> String {
        match step {
            TransferStep::Write(line) => String::from_utf8(line.as_bytes().to_vec()).unwrap(),
            TransferStep::Data(_) | TransferStep::Done { .. } => panic!("{step:?}"),
        }
    }

    /// Takes replies up to one that ends it, writing the letter when it is time.
    fn end(replies: &[&str]) -> (Verdict, bool) {
        let envelope = envelope();
        let (mut transfer, mut step) = Transfer::begin(&envelope, Features::default());
        for text in replies {
            step = transfer.on_reply(&reply(text));
            if let TransferStep::Data(_) = step {
                assert_eq!(transfer.on_data_written().as_bytes(), b".\r\n");
            }
        }
        match step {
            TransferStep::Done { outcome, is_usable } => (outcome.verdict, is_usable),
            TransferStep::Write(_) | TransferStep::Data(_) => (transfer.on_lost().verdict, false),
        }
    }

    #[test]
    fn a_letter_is_handed_over_with_what_the_server_can_do() {
        let envelope = envelope();
        let features = Features {
            dsn: true,
            takes_size: true,
            ..Features::default()
        };
        let (mut transfer, first) = Transfer::begin(&envelope, features);
        let tag = envelope.tag.as_str();
        let size = envelope.message.len();
        let mail =
            format!("MAIL FROM:<bounce+{tag}@shop.example> SIZE={size} RET=HDRS ENVID={tag}\r\n");
        assert_eq!(text(&first), mail);
        let second = transfer.on_reply(&reply("250 ok"));
        assert_eq!(
            text(&second),
            "RCPT TO:<anna@shop.example> NOTIFY=FAILURE,DELAY\r\n"
        );
        assert_eq!(text(&transfer.on_reply(&reply("250 ok"))), "DATA\r\n");
        let TransferStep::Data(data) = transfer.on_reply(&reply("354 go")) else {
            panic!("the letter is not written");
        };
        let data = String::from_utf8(data).unwrap();
        assert!(data.ends_with("\r\n") && !data.contains("\n.\r\n"));
        assert!(data.contains("\r\n..\r\n... dots\r\n"), "{data}");
    }

    #[test]
    fn only_a_lost_answer_to_the_whole_letter_is_unproven() {
        let lost = Verdict::retry(Reason::ProviderUnavailable, BUSY);
        for replies in [&[][..], &["250 ok"], &["250 ok", "250 ok"]] {
            assert_eq!(end(replies), (lost, false), "{replies:?}");
        }
        let unproven = Verdict::Unproven {
            reason: Reason::ProviderUnproven,
        };
        assert_eq!(end(&["250 ok", "250 ok", "354 go"]), (unproven, false));
        // An answer that means nothing proves nothing.
        assert_eq!(
            end(&["250 ok", "250 ok", "354 go", "334 what"]),
            (unproven, false)
        );
        assert_eq!(
            end(&["250 ok", "250 ok", "354 go", "250 ok"]),
            (Verdict::Accepted, true)
        );
    }

    #[test]
    fn a_letter_that_is_being_written_is_lost_with_its_connection() {
        let envelope = envelope();
        let (mut transfer, _) = Transfer::begin(&envelope, Features::default());
        for text in ["250 ok", "250 ok", "354 go"] {
            transfer.on_reply(&reply(text));
        }
        let lost = Verdict::retry(Reason::ProviderUnavailable, BUSY);
        assert_eq!(transfer.on_lost().verdict, lost);
        // A refusal in the middle of the letter counts, but nothing can follow it.
        let TransferStep::Done { outcome, is_usable } = transfer.on_reply(&reply("550 5.7.1 no"))
        else {
            panic!("goes on");
        };
        let reason = Reason::ProviderContentRejected;
        assert_eq!(
            (outcome.verdict, is_usable),
            (Verdict::Rejected { reason }, false)
        );
    }

    #[test]
    fn a_refusal_leaves_the_connection_to_the_next_letter_except_421() {
        let dead = Verdict::Dead {
            reason: Reason::EmailBounced,
        };
        assert_eq!(end(&["250 ok", "550 5.1.1 who"]), (dead, true));
        let sender = Verdict::Refused {
            reason: Reason::ConfigSenderNotAllowed,
        };
        assert_eq!(end(&["550 5.7.1 not you"]), (sender, true));
        assert!(end(&["250 ok", "250 ok", "554 5.5.1 none"]).1);
        let busy = Verdict::retry(Reason::ProviderUnavailable, BUSY);
        assert_eq!(end(&["250 ok", "421 bye"]), (busy, false));
    }

    #[test]
    fn a_letter_above_the_server_s_bound_is_not_sent() {
        let envelope = envelope();
        let features = Features {
            size: Some(10),
            takes_size: true,
            ..Features::default()
        };
        let (_, step) = Transfer::begin(&envelope, features);
        assert!(matches!(
            step,
            TransferStep::Done {
                outcome: Outcome {
                    verdict: Verdict::Rejected {
                        reason: Reason::ProviderPayloadTooLarge
                    },
                    ..
                },
                is_usable: true
            }
        ));
    }
}
