//! Percent codes and dot segments in paths, sent byte for byte: no library between cleans them up.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use vestnik_model::problem::FieldCode;
use vestnik_testkit::{
    name::installation,
    wait::{SILENCE, within},
};

use super::attacked::{Attacked, Want, field, plain};

const MALFORMED: Want = plain(400, "request.malformed");
const NOT_FOUND: Want = plain(404, "not_found");
const METHOD: Want = plain(405, "method_not_allowed");

/// Methods and paths, with the answer that each gets. `{n}` stands for a notification that is there.
const CASES: &[(&str, Want)] = &[
    // No text.
    ("GET /v1/notifications/%FF", MALFORMED),
    ("GET /v1/notifications/%C3%28", MALFORMED),
    ("GET /v1/notifications/%FF/deliveries", MALFORMED),
    ("POST /v1/notifications/%FF:recall", MALFORMED),
    ("GET /v1/deliveries/%80", MALFORMED),
    ("GET /v1/installations/%FF", MALFORMED),
    ("PUT /v1/topics/%FF", MALFORMED),
    ("PUT /v1/topics/t/subscribers/%FF", MALFORMED),
    ("DELETE /v1/users/%ED%A0%80", MALFORMED),
    ("POST /v1/users/%FF:log_out", MALFORMED),
    ("DELETE /v1/keys/%FF", MALFORMED),
    ("DELETE /v1/identity-keys/%FF", MALFORMED),
    // Ids that cannot be.
    ("GET /v1/notifications/%00", NOT_FOUND),
    ("GET /v1/notifications/{n}%00", NOT_FOUND),
    ("GET /v1/notifications/%20{n}", NOT_FOUND),
    ("GET /v1/notifications/{n}%0A", NOT_FOUND),
    ("POST /v1/notifications/{n}%00:recall", NOT_FOUND),
    ("GET /v1/deliveries/%00", NOT_FOUND),
    ("DELETE /v1/users/%00", NOT_FOUND),
    ("DELETE /v1/users/anna%00", NOT_FOUND),
    ("DELETE /v1/users/anna%0A", NOT_FOUND),
    ("POST /v1/users/anna%00:log_out", NOT_FOUND),
    ("PUT /v1/topics/t/subscribers/%0D%0A", NOT_FOUND),
    ("DELETE /v1/keys/%00", NOT_FOUND),
    ("DELETE /v1/identity-keys/a%0Ab", NOT_FOUND),
    // A slash in an id is part of the id, and separates nothing.
    ("GET /v1/notifications/%2F", NOT_FOUND),
    ("GET /v1/notifications/{n}%2Fdeliveries", NOT_FOUND),
    ("GET /v1%2Fnotifications", NOT_FOUND),
    ("DELETE /v1/topics/t%2Fsubscribers%2Fanna", NOT_FOUND),
    // Dot segments lead nowhere, and are no ids.
    ("GET /v1/notifications/..", NOT_FOUND),
    ("GET /v1/notifications/%2e%2e", NOT_FOUND),
    ("GET /v1/notifications/../keys", NOT_FOUND),
    ("GET /v1/notifications/%2e%2e/deliveries", NOT_FOUND),
    ("GET /v1/./notifications", NOT_FOUND),
    ("GET /../v1/notifications", NOT_FOUND),
    ("GET //v1/notifications", NOT_FOUND),
    ("GET /v1/notifications/", NOT_FOUND),
    // What is encoded twice is decoded once.
    ("GET /v1/notifications/%252e%252e", NOT_FOUND),
    ("GET /v1/notifications/%25{n}", NOT_FOUND),
    ("DELETE /v1/topics/%2574", NOT_FOUND),
    ("GET /v1/notifications/%", NOT_FOUND),
    ("GET /v1/notifications/%zz", NOT_FOUND),
    ("DELETE /v1/notifications/%2e%2e", METHOD),
];

#[tokio::test]
async fn odd_paths_reach_nothing() -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
    let notification = attacked.notification.to_string();
    let key = attacked.server.backend.secrets().key.clone();
    for (line, want) in CASES {
        let line = line.replace("{n}", &notification);
        let answer = send(&attacked, &line, &key, "").await?;
        attacked.check(&line, answer, *want).await?;
    }
    attacked.end(CASES.len()).await
}

/// The place is named, so that a sender finds the id at fault.
#[tokio::test]
async fn what_is_no_text_is_named() -> anyhow::Result<()> {
    let attacked = Attacked::prepare().await?;
    let key = attacked.server.backend.secrets().key.clone();
    for (line, name) in [
        ("PUT /v1/topics/t/subscribers/%FF", "`user`"),
        ("PUT /v1/topics/%FF/subscribers/anna", "`topic`"),
    ] {
        let answer = send(&attacked, line, &key, "").await?.text().await?;
        assert!(answer.contains(name), "{line}: {answer}");
    }
    attacked.end(2).await
}

/// An id of a device in another spelling is another id: nothing of it is taken over.
#[tokio::test]
async fn an_installation_has_one_spelling() -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
    let (token, id) = (attacked.token.clone(), installation(1).to_string());
    let spellings = [
        (id.to_uppercase(), NOT_FOUND),
        (format!("{id}%00"), NOT_FOUND),
        (format!("%2e/{id}"), NOT_FOUND),
        (format!("{id}/"), NOT_FOUND),
        (installation(2).to_string(), plain(403, "auth.forbidden")),
    ];
    let count = spellings.len();
    for (spelling, want) in spellings {
        let line = format!("DELETE /v1/installations/{spelling}");
        let answer = send(&attacked, &line, &token, "").await?;
        attacked.check(&line, answer, want).await?;
    }
    attacked.end(count).await
}

/// A `kid` is written into the log and must be a plain word.
#[tokio::test]
async fn a_kid_is_a_plain_word() -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
    let key = attacked.server.backend.secrets().key.clone();
    let body = r#"{"algorithm":"HS256","key":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}"#;
    let wrong = field("", FieldCode::Malformed);
    for kid in [
        "a%0AINFO%20forged",
        "a%1B%5B2J",
        "%E2%80%AEa",
        "%00",
        "a%2Fb",
    ] {
        let line = format!("PUT /v1/identity-keys/{kid}");
        let answer = send(&attacked, &line, &key, body).await?;
        attacked.check(&line, answer, wrong).await?;
    }
    attacked.end(5).await
}

/// Sends a request whose path is written as it is.
async fn send(
    attacked: &Attacked,
    line: &str,
    bearer: &str,
    body: &str,
) -> anyhow::Result<reqwest::Response> {
    let request = format!(
        "{line} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {bearer}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(attacked.server.address()).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    within("an answer", SILENCE, stream.read_to_end(&mut answer)).await??;
    parse(&answer)
}

fn parse(answer: &[u8]) -> anyhow::Result<reqwest::Response> {
    let text = String::from_utf8(answer.to_vec())?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let mut response = http::Response::builder().status(status.unwrap_or_default());
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        response = response.header(name, value);
    }
    Ok(response.body(body.to_owned())?.into())
}
