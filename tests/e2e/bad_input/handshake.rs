//! The first message of a hub connection.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use vestnik_testkit::raw_hub::RawHub;

use super::attacked::Attacked;

struct Case {
    name: &'static str,
    sent: Message,
    /// The error of the answer, and the close code after it.
    want: (&'static str, Option<u16>),
}

const WENT_WRONG: &str = "An unexpected error occurred during connection handshake.";
const CANCELED: &str = "Handshake was canceled.";
const NORMAL: Option<u16> = Some(1000);

async fn check(attacked: &mut Attacked, case: Case) -> anyhow::Result<()> {
    let mut hub = RawHub::connect(attacked.server.address(), &attacked.token).await?;
    hub.send(case.sent).await?;
    let (answers, code) = hub.receive_all().await?;
    let errors: Vec<Value> = answers
        .into_iter()
        .map(|mut answer| answer["error"].take())
        .collect();
    attacked.expect(
        case.name,
        &(errors, code),
        &(vec![json!(case.want.0)], case.want.1),
    );
    attacked.unchanged(case.name)
}

#[tokio::test]
async fn shaking_hands() -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
    let cases = cases();
    let count = cases.len();
    for case in cases {
        check(&mut attacked, case).await?;
    }
    attacked.end(count).await
}

fn cases() -> Vec<Case> {
    let case = |name, sent: &str, error| Case {
        name,
        sent: Message::text(format!("{sent}\u{1e}")),
        want: (error, NORMAL),
    };
    let binary = vec![0xff, 0x00, 0x1e];
    vec![
        case(
            "another protocol",
            r#"{"protocol":"x","version":1}"#,
            "The protocol 'x' is not supported.",
        ),
        case(
            "a later version of MessagePack",
            r#"{"protocol":"messagepack","version":3}"#,
            "The server does not support version 3 of the 'messagepack' protocol.",
        ),
        case(
            "a later version",
            r#"{"protocol":"json","version":9}"#,
            "The server does not support version 9 of the 'json' protocol.",
        ),
        case("no version", r#"{"protocol":"json"}"#, WENT_WRONG),
        case(
            "a version of words",
            r#"{"protocol":"json","version":"1"}"#,
            WENT_WRONG,
        ),
        case("a ping first", r#"{"type":6}"#, WENT_WRONG),
        case(
            "a call first",
            r#"{"type":1,"target":"Publish","arguments":[{}]}"#,
            WENT_WRONG,
        ),
        case("an array", "[]", WENT_WRONG),
        case("no JSON", "hello", WENT_WRONG),
        case("nothing", "", WENT_WRONG),
        case("half an object", "{", WENT_WRONG),
        Case {
            name: "no text",
            sent: Message::binary(binary),
            want: (WENT_WRONG, NORMAL),
        },
        Case {
            name: "no end",
            sent: Message::text("x".repeat(140_000)),
            want: (CANCELED, NORMAL),
        },
    ]
}
