//! Hub connections.

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use jiff::SignedDuration;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use super::*;
use crate::{
    name::notification,
    raw_hub::{HANDSHAKE, Received as Heard, SEPARATOR},
};

async fn message(hub: &mut RawHub) -> anyhow::Result<Value> {
    match hub.receive().await? {
        Heard::Message(message) => Ok(message),
        Heard::Ended(code) => anyhow::bail!("the connection ended: {code:?}"),
    }
}

#[tokio::test]
async fn a_device_reads_its_log_and_is_called_and_reports() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let ids: Vec<_> = (1..=3)
        .map(|number| anna.server.write_notification(&anna.user, number))
        .collect();
    let mut hub = anna.online().await?;
    let page = hub.call("Sync", &json!({"limit": 2})).await?["result"].clone();
    assert_eq!(page["entries"][1]["id"], json!(ids[1]));
    assert_eq!(page["more"], true);
    let rest = json!({"cursor": page["cursor"]});
    let rest = hub.call("sync", &rest).await?["result"].clone();
    assert_eq!(rest["after"], page["cursor"]);
    assert_eq!(
        (&rest["entries"][0]["id"], &rest["more"]),
        (&json!(ids[2]), &json!(false))
    );

    let id = anna.server.publish(&anna.user, 4).await?;
    anna.server.publish(&user("boris"), 5).await?;
    let call = message(&mut hub).await?;
    assert_eq!(
        (&call["type"], &call["target"]),
        (&json!(1), &json!("Entries"))
    );
    assert_eq!(call["arguments"][0]["after"], rest["cursor"]);
    assert_eq!(call["arguments"][0]["entries"][0]["id"], json!(id));

    let fact = json!({"id": "f1", "kind": "delivered", "notificationId": id});
    for _ in 0..2 {
        let done = hub.call("Report", &json!({"facts": [fact]})).await?;
        assert_eq!(
            done["result"]["results"],
            json!([{"id": "f1", "outcome": "stored"}])
        );
    }
    let journal = anna.server.journal().borrow().clone();
    assert_eq!((journal.count(Route::Report), journal.facts.len()), (2, 1));
    assert_eq!(journal.notifications("delivered"), [id.to_string()]);
    drop(hub);
    anna.server
        .has("the end", |journal| journal.ended == [1])
        .await
}

#[tokio::test]
async fn calls_come_before_the_welcome_that_does_not_know_of_them() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let access = anna.log_in().await?.access;
    let mut hub = RawHub::open(anna.server.address(), &access).await?;
    let early = Answer::good().preceded_by_notification(&anna.user, 1);
    anna.server.next(Route::Hello, early);
    let welcome = hub.call("Hello", &json!({})).await?["result"].clone();
    assert_eq!(welcome["behindBy"], 0);
    // `RawHub::call` keeps what came before the completion.
    let call = hub.receive().now_or_never();
    let Some(Ok(Heard::Message(call))) = call else {
        panic!("it came before the welcome: {call:?}");
    };
    assert_eq!(call["arguments"][0]["after"], welcome["cursor"]);
    Ok(())
}

#[tokio::test]
async fn calls_and_an_answer_come_in_one_frame() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let access = anna.log_in().await?.access;
    let stream = tokio::net::TcpStream::connect(anna.server.address()).await?;
    let url = format!(
        "ws://{}/hub?id=x&access_token={access}",
        anna.server.address()
    );
    let (mut socket, _) = client_async(url.into_client_request()?, stream).await?;
    socket.send(Message::text(HANDSHAKE)).await?;
    let shaken = socket.next().await.transpose()?;
    assert_eq!(shaken, Some(Message::text(format!("{{}}{SEPARATOR}"))));
    let blink = || Call::new("Blink", json!({}));
    let order = Answer::good()
        .preceded_by([blink(), blink()])
        .followed_by([blink()])
        .coalesced();
    anna.server.next(Route::Sync, order);
    let call = json!({"type": 1, "invocationId": "1", "target": "Sync", "arguments": [{}]});
    socket
        .send(Message::text(format!("{call}{SEPARATOR}")))
        .await?;
    let Some(Message::Text(frame)) = socket.next().await.transpose()? else {
        panic!("not a text frame");
    };
    let kinds: Vec<_> = frame
        .split_terminator(SEPARATOR)
        .map(|text| serde_json::from_str::<Value>(text).unwrap()["type"].clone())
        .collect();
    assert_eq!(kinds, [1, 1, 3, 1]);
    socket.send(Message::Ping("are you there".into())).await?;
    let pong = socket.next().await.transpose()?;
    assert_eq!(pong, Some(Message::Pong("are you there".into())));
    Ok(())
}

#[tokio::test]
async fn bytes_pass_one_by_one_when_they_are_released() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let mut hub = anna.online().await?;
    let call = Call::new("Blink", json!({"colour": "x".repeat(200)}));
    anna.server.hold();
    anna.server.call(&anna.user, &call).await?;
    let mut released = 0;
    let blink = loop {
        if let Some(heard) = hub.receive().now_or_never() {
            break heard?;
        }
        anyhow::ensure!(released < 1_000, "a whole frame is released");
        anna.server.release(1);
        released += 1;
        tokio::task::yield_now().await;
    };
    let Heard::Message(blink) = blink else {
        panic!("the connection ended");
    };
    // A frame of more than 125 bytes has a head of four.
    let length = blink.to_string().len() + 1 + 4;
    assert!(
        released >= length,
        "{released} of {length} bytes were released"
    );
    Ok(())
}

#[tokio::test]
async fn methods_fail_as_ordered() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let mut hub = anna.online().await?;
    anna.server
        .next(Route::Report, Answer::refusal("request.invalid"));
    anna.server.next(Route::Report, Answer::error("no"));
    anna.server.next(Route::Report, Answer::result(json!([7])));
    let odd = Answer::good().edited(|results| results["results"][0]["outcome"] = "refused".into());
    anna.server.next(Route::Report, odd);
    anna.server.next(Route::Report, Answer::cut().after_doing());
    let fact = json!({"facts": [{"id": "f1", "kind": "read"}]});
    let refused = hub.call("Report", &fact).await?;
    assert_eq!(refused["result"]["problem"]["code"], "request.invalid");
    assert_eq!(hub.call("Report", &fact).await?["error"], "no");
    assert_eq!(hub.call("Report", &fact).await?["result"], json!([7]));
    assert!(anna.server.journal().borrow().facts.is_empty());
    let odd = hub.call("Report", &fact).await?["result"].clone();
    assert_eq!(odd["results"], json!([{"id": "f1", "outcome": "refused"}]));
    assert!(hub.call("Report", &fact).await.is_err(), "a cut");
    assert_eq!(anna.server.journal().borrow().facts.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_order_can_depend_on_what_is_asked() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let mut hub = anna.online().await?;
    anna.server
        .decide(Route::Report, |report| match &report["facts"][0]["kind"] {
            kind if kind == "read" => Answer::refusal("request.invalid"),
            _ => Answer::good(),
        });
    let mut report = async |kind: &str| {
        let facts = json!({"facts": [{"id": kind, "kind": kind}]});
        let done = hub.call("Report", &facts).await?;
        anyhow::Ok(done["result"].get("problem").is_some())
    };
    assert!(report("read").await? && !report("displayed").await?);
    assert!(report("read").await?);
    Ok(())
}

#[tokio::test]
async fn a_silent_method_keeps_no_other_waiting() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let mut hub = anna.online().await?;
    anna.server.next(Route::Sync, Answer::silence());
    let sync = json!({"type": 1, "invocationId": "s", "target": "Sync", "arguments": [{}]});
    hub.send_text(&format!("{sync}{SEPARATOR}")).await?;
    let done = hub.call("UpdateState", &json!({})).await?;
    assert_eq!(done["result"], json!({}));
    anna.server.cut();
    let Heard::Ended(None) = hub.receive().await? else {
        panic!("the connection stands");
    };
    Ok(())
}

#[tokio::test]
async fn another_epoch_another_clock_and_pages_of_the_tests_own() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let before = anna.server.now();
    anna.server.set_ahead(SignedDuration::from_hours(-7));
    assert!(anna.server.now() < before);
    for number in 1..=3 {
        anna.server.write_notification(&anna.user, number);
    }
    let mut hub = anna.online().await?;
    let page = hub.call("Sync", &json!({})).await?["result"].clone();
    let accepted = page["entries"][0]["notification"]["acceptedAt"].as_str();
    assert!(accepted.unwrap_or_default().parse::<jiff::Timestamp>()? < before);
    anna.server.restore(&anna.user, 1);
    let restored = hub.call("Sync", &json!({"cursor": page["cursor"]})).await?["result"].clone();
    assert_ne!(restored["after"], page["cursor"]);
    let ids: Vec<_> = restored["entries"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(ids[0]["id"], json!(notification(1)));
    anna.server.page("", json!({"after": 7}));
    assert_eq!(
        hub.call("Sync", &json!({})).await?["result"],
        json!({"after": 7})
    );
    let end = hub.call("Sync", &json!({"cursor": "x"})).await?["result"].clone();
    assert_eq!(
        end,
        json!({"after": "x", "cursor": "x", "entries": [], "more": false})
    );
    Ok(())
}

#[tokio::test]
async fn handshakes_and_bytes_are_wrong_as_ordered() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let access = anna.log_in().await?.access;
    anna.server
        .next(Route::Handshake, Answer::error("not today"));
    let mut hub = RawHub::connect(anna.server.address(), &access).await?;
    hub.send_text(HANDSHAKE).await?;
    assert_eq!(message(&mut hub).await?, json!({"error": "not today"}));
    let mut hub = anna.online().await?;
    anna.server.send_text(&anna.user, "not JSON").await?;
    assert!(hub.receive().await.is_err(), "a message without its end");
    anna.server.send_bytes(&anna.user, &[0xff; 32]).await?;
    assert_eq!(hub.receive().await?, Heard::Ended(None));
    assert!(anna.server.send_text(&user("boris"), "").await.is_err());
    Ok(())
}
