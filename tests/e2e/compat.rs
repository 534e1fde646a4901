//! Versions that meet: messages of contract 1 as its first version wrote them, and of a later version,
//! at this server; a later server at this version's devices. Everything known arrives, and nothing
//! unknown blocks.

use serde_json::{Value, json};
use vestnik_model::{NotificationId, TopicName, contract::device, route};
use vestnik_testkit::{
    CoreDevice, HostileServer, RawHub, TestServer,
    backend::{self, Backend, to_user},
    compat::{contract_1, newer},
    core_device::Setup,
    hostile::{Answer, Call, Route},
    name::{installation, notification, user},
};

/// The ids that the corpus names.
const NOTIFICATION: &str = "ntf_0192f0c1000070008000000000000001";
const INSTALLATION: &str = "ins_0192f0c1000070008000000000000003";

/// A server with a device that has said `Hello`, and a notification.
struct Replay {
    server: TestServer,
    hub: RawHub,
    access: String,
    notification: NotificationId,
}

impl Replay {
    async fn with_hello(hello: Value) -> anyhow::Result<Self> {
        let server = TestServer::start().await?;
        server.backend.topic(&topic()?).await?;
        let access = log_in(&server.backend).await?;
        let accepted = server
            .backend
            .publish(&to_user(&user("anna"), "hello"))
            .await?;
        let hub = RawHub::open(server.address(), &access).await?;
        let mut replay = Self {
            server,
            hub,
            access,
            notification: accepted.id,
        };
        let welcome = replay.call("Hello", hello).await?;
        assert_has(&welcome, &json!({"contract": 1, "behindBy": 1}));
        for (name, value) in contract_1("welcome")?.as_object().into_iter().flatten() {
            assert_eq!(kind(&welcome[name]), kind(value), "{name} of {welcome}");
        }
        Ok(replay)
    }

    /// Calls a method with a message of the corpus about this server's own ids and cursors.
    async fn call(&mut self, target: &str, mut message: Value) -> anyhow::Result<Value> {
        let ids = [
            (NOTIFICATION.to_owned(), self.notification.to_string()),
            (INSTALLATION.to_owned(), installation(1).to_string()),
        ];
        replace(&mut message, &ids);
        let mut completion = self.hub.call(target, &message).await?;
        assert_eq!(completion.get("error"), None, "{target}");
        assert_eq!(completion["result"].get("problem"), None, "{target}");
        Ok(completion["result"].take())
    }
}

fn topic() -> anyhow::Result<TopicName> {
    let subscribe = contract_1("subscribe")?;
    Ok(serde_json::from_value(subscribe["topic"].clone())?)
}

/// Logs in with the request of the first version.
async fn log_in(backend: &Backend) -> anyhow::Result<String> {
    let mut request = contract_1("token-by-identity")?;
    request["app"] = json!(backend.app());
    request["installation_id"] = json!(installation(1));
    request["installation_secret"] = json!(backend::secret(installation(1)));
    request["identity_token"] = json!(backend.identity(&user("anna"))?);
    let answer = backend.post(route::TOKEN, &request).await?;
    let granted: Value = answer.error_for_status()?.json().await?;
    for (name, value) in contract_1("token-response")?
        .as_object()
        .into_iter()
        .flatten()
    {
        assert_eq!(kind(&granted[name]), kind(value), "{name}");
    }
    Ok(granted["access_token"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

fn replace(value: &mut Value, texts: &[(String, String)]) {
    match value {
        Value::String(text) => {
            if let Some((_, new)) = texts.iter().find(|(old, _)| old == text) {
                new.clone_into(text);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, texts)),
        Value::Object(fields) => fields.values_mut().for_each(|value| replace(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The JSON type of a value.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether a value has everything of another one.
fn assert_has(value: &Value, known: &Value) {
    match (value, known) {
        (Value::Object(fields), Value::Object(known)) => {
            for (name, known) in known {
                assert_has(fields.get(name).unwrap_or(&Value::Null), known);
            }
        }
        (Value::Array(values), Value::Array(known)) => {
            assert_eq!(values.len(), known.len(), "{values:?}");
            values
                .iter()
                .zip(known)
                .for_each(|(value, known)| assert_has(value, known));
        }
        _ => assert_eq!(value, known),
    }
}

#[tokio::test]
async fn a_device_of_the_first_version_is_served() -> anyhow::Result<()> {
    let mut replay = Replay::with_hello(without(contract_1("hello")?, "cursor")).await?;
    let page = replay
        .call("Sync", without(contract_1("sync")?, "cursor"))
        .await?;
    assert_has(
        &page,
        &json!({"more": false, "entries": [{"kind": "notification"}]}),
    );
    let wire = contract_1("page")?;
    for (name, value) in wire.as_object().into_iter().flatten() {
        assert_eq!(kind(&page[name]), kind(value), "{name} of a page");
    }
    for name in ["id", "at", "deliveryId", "notification"] {
        let (sent, first) = (&page["entries"][0][name], &wire["entries"][0][name]);
        assert_eq!(kind(sent), kind(first), "{name} of a notification");
    }

    let mut report = contract_1("report")?;
    report["cursor"] = page["cursor"].clone();
    let facts = report["facts"].as_array_mut().into_iter().flatten();
    for fact in facts.filter(|fact| fact["kind"] == "read_up_to") {
        fact["upTo"] = page["cursor"].clone();
    }
    let ids: Vec<Value> = report["facts"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|fact| json!({"id": fact["id"], "outcome": "stored"}))
        .collect();
    let reported = replay.call("Report", report.clone()).await?;
    assert_has(&reported, &json!({ "results": ids }));
    let again = replay.call("Report", report).await?;
    for result in again["results"].as_array().into_iter().flatten() {
        assert_eq!(result["outcome"], "duplicate", "{result}");
    }
    for target in ["Subscribe", "Unsubscribe"] {
        let done = replay.call(target, contract_1("subscribe")?).await?;
        assert_eq!(done, contract_1("done")?, "{target}");
    }
    let done = replay
        .call("UpdateState", contract_1("update-state")?)
        .await?;
    assert_eq!(done, contract_1("done")?);
    let counts = replay
        .server
        .backend
        .notification(replay.notification)
        .await?
        .counts;
    assert_eq!((counts.read, counts.total()), (1, 1));
    replay.server.stop().await
}

#[tokio::test]
async fn a_sender_and_an_installation_of_the_first_version_are_served() -> anyhow::Result<()> {
    let replay = Replay::with_hello(without(contract_1("hello")?, "cursor")).await?;
    let mut request = contract_1("publish")?;
    request["to"] = json!({"users": ["anna"]});
    let answer = replay
        .server
        .backend
        .post(route::NOTIFICATIONS, &request)
        .await?;
    assert_eq!(answer.status(), 202);
    let accepted: Value = answer.json().await?;
    for (name, value) in contract_1("publish-accepted")?
        .as_object()
        .into_iter()
        .flatten()
    {
        if name != "warnings" {
            assert_eq!(kind(&accepted[name]), kind(value), "{name}");
        }
    }
    let path = route::with(route::INSTALLATION, &installation(1).to_string());
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .put(replay.server.url().join(&path)?)
        .bearer_auth(&replay.access)
        .json(&contract_1("installation-state")?)
        .send()
        .await?;
    assert!(answer.status().is_success(), "{}", answer.status());
    replay.server.stop().await
}

#[tokio::test]
async fn a_later_device_is_served_as_far_as_it_is_known() -> anyhow::Result<()> {
    let mut replay = Replay::with_hello(without(newer("hello")?, "cursor")).await?;
    let done = replay.call("UpdateState", newer("update-state")?).await?;
    assert_eq!(done, json!({}));
    let page = replay
        .call("Sync", json!({"limit": 5, "order": "newest"}))
        .await?;
    assert_has(
        &page,
        &json!({"more": false, "entries": [{"kind": "notification"}]}),
    );

    let mut report = newer("report")?;
    report["cursor"] = page["cursor"].clone();
    let reported = replay.call("Report", report).await?;
    let refused = |id, code| json!({"id": id, "outcome": "refused", "code": code});
    let results = json!([
        {"id": "1", "outcome": "stored"},
        refused("2", "fact.unknown_kind"),
        refused("3", "fact.unknown_kind"),
        refused("4", "fact.unknown_kind"),
        refused("", "fact.malformed"),
    ]);
    assert_eq!(reported, json!({ "results": results }));
    let counts = replay
        .server
        .backend
        .notification(replay.notification)
        .await?
        .counts;
    assert_eq!(counts.read, 1);

    let path = route::with(route::INSTALLATION, &installation(1).to_string());
    let http = reqwest::Client::builder().no_proxy().build()?;
    let state = http
        .put(replay.server.url().join(&path)?)
        .bearer_auth(&replay.access)
        .json(&newer("installation-state")?);
    let answer = state.send().await?;
    assert!(answer.status().is_success(), "{}", answer.status());
    replay.server.stop().await
}

fn without(mut message: Value, name: &str) -> Value {
    if let Some(fields) = message.as_object_mut() {
        fields.remove(name);
    }
    message
}

/// A server of a later version: its page, and live calls with a notification that this version knows.
async fn later_server() -> anyhow::Result<HostileServer> {
    let mut arrival = newer("page")?["entries"][1].clone();
    let fresh = [(NOTIFICATION.to_owned(), notification(9).to_string())];
    replace(&mut arrival, &fresh);
    // The server's clock goes by its welcome, and the notification must not have expired by it.
    arrival["notification"]["expiresAt"] = json!("2027-03-08T09:00:00Z");
    let mut unknown = newer("entries")?;
    (unknown["after"], unknown["cursor"]) = (json!("b"), json!("c"));
    let mut page = newer("page")?;
    page["more"] = json!(false);
    let known = json!({"after": "c", "cursor": "d", "entries": [arrival]});
    // What a live call brings lies in the log too, for a device that reads on instead of applying it.
    let log = |after: &str, entries: Vec<Value>| json!({"after": after, "cursor": "d", "entries": entries, "more": false});
    let mut both = unknown["entries"].as_array().cloned().unwrap_or_default();
    both.push(arrival.clone());
    let rest = [
        ("b", log("b", both)),
        ("c", log("c", vec![arrival.clone()])),
        ("d", log("d", Vec::new())),
    ];
    let live = [
        Call::new("Blink", json!({"colour": "red"})),
        Call::new(device::ENTRIES, unknown),
        Call::new(device::ENTRIES, known),
    ];
    let server = HostileServer::start().await?;
    server.always(Route::Hello, Answer::result(newer("welcome")?));
    server.page("", page);
    for (cursor, page) in rest {
        server.page(cursor, page);
    }
    server.next(Route::Sync, Answer::good().followed_by(live));
    let results = Answer::good().edited(|reported| {
        for result in reported["results"].as_array_mut().into_iter().flatten() {
            result["why"] = json!({"deep": [1]});
        }
    });
    server.always(Route::Report, results);
    Ok(server)
}

#[tokio::test]
async fn the_core_reads_a_later_server_as_far_as_it_is_known() -> anyhow::Result<()> {
    let app = TestServer::start().await?;
    let server = later_server().await?;
    let folder = tempfile::tempdir()?;
    let backend = app.backend.at(server.url().clone());
    let setup = || Setup::new(&backend, &user("anna"), folder.path());
    let phone = CoreDevice::start(setup()?).await?;
    phone.has_shown(&[notification(9)]).await?;
    phone.flush().await?;
    let screen = phone.stop().await?;
    let recalled: NotificationId = NOTIFICATION.parse()?;
    let is_shown = screen.order.contains(&recalled);
    assert!(
        !is_shown || screen.withdrawn.contains(&recalled),
        "a recalled notification stays on the screen"
    );
    let journal = server.journal().borrow().clone();
    let delivered = journal.facts.iter().filter(|fact| {
        fact["kind"] == "delivered" && fact["notificationId"] == json!(notification(9))
    });
    assert_eq!(delivered.count(), 1, "reported once: {:?}", journal.facts);

    // The cursor has moved over what is not known, and stays there over a restart.
    let phone = CoreDevice::start(setup()?).await?;
    phone.online().await?;
    phone.stop().await?;
    let journal = server.journal().borrow().clone();
    assert_eq!(
        journal.hellos().last().map(|hello| &hello["cursor"]),
        Some(&json!("d"))
    );
    app.stop().await
}
