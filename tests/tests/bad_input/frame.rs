//! Hub messages after the handshake: some end the call, some the connection, none does harm.

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use vestnik_model::contract::server;
use vestnik_tests::{
    raw_hub::{Heard, RawHub, SEPARATOR},
    world::installation,
};

use super::ground::Ground;

/// Who calls.
#[derive(Clone, Copy)]
enum Who {
    /// A device that has said nothing yet.
    Stranger,
    /// A device that has said Hello and read its log.
    Device,
    /// A sender with every scope.
    Sender,
    /// A sender that may only watch.
    Watcher,
}

async fn open(ground: &Ground, who: Who) -> anyhow::Result<RawHub> {
    let token = match who {
        Who::Stranger | Who::Device => &ground.token,
        Who::Sender => &ground.world.backend.secrets().key,
        Who::Watcher => &ground.reader,
    };
    let mut hub = RawHub::open(ground.world.address(), token).await?;
    if let Who::Device = who {
        hub.call(server::HELLO, &json!({ "installationId": installation(1) }))
            .await?;
    }
    Ok(hub)
}

/// A call and the exact text of its error.
struct Call {
    name: &'static str,
    who: Who,
    target: &'static str,
    arguments: Value,
    want: String,
}

async fn check_call(ground: &mut Ground, case: Call) -> anyhow::Result<()> {
    let mut hub = open(ground, case.who).await?;
    let call = json!({
        "type": 1, "invocationId": "7", "target": case.target, "arguments": case.arguments,
    });
    hub.say(&format!("{call}{SEPARATOR}")).await?;
    let completion = loop {
        match hub.hear().await? {
            Heard::Message(message) if message["type"] == 3 => break message,
            Heard::Message(_) => {}
            ended @ Heard::Ended(_) => {
                ground.expect(case.name, &format!("{ended:?}"), &case.want);
                return Ok(());
            }
        }
    };
    ground.expect(case.name, &completion["error"], &json!(case.want));
    ground.unchanged(case.name)
}

#[tokio::test]
async fn calling() -> anyhow::Result<()> {
    let ground = Ground::prepare().await?;
    // What a Hello and a hand-over leave behind is there before anything is compared.
    let mut hub = open(&ground, Who::Device).await?;
    hub.call(server::SYNC, &json!({})).await?;
    drop(hub);
    let mut ground = ground.settled()?;
    let cases = [unbindable(), refused(&ground)];
    let count = cases.iter().map(Vec::len).sum();
    for case in cases.into_iter().flatten() {
        check_call(&mut ground, case).await?;
    }
    ground.end(count).await
}

fn call(name: &'static str, who: Who, target: &'static str, arguments: Value) -> Call {
    let want = String::new();
    Call {
        name,
        who,
        target,
        arguments,
        want,
    }
}

impl Call {
    fn gets(self, want: impl Into<String>) -> Self {
        Self {
            want: want.into(),
            ..self
        }
    }

    /// What our method said.
    fn told(self, said: &str) -> Self {
        let target = self.target;
        self.gets(format!(
            "An unexpected error occurred invoking '{target}' on the server. HubException: {said}"
        ))
    }

    /// What the library says of arguments that do not fit.
    fn unfit(self) -> Self {
        let target = self.target;
        self.gets(format!(
            "Failed to invoke '{target}' due to an error on the server."
        ))
    }

    fn unknown(self) -> Self {
        let target = self.target;
        self.gets(format!("Failed to invoke '{target}' due to an error on the server. HubException: Method does not exist."))
    }
}

fn unbindable() -> Vec<Call> {
    use Who::{Device, Sender, Stranger};
    let sync = |name, argument: Value, said| {
        call(name, Device, "Sync", json!([argument])).told(&format!("request.invalid: {said}"))
    };
    let no_cursor = "/cursor must be a cursor: 8 hexadecimal digits, ':' and a decimal number";
    let unknown_kind = json!({
        "notificationId": "ntf_00000000000000000000000000000001",
        "kind": "eaten",
        "at": "2026-11-21T00:00:00Z",
    });
    let watch = json!([{ "notificationId": "ntf_00000000000000000000000000000001" }]);
    vec![
        call("an unknown method", Device, "Nothing", json!([])).unknown(),
        call("our own method for devices", Device, "Notify", json!([[]])).unknown(),
        call("no argument", Device, "Sync", json!([])).unfit(),
        call("two arguments", Device, "Sync", json!([{}, {}])).unfit(),
        sync("a text for an object", json!("x"), "must be an object"),
        sync("null for an object", Value::Null, "must be an object"),
        sync("an unknown field", json!({ "since": 0 }), "/since is not a field here"),
        sync("a number for a cursor", json!({ "cursor": 1 }), "/cursor must be a string"),
        sync("a broken cursor", json!({ "cursor": "x:1" }), no_cursor),
        sync("a cursor past all counting", json!({ "cursor": "00000001:99999999999999999999" }), no_cursor),
        sync("an empty page", json!({ "limit": 0 }), "/limit must be 1 to 500"),
        sync("an endless page", json!({ "limit": 501 }), "/limit must be 1 to 500"),
        call("no receipts at all", Device, "Report", json!([{}]))
            .told("request.invalid: /receipts must be there"),
        call("a receipt of an unknown kind", Device, "Report", json!([{ "receipts": [unknown_kind] }]))
            .told("request.invalid: /receipts/0/kind must be one of `delivered`, `displayed`, `read`, `clicked`, `dismissed`"),
        call("a topic with a space", Device, "Subscribe", json!([{ "topic": "a b" }]))
            .told("request.invalid: /topic must not contain ' '"),
        call("a Hello from nowhere", Stranger, "Hello", json!([{}]))
            .told("request.invalid: /installationId must be there"),
        call("a watch by invocation", Sender, "Watch", watch)
            .gets("The client attempted to invoke the streaming 'Watch' method with a non-streaming invocation."),
    ]
}

fn refused(ground: &Ground) -> Vec<Call> {
    use Who::{Device, Sender, Stranger, Watcher};
    let publish = json!([{ "to": { "users": ["anna"] }, "notification": { "title": "x" } }]);
    let no_title = json!([{ "to": { "users": ["anna"] }, "notification": { "title": "" } }]);
    let receipt = json!({ "notificationId": ground.notification, "kind": "read", "at": "2026-11-21T00:00:00Z" });
    let hello = |number| json!([{ "installationId": installation(number) }]);
    let many = vec![receipt; 501];
    let not_a_device = "auth.forbidden: this takes an installation's access token";
    let range = "request.invalid: /receipts must have 1 to 500 entries";
    vec![
        call(
            "a device that publishes",
            Device,
            "Publish",
            publish.clone(),
        )
        .told("auth.forbidden: this takes an API key"),
        call("a watcher that publishes", Watcher, "Publish", publish)
            .told("auth.forbidden: the key lacks the scope 'publish'"),
        call("a sender that reads a log", Sender, "Sync", json!([{}])).told(not_a_device),
        call("a sender that says Hello", Sender, "Hello", hello(1)).told(not_a_device),
        call("a Hello for another", Stranger, "Hello", hello(2))
            .told("auth.forbidden: the token is for another installation"),
        call("no receipts", Device, "Report", json!([{ "receipts": [] }])).told(range),
        call(
            "too many receipts",
            Device,
            "Report",
            json!([{ "receipts": many }]),
        )
        .told(range),
        call(
            "a topic that never was",
            Device,
            "Subscribe",
            json!([{ "topic": "nope" }]),
        )
        .told("topic.unavailable: there is no such topic, or users may not subscribe themselves"),
        call("publishing nothing", Sender, "Publish", no_title)
            .told("request.invalid: /notification/title must not be empty"),
    ]
}

/// What is sent, and how the connection ends.
struct End {
    name: &'static str,
    sent: Message,
    error: Option<&'static str>,
    code: Option<u16>,
}

async fn check_end(ground: &mut Ground, case: End) -> anyhow::Result<()> {
    let mut hub = open(ground, Who::Stranger).await?;
    hub.send(case.sent).await?;
    let (messages, code) = hub.hear_out().await.context(case.name)?;
    let close = messages.iter().find(|message| message["type"] == 7);
    let error = close.and_then(|close| close["error"].as_str());
    ground.expect(case.name, &(error, code), &(case.error, case.code));
    ground.unchanged(case.name)
}

#[tokio::test]
async fn breaking_the_protocol() -> anyhow::Result<()> {
    let mut ground = Ground::prepare().await?;
    let cases = endings();
    let count = cases.len();
    for case in cases {
        check_end(&mut ground, case).await?;
    }
    ground.end(count).await
}

fn endings() -> Vec<End> {
    let case = |name, sent: &str, error| End {
        name,
        sent: Message::text(sent),
        error: Some(error),
        code: Some(1000),
    };
    let broken = "Connection closed with an error.";
    let padding = "x".repeat(140_000);
    vec![
        case("no JSON", "hello\u{1e}", broken),
        case("an array", "[1]\u{1e}", broken),
        case("no type", "{}\u{1e}", broken),
        case("a type of words", "{\"type\":\"ping\"}\u{1e}", broken),
        case("a call of nothing", "{\"type\":1}\u{1e}", broken),
        case(
            "a call of a number",
            "{\"type\":1,\"target\":7,\"arguments\":[]}\u{1e}",
            broken,
        ),
        case(
            "a stream item without its item",
            "{\"type\":2,\"invocationId\":\"1\"}\u{1e}",
            broken,
        ),
        case(
            "a large message",
            &format!("{{\"type\":6,\"x\":\"{padding}\"}}\u{1e}"),
            broken,
        ),
        case("a message without an end", &padding, broken),
    ]
}

/// What official peers ignore, we ignore: the connection goes on.
#[tokio::test]
async fn noise_is_passed_over() -> anyhow::Result<()> {
    let mut ground = Ground::prepare().await?;
    let noise = [
        ("an unknown type", r#"{"type":99,"what":1}"#),
        ("an unknown property", r#"{"type":6,"what":{"deep":[1]}}"#),
        (
            "a late completion",
            r#"{"type":3,"invocationId":"s7","result":1}"#,
        ),
        (
            "a completion with both",
            r#"{"type":3,"invocationId":"s7","result":1,"error":"x"}"#,
        ),
        ("a late item", r#"{"type":2,"invocationId":"s7","item":1}"#),
        ("a late cancel", r#"{"type":5,"invocationId":"s7"}"#),
        (
            "a call of nothing that asks no answer",
            r#"{"type":1,"target":"Nothing","arguments":[]}"#,
        ),
        ("an unasked acknowledgement", r#"{"type":8,"sequenceId":7}"#),
    ];
    for (name, message) in noise {
        let mut hub = open(&ground, Who::Sender).await?;
        hub.say(&format!("{message}{SEPARATOR}"))
            .await
            .context(name)?;
        let answer = hub.call("Nothing", &json!({})).await.context(name)?;
        let wanted = call(name, Who::Sender, "Nothing", Value::Null)
            .unknown()
            .want;
        ground.expect(name, &answer["error"], &json!(wanted));
        ground.unchanged(name)?;
    }
    ground.end(noise.len()).await
}
