//! The driver against servers that follow a script, most of them hostile.

mod encrypted;
mod waiting;

use std::{num::NonZeroU16, sync::Arc, time::Duration};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};
use vestnik_model::Reason;
use vestnik_outbound::Place;

use super::*;
use crate::{
    fixture::{address, letter, notification, sender},
    outcome::{BUSY, Verdict},
    relay::{HeloName, Login, Patience, Security},
};

/// What a server does next.
#[derive(Clone, Copy)]
enum Act {
    Say(&'static str),
    Hear(&'static str),
    /// Reads a letter to its end.
    Letter,
    /// Begins TLS.
    Tls,
    /// Lets so many seconds of virtual time pass.
    Pause(u64),
    /// Neither says nor closes anything.
    Silence,
    /// Says so much without a line end.
    Flood(usize),
}

use Act::{Flood, Hear, Letter, Pause, Say, Silence, Tls};

const HELLO: [Act; 3] = [Say("220 mx"), Hear("EHLO"), Say("250 mx")];
const MAIL: [Act; 6] = [
    Hear("MAIL"),
    Say("250 ok"),
    Hear("RCPT"),
    Say("250 ok"),
    Hear("DATA"),
    Say("354 go"),
];
const TAKEN: [Act; 2] = [Letter, Say("250 2.0.0 queued")];

fn acts(parts: &[&[Act]]) -> Vec<Act> {
    parts.concat()
}

/// A server that follows a script for each connection in turn, and the letters that it got.
struct Server {
    port: u16,
    done: JoinHandle<Vec<String>>,
}

impl Server {
    async fn new(scripts: Vec<Vec<Act>>) -> Self {
        Self::with_tls(scripts, None).await
    }

    async fn with_tls(scripts: Vec<Vec<Act>>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let done = tokio::spawn(async move {
            let mut letters = Vec::new();
            for script in scripts {
                let (socket, _) = listener.accept().await.unwrap();
                letters.extend(follow(socket, &script, tls.clone()).await);
            }
            letters
        });
        Self { port, done }
    }

    fn relay(&self) -> Relay {
        Relay {
            place: Place::at("127.0.0.1", self.port, false).unwrap(),
            security: Security::Loopback,
            login: None,
            helo: HeloName::parse("host.example").unwrap(),
            roots: Vec::new(),
            connections: NonZeroU16::MIN,
            patience: Patience::default(),
        }
    }

    fn mailer(&self) -> Mailer {
        Mailer::new(self.relay(), here()).unwrap()
    }

    /// The letters, once every script is done.
    async fn letters(self) -> Vec<String> {
        self.done.await.unwrap()
    }
}

/// Loopback is not public: it has to be listed.
fn here() -> Reach {
    let reach = Reach::public().and("127.0.0.1").unwrap();
    reach.and("localhost").unwrap()
}

async fn follow(socket: TcpStream, script: &[Act], tls: Option<TlsAcceptor>) -> Vec<String> {
    let at = script.iter().position(|act| matches!(act, Tls));
    let (before, after) = script.split_at(at.unwrap_or(script.len()));
    let mut plain = BufReader::new(socket);
    let mut letters = play(&mut plain, before).await;
    if let Some((_, after)) = after.split_first() {
        assert!(plain.buffer().is_empty(), "something was sent before TLS");
        // A client that does not trust us ends here.
        let Ok(stream) = tls.unwrap().accept(plain.into_inner()).await else {
            return letters;
        };
        letters.extend(play(&mut BufReader::new(stream), after).await);
    }
    letters
}

async fn play<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut BufReader<S>,
    script: &[Act],
) -> Vec<String> {
    let mut letters = Vec::new();
    for act in script {
        match *act {
            Say(text) => wire
                .write_all(format!("{text}\r\n").as_bytes())
                .await
                .unwrap(),
            Hear(verb) => {
                let mut line = String::new();
                wire.read_line(&mut line).await.unwrap();
                assert!(line.starts_with(verb), "{line:?} instead of {verb}");
            }
            Letter => {
                let mut letter = String::new();
                while !letter.ends_with("\r\n.\r\n") {
                    assert_ne!(wire.read_line(&mut letter).await.unwrap(), 0, "{letter}");
                }
                letters.push(letter);
            }
            Flood(bytes) => {
                // The client may hang up in the middle.
                drop(wire.write_all(&vec![b'2'; bytes]).await);
            }
            Silence => {
                let mut line = String::new();
                while wire.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                    line.clear();
                }
            }
            Pause(seconds) => pause(Duration::from_secs(seconds)).await,
            Tls => panic!("TLS in the middle of a part"),
        }
    }
    letters
}

/// Lets virtual time pass.
async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::pause();
        sleep(time).await;
        tokio::time::resume();
    }
}

fn envelope() -> Envelope {
    let (to, said) = (address("anna@shop.example"), notification(json!({})));
    let now = "2026-11-28T09:00:00Z".parse().unwrap();
    Envelope::of(&letter(&to, &said), &sender(), now).unwrap()
}

async fn verdict_of(scripts: Vec<Vec<Act>>) -> Verdict {
    let server = Server::new(scripts).await;
    let verdict = server.mailer().send(&envelope()).await.verdict;
    server.letters().await;
    verdict
}

const LATER: Verdict = Verdict::Retry {
    reason: Reason::ProviderUnavailable,
    after: None,
};
const LOST: Verdict = Verdict::Retry {
    reason: Reason::ProviderUnavailable,
    after: Some(BUSY),
};
const UNPROVEN: Verdict = Verdict::Unproven {
    reason: Reason::ProviderUnproven,
};

#[tokio::test]
async fn letters_go_over_one_connection_even_after_a_refusal() {
    let refused = [
        Hear("MAIL"),
        Say("250 ok"),
        Hear("RCPT"),
        Say("550 5.1.1 who"),
        Hear("RSET"),
        Say("250 ok"),
    ];
    let script = acts(&[&HELLO, &MAIL, &TAKEN, &refused, &MAIL, &TAKEN]);
    let server = Server::new(vec![script]).await;
    let mailer = server.mailer();
    let mut verdicts = Vec::new();
    for _ in 0..3 {
        verdicts.push(mailer.send(&envelope()).await.verdict);
    }
    let dead = Verdict::Dead {
        reason: Reason::EmailBounced,
    };
    assert_eq!(verdicts, [Verdict::Accepted, dead, Verdict::Accepted]);
    let letters = server.letters().await;
    let expected = String::from_utf8(envelope().message).unwrap() + ".\r\n";
    assert_eq!(letters, [expected.clone(), expected]);
}

#[tokio::test]
async fn a_connection_that_ends_before_the_letter_s_end_has_handed_nothing_over() {
    for end in 3..9 {
        let whole = acts(&[&HELLO, &MAIL]);
        assert_eq!(verdict_of(vec![whole[..end].to_vec()]).await, LOST, "{end}");
    }
    assert_eq!(verdict_of(vec![vec![]]).await, LATER);
    assert_eq!(verdict_of(vec![HELLO[..2].to_vec()]).await, LATER);
}

#[tokio::test]
async fn a_connection_that_ends_before_the_last_answer_proves_nothing() {
    let script = acts(&[&HELLO, &MAIL, &[Letter]]);
    assert_eq!(verdict_of(vec![script]).await, UNPROVEN);
}

/// An App chooses the host of its account, the server stands where the App may not.
#[tokio::test]
async fn a_host_that_is_not_public_is_connected_to_only_if_it_is_listed() {
    let server = Server::new(vec![acts(&[&HELLO, &MAIL, &TAKEN])]).await;
    let reason = Reason::ConfigNoRoute;
    for (host, security) in [
        ("127.0.0.1", Security::Loopback),
        ("localhost", Security::Tls),
    ] {
        let is_secure = security != Security::Loopback;
        let relay = Relay {
            place: Place::at(host, server.port, is_secure).unwrap(),
            security,
            ..server.relay()
        };
        let mailer = Mailer::new(relay, Reach::public()).unwrap();
        let verdict = mailer.send(&envelope()).await.verdict;
        assert_eq!(verdict, Verdict::Refused { reason }, "{host}");
    }
    let sent = server.mailer().send(&envelope()).await;
    assert_eq!(sent.verdict, Verdict::Accepted);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_costs_no_try() {
    let first = acts(&[&HELLO, &MAIL, &TAKEN]);
    let server = Server::new(vec![first.clone(), first]).await;
    let mailer = server.mailer();
    for _ in 0..2 {
        assert_eq!(mailer.send(&envelope()).await.verdict, Verdict::Accepted);
    }
    assert_eq!(server.letters().await.len(), 2);
}

/// RFC 5321, 4.5.3.2.7 and 3.8: a server ends an idle connection by 421.
#[tokio::test]
async fn a_connection_that_the_server_ends_by_a_word_costs_no_try() {
    let closing = acts(&[
        &HELLO,
        &MAIL,
        &TAKEN,
        &[Hear("MAIL"), Say("421 4.4.2 timeout")],
    ]);
    let server = Server::new(vec![closing, acts(&[&HELLO, &MAIL, &TAKEN])]).await;
    let mailer = server.mailer();
    for _ in 0..2 {
        assert_eq!(mailer.send(&envelope()).await.verdict, Verdict::Accepted);
    }
    assert_eq!(server.letters().await.len(), 2);
    // A server that refuses its first letter so is busy.
    let busy = acts(&[&HELLO, &[Hear("MAIL"), Say("421 4.3.2 busy")]]);
    assert_eq!(verdict_of(vec![busy]).await, LOST);
}

#[tokio::test]
async fn answers_that_nobody_asked_for_end_the_connection() {
    // A second answer to MAIL would become the answer to RCPT, and so on up to the letter's.
    let early = acts(&[
        &HELLO,
        &[
            Hear("MAIL"),
            Say("250 ok\r\n250 ok\r\n354 go\r\n250 ok"),
            Silence,
        ],
    ]);
    assert_eq!(verdict_of(vec![early]).await, LOST);
}

#[tokio::test]
async fn endless_and_senseless_answers_are_bounded() {
    assert_eq!(verdict_of(vec![vec![Flood(4 << 20)]]).await, LATER);
    assert_eq!(
        verdict_of(vec![vec![Say("HTTP/1.1 400 Bad Request"), Silence]]).await,
        LATER
    );
    let script = acts(&[&HELLO, &MAIL, &[Letter, Flood(4 << 20)]]);
    assert_eq!(verdict_of(vec![script]).await, UNPROVEN);
}

#[tokio::test]
async fn a_refusal_of_the_whole_account_is_told_by_the_check() {
    let server = Server::new(vec![vec![Say("554 5.7.1 not you")]]).await;
    let outcome = server.mailer().check().await.unwrap_err();
    let reason = Reason::ConfigSenderNotAllowed;
    assert_eq!(outcome.verdict, Verdict::Refused { reason });
    let server = Server::new(vec![acts(&[&HELLO, &[Hear("QUIT")]])]).await;
    assert!(server.mailer().check().await.is_ok());
    server.letters().await;
}

#[tokio::test]
async fn only_a_server_on_this_host_is_spoken_to_in_the_clear() {
    let mut relay = Server::new(Vec::new()).await.relay();
    // An address for documentation (RFC 5737): a connection to it would not be refused but wait.
    relay.place = Place::at("192.0.2.1", 25, false).unwrap();
    let listed = here().and("192.0.2.1").unwrap();
    let mailer = Mailer::new(relay.clone(), listed).unwrap();
    let outcome = mailer.send(&envelope()).await;
    let reason = Reason::ConfigProviderAuth;
    assert_eq!(outcome.verdict, Verdict::Refused { reason });
}

#[tokio::test]
async fn nobody_connects_before_there_is_a_place() {
    let script = acts(&[&HELLO, &MAIL, &TAKEN, &MAIL, &TAKEN, &MAIL, &TAKEN]);
    let server = Server::new(vec![script]).await;
    let mailer = server.mailer();
    let envelope = envelope();
    let sent = tokio::join!(
        mailer.send(&envelope),
        mailer.send(&envelope),
        mailer.send(&envelope)
    );
    let verdicts = [sent.0.verdict, sent.1.verdict, sent.2.verdict];
    assert_eq!(verdicts, [Verdict::Accepted; 3]);
    assert_eq!(server.letters().await.len(), 3);
}
