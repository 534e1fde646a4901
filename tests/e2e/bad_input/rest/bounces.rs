//! Messages that come to where bounces of letters go: anybody can send one.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use vestnik_model::{limits::BOUNCE_BYTES, route};
use vestnik_testkit::{TestServer, server::Setup, wait::within};

use super::{
    super::attacked::{Attacked, plain},
    As, Case, check,
};

/// Ends only a run that hangs.
const SOON: Duration = Duration::from_secs(60);

/// A mark as a letter has one, which nobody signed.
const FORGED: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";

/// A report about a letter with this mark, in the form of RFC 3464.
fn report(mark: &str, recipients: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: bounce+{mark}@shop.example\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\
         Original-Envelope-Id: {mark}\r\n\r\n{recipients}\r\n--b\r\n\
         Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{mark}@shop.example>\r\n\r\n--b--\r\n"
    )
}

const FAILED: &str =
    "Final-Recipient: rfc822; anna@shop.example\r\nAction: failed\r\nStatus: 5.1.1\r\n";

/// A report in a report in a report.
fn nested(depth: usize) -> String {
    let mut message = report(FORGED, FAILED);
    for level in 0..depth {
        message = format!(
            "Content-Type: multipart/report; boundary=\"n{level}\"\r\n\r\n--n{level}\r\n\
             Content-Type: message/rfc822\r\n\r\n{message}\r\n--n{level}--\r\n"
        );
    }
    message
}

fn utf16(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    [0xff, 0xfe].into_iter().chain(units).collect()
}

/// Messages with what must be answered to them.
fn messages() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let whole = report(FORGED, FAILED);
    let many = |recipient: &str, length: usize| recipient.repeat(length / recipient.len());
    let latin = whole.replace("MAILER-DAEMON", "M\u{80}").into_bytes();
    vec![
        ("nothing", Vec::new(), "no_report"),
        ("zeros", vec![0; BOUNCE_BYTES], "no_report"),
        ("one line", vec![b'x'; BOUNCE_BYTES], "no_report"),
        (
            "headers alone",
            b"A:\r\n".repeat(BOUNCE_BYTES / 4),
            "no_report",
        ),
        (
            "a header that goes on",
            [b"A:\r\n".to_vec(), b" x\n".repeat(BOUNCE_BYTES / 4)].concat(),
            "no_report",
        ),
        ("a forged mark", whole.clone().into_bytes(), "no_letter"),
        (
            "a mark that is cut",
            report(&FORGED[..47], FAILED).into_bytes(),
            "no_letter",
        ),
        (
            "a mark of nonsense",
            report("\u{202e}', DROP TABLE", FAILED).into_bytes(),
            "no_letter",
        ),
        ("UTF-16", utf16(&whole), "no_report"),
        (
            "no UTF-8",
            latin
                .into_iter()
                .map(|byte| if byte == 0xc2 { 0xff } else { byte })
                .collect(),
            "no_letter",
        ),
        (
            "an unknown charset",
            whole
                .replace("text/rfc822-headers", "text/rfc822-headers; charset=ebcdic")
                .into_bytes(),
            "no_letter",
        ),
        ("a report in reports", nested(300).into_bytes(), "no_report"),
        (
            "thousands of recipients",
            report(FORGED, &many("Action: failed\r\n\r\n", 50_000)).into_bytes(),
            "no_letter",
        ),
        (
            "thousands of empty recipients",
            report(FORGED, &many("\r\n", 50_000)).into_bytes(),
            "no_letter",
        ),
        (
            "thousands of parts",
            report(FORGED, &many("\r\n--b\r\n\r\n", 50_000)).into_bytes(),
            "no_letter",
        ),
        (
            "a boundary of nothing",
            whole.replace("\"b\"", "\"\"").into_bytes(),
            "no_report",
        ),
        (
            "a boundary without an end",
            whole.replace("\"b\"", "\"b").into_bytes(),
            "no_letter",
        ),
        (
            "bare line feeds",
            whole.replace("\r\n", "\n").into_bytes(),
            "no_letter",
        ),
        (
            "bare carriage returns",
            whole.replace("\r\n", "\r").into_bytes(),
            "no_report",
        ),
    ]
}

#[tokio::test]
async fn messages_that_say_nothing_of_a_letter_change_nothing() -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
    let messages = messages();
    let whole = report(FORGED, FAILED).into_bytes();
    let cut = (0..whole.len())
        .step_by(29)
        .map(|length| whole[..length].to_vec());
    let cut: Vec<_> = cut.collect();
    let count = messages.len() + cut.len();
    for (name, message, wanted) in messages {
        let answer = post(&attacked, message).await?;
        let expected = (
            200,
            json!({"outcome": wanted, "is_news": false, "mailbox_died": false}),
        );
        attacked.expect(name, &answer, &expected);
        attacked.unchanged(name)?;
    }
    for message in cut {
        let name = format!("cut after {} bytes", message.len());
        let (status, answer) = post(&attacked, message).await?;
        attacked.expect(&name, &(status, &answer["is_news"]), &(200, &json!(false)));
    }
    attacked.unchanged("what was cut")?;
    attacked.end(count).await
}

async fn post(attacked: &Attacked, message: Vec<u8>) -> anyhow::Result<(u16, Value)> {
    let request = attacked
        .server
        .backend
        .request(Method::POST, route::BOUNCES)?;
    let request = request.header("content-type", "message/rfc822");
    let answer = request.body(message).send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

#[tokio::test]
async fn what_is_no_message_of_the_backend_is_refused() -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
    let case = |name, want| Case::new(name, Method::POST, route::BOUNCES, want);
    let message = || report(FORGED, FAILED).into_bytes();
    let letter =
        |case: Case, body: Vec<u8>| Case { body, ..case }.header("content-type", "message/rfc822");
    let cases = [
        letter(
            case("too much", plain(413, "request.too_large")),
            vec![b'x'; 300 * 1_024],
        ),
        case("JSON", plain(415, "request.media_type")).body("{}"),
        Case {
            body: message(),
            ..case("no type", plain(415, "request.media_type"))
        },
        letter(case("coded", plain(415, "request.media_type")), message())
            .header("content-encoding", "gzip"),
        letter(case("nobody", plain(401, "auth.missing")), message()).asked_by(As::Nobody),
        letter(case("a reader", plain(403, "auth.forbidden")), message()).asked_by(As::Reader),
        letter(case("a device", plain(403, "auth.forbidden")), message()).asked_by(As::Device),
    ];
    let count = cases.len();
    for case in cases {
        check(&mut attacked, case).await?;
    }
    attacked.end(count).await
}

/// Whoever sends a message a byte at a time holds up nobody, and not for long.
#[tokio::test]
async fn a_message_that_does_not_come_is_given_up() -> anyhow::Result<()> {
    let setup = Setup::default().config(|config| {
        config.limits.request_seconds = 1;
    });
    let server = TestServer::with(setup).await?;
    let mut slow = TcpStream::connect(server.address()).await?;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: message/rfc822\r\nContent-Length: 1000\r\n\r\nFrom: ",
        route::BOUNCES,
        server.backend.secrets().key
    );
    slow.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    within(
        "the end of the connection",
        SOON,
        slow.read_to_end(&mut answer),
    )
    .await??;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("request.timeout"), "{answer}");
    server.stop().await
}
