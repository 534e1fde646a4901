//! Hub messages after the handshake: some end the call, some the connection, none changes anything.

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use vestnik_model::contract::server;
use vestnik_testkit::{
    name::installation,
    raw_hub::{RawHub, Received, SEPARATOR},
};

use super::attacked::Attacked;

/// Who calls.
#[derive(Clone, Copy)]
enum Who {
    /// A device without a Hello.
    Stranger,
    /// A device after its Hello.
    Device,
    /// A sender with every scope.
    Sender,
    /// A sender that may only watch.
    Watcher,
}

async fn open(attacked: &Attacked, who: Who) -> anyhow::Result<RawHub> {
    let token = match who {
        Who::Stranger | Who::Device => &attacked.token,
        Who::Sender => &attacked.server.backend.secrets().key,
        Who::Watcher => &attacked.reader,
    };
    let mut hub = RawHub::open(attacked.server.address(), token).await?;
    if let Who::Device = who {
        hub.call(server::HELLO, &json!({ "installationId": installation(1) }))
            .await?;
    }
    Ok(hub)
}

/// A call, and its completion as far as it is compared: `{error}` or `{code, detail}`.
struct Call {
    name: &'static str,
    who: Who,
    target: &'static str,
    arguments: Value,
    /// Whether it asks for a stream: its first item is compared like a completion.
    is_streamed: bool,
    want: Value,
}

async fn check_call(attacked: &mut Attacked, case: Call) -> anyhow::Result<()> {
    let mut hub = open(attacked, case.who).await?;
    let kind = if case.is_streamed { 4 } else { 1 };
    let call = json!({
        "type": kind, "invocationId": "7", "target": case.target, "arguments": case.arguments,
    });
    hub.send_text(&format!("{call}{SEPARATOR}")).await?;
    let completion = loop {
        match hub.receive().await? {
            Received::Message(message) if message["type"] == 3 => break message,
            Received::Message(message) if message["type"] == 2 => break message,
            Received::Message(_) => {}
            ended @ Received::Ended(_) => {
                attacked.expect(case.name, &json!(format!("{ended:?}")), &case.want);
                return Ok(());
            }
        }
    };
    attacked.expect(case.name, &compared(&completion), &case.want);
    attacked.unchanged(case.name)
}

/// What is compared of a completion. A refusal is a result with a problem; an error means that the protocol
/// was violated.
fn compared(completion: &Value) -> Value {
    let result = if completion["type"] == 2 {
        "item"
    } else {
        "result"
    };
    let problem = &completion[result]["problem"];
    if problem.is_object() {
        return json!({ "code": problem["code"], "detail": problem["detail"] });
    }
    match completion.get("error") {
        Some(error) => json!({ "error": error }),
        None => completion.clone(),
    }
}

#[tokio::test]
async fn calling() -> anyhow::Result<()> {
    let attacked = Attacked::prepare().await?;
    // What a Hello and a hand-over leave behind is there before anything is compared.
    let mut hub = open(&attacked, Who::Device).await?;
    hub.call(server::SYNC, &json!({})).await?;
    drop(hub);
    let mut attacked = attacked.settled().await?;
    let cases = [
        unbindable(),
        refused(),
        without_authority(),
        lenient(&attacked),
    ];
    let count = cases.iter().map(Vec::len).sum();
    for case in cases.into_iter().flatten() {
        check_call(&mut attacked, case).await?;
    }
    attacked.end(count).await
}

fn call(name: &'static str, who: Who, target: &'static str, arguments: Value) -> Call {
    Call {
        name,
        who,
        target,
        arguments,
        is_streamed: false,
        want: Value::Null,
    }
}

/// A watch behind a version.
fn watch(name: &'static str, after: &Value) -> Call {
    let id = "ntf_00000000000000000000000000000001";
    let arguments = json!([{ "notificationId": id, "after": after }]);
    Call {
        is_streamed: true,
        ..call(name, Who::Sender, "Watch", arguments)
    }
}

impl Call {
    fn gets(self, want: Value) -> Self {
        Self { want, ..self }
    }

    /// The call is refused with a problem.
    fn refused(self, code: &str, detail: &str) -> Self {
        self.gets(json!({ "code": code, "detail": detail }))
    }

    fn invalid(self, detail: &str) -> Self {
        self.refused("request.invalid", detail)
    }

    fn fails(self, error: &str) -> Self {
        self.gets(json!({ "error": error }))
    }

    /// The arguments do not fit the method's number of them.
    fn unfit(self) -> Self {
        let error = format!(
            "Failed to invoke '{}' due to an error on the server.",
            self.target
        );
        self.fails(&error)
    }

    fn unknown(self) -> Self {
        let error = format!(
            "Failed to invoke '{}' due to an error on the server. HubException: Method does not exist.",
            self.target
        );
        self.fails(&error)
    }
}

/// Calls that violate the protocol.
fn unbindable() -> Vec<Call> {
    use Who::{Device, Sender};
    let watch = json!([{ "notificationId": "ntf_00000000000000000000000000000001" }]);
    vec![
        call("an unknown method", Device, "Nothing", json!([])).unknown(),
        call("a method of devices", Device, "Entries", json!([{}])).unknown(),
        call("no argument", Device, "Sync", json!([])).unfit(),
        call("two arguments", Device, "Sync", json!([{}, {}])).unfit(),
        call("a watch by invocation", Sender, "Watch", watch).fails(
            "The client attempted to invoke the streaming 'Watch' method with a non-streaming invocation.",
        ),
    ]
}

/// Calls whose content is refused.
fn refused() -> Vec<Call> {
    use Who::{Device, Sender, Stranger};
    let sync = |name, argument: Value, detail| {
        call(name, Device, "Sync", json!([argument])).invalid(detail)
    };
    let no_cursor =
        "/cursor must be a cursor that the server gave: 1 to 64 printable ASCII characters";
    let no_version = "/after must be the version of an item of a watch";
    let many: Vec<Value> = (0..501).map(|n| json!({ "id": n.to_string() })).collect();
    let publish = |title: &str, more: &str| {
        let mut publish =
            json!({ "to": { "users": ["anna"] }, "notification": { "title": title } });
        publish[more] = json!(1);
        json!([publish])
    };
    let no_title = json!([{ "to": { "users": ["anna"] }, "notification": { "title": "" } }]);
    vec![
        sync("a text for an object", json!("x"), "must be an object"),
        sync("null for an object", Value::Null, "must be an object"),
        sync(
            "a number for a cursor",
            json!({ "cursor": 1 }),
            "/cursor must be a string",
        ),
        sync(
            "a cursor of two lines",
            json!({ "cursor": "x\n1" }),
            no_cursor,
        ),
        sync(
            "a cursor without end",
            json!({ "cursor": "x".repeat(65) }),
            no_cursor,
        ),
        sync(
            "an empty page",
            json!({ "limit": 0 }),
            "/limit must be 1 to 500",
        ),
        sync(
            "an endless page",
            json!({ "limit": 501 }),
            "/limit must be 1 to 500",
        ),
        call(
            "too many facts",
            Device,
            "Report",
            json!([{ "facts": many }]),
        )
        .invalid("/facts must have at most 500 entries"),
        call(
            "facts that are no list",
            Device,
            "Report",
            json!([{ "facts": "x" }]),
        )
        .invalid("/facts must be a list"),
        call(
            "a topic with a space",
            Device,
            "Subscribe",
            json!([{ "topic": "a b" }]),
        )
        .invalid("/topic must not contain ' '"),
        call(
            "a topic that never was",
            Device,
            "Subscribe",
            json!([{ "topic": "nope" }]),
        )
        .refused(
            "topic.unavailable",
            "there is no such topic, or users may not subscribe themselves",
        ),
        call(
            "a Hello without installation",
            Stranger,
            "Hello",
            json!([{}]),
        )
        .invalid("/installationId must be there"),
        watch("a watch of nothing", &json!(0))
            .refused("not_found", "there is no such notification"),
        watch("the last version", &json!(i64::MAX - 1))
            .refused("not_found", "there is no such notification"),
        watch("a version beyond counting", &json!(i64::MAX)).invalid(no_version),
        watch("a version of all bits", &json!(u64::MAX)).invalid(no_version),
        watch("a version before the first", &json!(-1))
            .invalid("/after must be a whole number, 0 or more"),
        call("publishing nothing", Sender, "Publish", no_title)
            .invalid("/notification/title must not be empty"),
        call(
            "publishing something more",
            Sender,
            "Publish",
            publish("x", "urgency"),
        )
        .invalid("/urgency is not a field here"),
    ]
}

/// Calls that the caller may not make, or not yet.
fn without_authority() -> Vec<Call> {
    use Who::{Device, Sender, Stranger, Watcher};
    let publish = json!([{ "to": { "users": ["anna"] }, "notification": { "title": "x" } }]);
    let hello = |number| json!([{ "installationId": installation(number) }]);
    let not_a_device = "this takes an installation's access token";
    let first = |name, target, argument: Value| {
        call(name, Stranger, target, json!([argument])).refused("conflict", "call Hello first")
    };
    vec![
        call(
            "a device that publishes",
            Device,
            "Publish",
            publish.clone(),
        )
        .refused("auth.forbidden", "this takes an API key"),
        call("a watcher that publishes", Watcher, "Publish", publish)
            .refused("auth.forbidden", "the key lacks the scope 'publish'"),
        call("a sender that reads a log", Sender, "Sync", json!([{}]))
            .refused("auth.forbidden", not_a_device),
        call("a Hello for another", Stranger, "Hello", hello(2))
            .refused("auth.forbidden", "the token is for another installation"),
        first("a Sync before Hello", "Sync", json!({})),
        first("a Report before Hello", "Report", json!({ "facts": [] })),
        first(
            "a Subscribe before Hello",
            "Subscribe",
            json!({ "topic": "news" }),
        ),
        first(
            "an Unsubscribe before Hello",
            "Unsubscribe",
            json!({ "topic": "news" }),
        ),
        first(
            "an UpdateState before Hello",
            "UpdateState",
            json!({ "locale": "ru" }),
        ),
    ]
}

/// Between device and server, one bad element stops no other, and unknown fields stop nothing.
fn lenient(attacked: &Attacked) -> Vec<Call> {
    use Who::Device;
    let refusal = |id: &str, code: &str| json!({ "id": id, "outcome": "refused", "code": code });
    let at = "2026-11-21T00:00:00Z";
    let facts = json!([{ "battery": 1, "facts": [
        { "id": "1", "kind": "eaten", "notificationId": attacked.notification, "at": at },
        { "id": "2", "kind": "read", "notificationId": attacked.notification, "at": "yesterday" },
        { "id": "3", "kind": "read", "at": at },
        { "id": "4", "kind": "read", "at": at,
            "notificationId": "ntf_00000000000000000000000000000001" },
        { "id": "5", "kind": "read_up_to", "upTo": "no cursor", "at": at },
        { "id": "6", "kind": "reply", "notificationId": attacked.notification, "at": at,
            "body": { "text": "x".repeat(9_000) } },
        7,
    ] }]);
    let results = json!([
        refusal("1", "fact.unknown_kind"),
        refusal("2", "fact.malformed"),
        refusal("3", "fact.malformed"),
        refusal("4", "fact.unknown_notification"),
        refusal("5", "fact.unknown_cursor"),
        refusal("6", "fact.too_large"),
        refusal("", "fact.malformed"),
    ]);
    vec![
        call("facts of every fault", Device, "Report", facts).gets(json!({
            "type": 3, "invocationId": "7", "result": { "results": results },
        })),
        call("no facts", Device, "Report", json!([{}])).gets(json!({
            "type": 3, "invocationId": "7", "result": { "results": [] },
        })),
    ]
}

/// What is sent, and how the connection ends.
struct End {
    name: &'static str,
    sent: Message,
    error: Option<&'static str>,
    code: Option<u16>,
}

async fn check_end(attacked: &mut Attacked, case: End) -> anyhow::Result<()> {
    let mut hub = open(attacked, Who::Stranger).await?;
    hub.send(case.sent).await?;
    let (messages, code) = hub.receive_all().await.context(case.name)?;
    let close = messages.iter().find(|message| message["type"] == 7);
    let error = close.and_then(|close| close["error"].as_str());
    attacked.expect(case.name, &(error, code), &(case.error, case.code));
    attacked.unchanged(case.name)
}

#[tokio::test]
async fn breaking_the_protocol() -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
    let cases = endings();
    let count = cases.len();
    for case in cases {
        check_end(&mut attacked, case).await?;
    }
    attacked.end(count).await
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

/// What official peers ignore is ignored: the connection goes on.
#[tokio::test]
async fn noise_is_passed_over() -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
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
        let mut hub = open(&attacked, Who::Sender).await?;
        hub.send_text(&format!("{message}{SEPARATOR}"))
            .await
            .context(name)?;
        let answer = hub.call("Nothing", &json!({})).await.context(name)?;
        let wanted = call(name, Who::Sender, "Nothing", Value::Null)
            .unknown()
            .want;
        attacked.expect(name, &compared(&answer), &wanted);
        attacked.unchanged(name)?;
    }
    attacked.end(noise.len()).await
}
