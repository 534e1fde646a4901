//! Calls to a client whose result the server awaits.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::sync::{Notify, mpsc};
use vestnik_signalr::server::{
    Connection, ConnectionId, Frame, Hub, HubConfig, HubError, HubHandle, HubService, InvokeError,
    State,
};

use crate::client::{Client, PATIENCE, serve, soon};

/// Each new connection, as the hub sees it.
type Arrivals = mpsc::Sender<Connection>;

async fn arrive(State(arrivals): State<Arrivals>, connection: Connection) -> Result<(), HubError> {
    arrivals.send(connection).await.map_err(HubError::internal)
}

/// Asks its own caller.
async fn ask_back(connection: Connection, question: String) -> Result<u32, HubError> {
    let hint = Frame::new("Hint", ());
    connection.try_send(&hint).map_err(HubError::internal)?;
    Ok(connection.invoke("Ask", &(question,), PATIENCE).await?)
}

async fn nothing() -> Result<(), HubError> {
    Ok(())
}

fn hub(config: HubConfig) -> (HubService<Arrivals>, mpsc::Receiver<Connection>) {
    let (arrivals, arrived) = mpsc::channel(8);
    let hub = Hub::builder(arrivals)
        .on("AskBack", ask_back)
        .on("Nothing", nothing)
        .on_connected(arrive)
        .config(config)
        .build();
    (hub, arrived)
}

/// A client, and its connection as the hub sees it.
async fn open() -> (Client, Connection) {
    let (hub, mut arrived) = hub(HubConfig::default());
    let mut client = Client::open(serve(hub).await).await;
    let connection = soon(arrived.recv()).await.unwrap();
    settle(&mut client).await;
    (client, connection)
}

/// Waits until the connection has been welcomed.
async fn settle(client: &mut Client) {
    client
        .check(
            r#"{"type":1,"invocationId":"0","target":"Nothing","arguments":[]}"#,
            &[r#"{"type":3,"invocationId":"0","result":null}"#],
        )
        .await;
}

/// Asks a client for a number.
async fn ask(connection: &Connection) -> Result<u32, InvokeError> {
    soon(connection.invoke("Ask", &("how many?",), PATIENCE)).await
}

/// Lets the client answer so, and returns what the server makes of it.
async fn check(answer: &str) -> Result<u32, InvokeError> {
    let (mut client, connection) = open().await;
    let (outcome, ()) = tokio::join!(ask(&connection), async {
        assert_eq!(
            client.next().await,
            r#"{"type":1,"invocationId":"s1","target":"Ask","arguments":["how many?"]}"#
        );
        client.send(answer).await;
    });
    outcome
}

#[tokio::test]
async fn the_clients_result_comes_back() {
    let outcome = check(r#"{"type":3,"invocationId":"s1","result":42}"#).await;
    assert_eq!(outcome.unwrap(), 42);
}

#[tokio::test]
async fn the_clients_error_and_misfits_are_told_apart() {
    let error =
        check(r#"{"type":3,"invocationId":"s1","error":"Client didn't provide a result."}"#);
    assert!(
        matches!(error.await, Err(InvokeError::Client(text)) if text == "Client didn't provide a result.")
    );
    for answer in [
        r#"{"type":3,"invocationId":"s1","result":"many"}"#,
        r#"{"type":3,"invocationId":"s1"}"#,
    ] {
        assert!(matches!(check(answer).await, Err(InvokeError::WrongType)));
    }
}

#[tokio::test]
async fn a_handler_without_a_result_may_be_awaited() {
    let (mut client, connection) = open().await;
    for answer in ["", r#","result":null"#] {
        let (outcome, ()) = tokio::join!(
            soon(connection.invoke::<_, ()>("Show", &(), PATIENCE)),
            async {
                let asked = client.next().await;
                let (_, id) = asked.split_once(r#""invocationId":""#).unwrap();
                let (id, _) = id.split_once('"').unwrap();
                client
                    .send(&format!(r#"{{"type":3,"invocationId":"{id}"{answer}}}"#))
                    .await;
            }
        );
        outcome.unwrap();
    }
}

#[tokio::test]
async fn a_plain_method_may_ask_its_own_caller() {
    let (hub, _arrived) = hub(HubConfig::default());
    let mut client = Client::open(serve(hub).await).await;
    let call = r#"{"type":1,"invocationId":"0","target":"AskBack","arguments":["why?"]}"#;
    client
        .check(
            call,
            &[
                // What was sent before comes before.
                r#"{"type":1,"target":"Hint","arguments":[]}"#,
                r#"{"type":1,"invocationId":"s1","target":"Ask","arguments":["why?"]}"#,
            ],
        )
        .await;
    // The client calls on before it answers.
    let next = r#"{"type":1,"invocationId":"1","target":"Nothing","arguments":[]}"#;
    client.send(next).await;
    client
        .check(
            r#"{"type":3,"invocationId":"s1","result":7}"#,
            &[
                r#"{"type":3,"invocationId":"0","result":7}"#,
                r#"{"type":3,"invocationId":"1","result":null}"#,
            ],
        )
        .await;
    client
        .check(
            call,
            &[
                r#"{"type":1,"target":"Hint","arguments":[]}"#,
                r#"{"type":1,"invocationId":"s2","target":"Ask","arguments":["why?"]}"#,
            ],
        )
        .await;
    client
        .check(
            r#"{"type":3,"invocationId":"s2","error":"busy"}"#,
            &[r#"{"type":3,"invocationId":"0","error":"An unexpected error occurred invoking 'AskBack' on the server. HubException: busy"}"#],
        )
        .await;
}

#[tokio::test]
async fn nobody_can_answer_for_another_connection() {
    let (hub, mut arrived) = hub(HubConfig::default());
    let address = serve(hub).await;
    let mut asked = Client::open(address).await;
    let connection = soon(arrived.recv()).await.unwrap();
    settle(&mut asked).await;
    let mut other = Client::open(address).await;
    settle(&mut other).await;
    let (outcome, ()) = tokio::join!(ask(&connection), async {
        asked.next().await;
        other
            .send(r#"{"type":3,"invocationId":"s1","result":666}"#)
            .await;
        settle(&mut other).await;
        asked
            .send(r#"{"type":3,"invocationId":"s1","result":1}"#)
            .await;
    });
    assert_eq!(outcome.unwrap(), 1);
}

#[tokio::test]
async fn waits_no_longer_than_it_was_told_to() {
    let (mut client, connection) = open().await;
    let patience = Duration::from_millis(20);
    let outcome = soon(connection.invoke::<_, u32>("Ask", &(), patience)).await;
    assert!(matches!(outcome, Err(InvokeError::TimedOut)), "{outcome:?}");
    client.next().await;
    // A late answer disturbs nobody.
    client
        .send(r#"{"type":3,"invocationId":"s1","result":1}"#)
        .await;
    settle(&mut client).await;
}

#[tokio::test]
async fn whoever_waits_learns_of_the_end() {
    let (mut client, connection) = open().await;
    let id = connection.id().clone();
    let (outcome, ()) = tokio::join!(ask(&connection), async {
        client.next().await;
        drop(client);
    });
    let error = outcome.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("Connection '{id}' disconnected.")
    );
    soon(async {
        while connection.hub().connection_count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let gone = format!("Connection '{id}' does not exist.");
    assert_eq!(ask(&connection).await.unwrap_err().to_string(), gone);
    let handle: HubHandle = connection.hub().clone();
    let error = handle.invoke::<_, u32>(&id, "Ask", &(), PATIENCE).await;
    assert_eq!(error.unwrap_err().to_string(), gone);
}

#[tokio::test]
async fn on_connected_cannot_ask() {
    async fn greet(
        State(news): State<mpsc::Sender<InvokeError>>,
        connection: Connection,
    ) -> Result<(), HubError> {
        let outcome = connection.invoke::<_, u32>("Ask", &(), PATIENCE).await;
        let error = outcome.expect_err("nothing can be read yet");
        news.send(error).await.map_err(HubError::internal)
    }
    let (news, mut errors) = mpsc::channel(1);
    let hub = Hub::builder(news).on_connected(greet).build();
    let _client = Client::open(serve(hub).await).await;
    assert!(matches!(
        soon(errors.recv()).await,
        Some(InvokeError::TooEarly)
    ));
}

/// A hub whose welcome lasts until it is told to end, and whose connections are named meanwhile.
async fn slow_welcome() -> (
    SocketAddr,
    HubHandle,
    mpsc::Receiver<ConnectionId>,
    Arc<Notify>,
) {
    type Welcome = (mpsc::Sender<ConnectionId>, Arc<Notify>);
    async fn greet(
        State((ids, end)): State<Welcome>,
        connection: Connection,
    ) -> Result<(), HubError> {
        let id = connection.id().clone();
        ids.send(id).await.map_err(HubError::internal)?;
        end.notified().await;
        Ok(())
    }
    let (sender, ids) = mpsc::channel(1);
    let end = Arc::new(Notify::new());
    let hub = Hub::builder((sender, Arc::clone(&end)))
        .on_connected(greet)
        .build();
    let handle = hub.handle().clone();
    (serve(hub).await, handle, ids, end)
}

#[tokio::test]
async fn others_may_ask_while_a_connection_is_welcomed() {
    let (address, handle, mut ids, end) = slow_welcome().await;
    let mut client = Client::open(address).await;
    let id = soon(ids.recv()).await.unwrap();
    let connection = handle.connection(&id).unwrap();
    let mut asked = Box::pin(ask(&connection));
    for _ in 0..100 {
        assert!(asked.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    // Frames are not held up; they come before the question.
    connection.try_send(&Frame::new("Hint", ())).unwrap();
    assert_eq!(
        client.next().await,
        r#"{"type":1,"target":"Hint","arguments":[]}"#
    );
    end.notify_one();
    let (outcome, ()) = tokio::join!(asked, async {
        assert_eq!(
            client.next().await,
            r#"{"type":1,"invocationId":"s1","target":"Ask","arguments":["how many?"]}"#
        );
        client
            .send(r#"{"type":3,"invocationId":"s1","result":5}"#)
            .await;
    });
    assert_eq!(outcome.unwrap(), 5);
}

#[tokio::test]
async fn a_question_during_the_welcome_waits_no_longer_than_it_was_told_to() {
    let (address, handle, mut ids, _end) = slow_welcome().await;
    let _client = Client::open(address).await;
    let id = soon(ids.recv()).await.unwrap();
    let patience = Duration::from_millis(20);
    let outcome = soon(handle.invoke::<_, u32>(&id, "Ask", &(), patience)).await;
    assert!(matches!(outcome, Err(InvokeError::TimedOut)), "{outcome:?}");
}

#[tokio::test]
async fn the_connection_of_the_welcome_may_ask_after_it() {
    let (mut client, connection) = open().await;
    let (outcome, ()) = tokio::join!(ask(&connection), async {
        client.next().await;
        client
            .send(r#"{"type":3,"invocationId":"s1","result":6}"#)
            .await;
    });
    assert_eq!(outcome.unwrap(), 6);
}

#[tokio::test]
async fn a_connection_that_has_not_shaken_hands_does_not_exist_yet() {
    let (address, handle, _ids, _end) = slow_welcome().await;
    let _client = Client::connect(address, "/hub", &[]).await.unwrap();
    let connection = soon(async {
        loop {
            if let Some(connection) = handle.all().connections().pop() {
                return connection;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    let outcome = ask(&connection).await;
    assert!(matches!(outcome, Err(InvokeError::DoesNotExist(_))));
}

#[tokio::test]
async fn bounds_the_results_that_are_awaited() {
    let mut config = HubConfig::default();
    config.protocol.max_results = 1;
    let (hub, mut arrived) = hub(config);
    let mut client = Client::open(serve(hub).await).await;
    let connection = soon(arrived.recv()).await.unwrap();
    settle(&mut client).await;
    let first = connection.clone();
    let first = tokio::spawn(async move { ask(&first).await });
    client.next().await;
    assert!(matches!(ask(&connection).await, Err(InvokeError::TooMany)));
    // Giving up makes room.
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let (outcome, ()) = tokio::join!(ask(&connection), async {
        client.next().await;
        client
            .send(r#"{"type":3,"invocationId":"s2","result":2}"#)
            .await;
    });
    assert_eq!(outcome.unwrap(), 2);
}
