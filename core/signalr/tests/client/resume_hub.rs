//! A hub connection that outlives its socket, and what it does when it cannot.

use std::time::Duration;

use tokio::sync::mpsc;
use vestnik_signalr::{
    backoff::ReconnectPolicy,
    client::{ConnectionState, HubConnection, HubConnectionBuilder, StatefulReconnect},
};

use crate::peer::{Line, Peer, soon};

const PLACE: &str = r#"{"type":9,"sequenceId":1}"#;

struct Table {
    peer: Peer,
    hub: HubConnection,
    states: mpsc::UnboundedReceiver<&'static str>,
    line: Line,
}

async fn connected() -> Table {
    let peer = Peer::bind().await;
    let (sender, states) = mpsc::unbounded_channel();
    let policy = ReconnectPolicy {
        base: Duration::from_millis(2),
        cap: Duration::from_millis(4),
        ..ReconnectPolicy::default()
    };
    let hub = HubConnectionBuilder::from(peer.options())
        .stateful_reconnect(StatefulReconnect::default())
        .reconnect(policy)
        .on_state(move |state| {
            let _ = sender.send(word(state));
        })
        .build();
    let (outcome, line) = soon(async { tokio::join!(hub.start(), peer.welcome_stateful()) }).await;
    outcome.unwrap();
    let mut table = Table {
        peer,
        hub,
        states,
        line,
    };
    table.expect(&["connecting", "connected"]).await;
    table
}

fn word(state: &ConnectionState) -> &'static str {
    let is_public = |id: &Option<_>| assert_eq!(*id, Some("public".into()));
    match state {
        ConnectionState::Disconnected(_) => "disconnected",
        ConnectionState::Connecting { .. } => "connecting",
        ConnectionState::Connected { connection_id } => {
            is_public(connection_id);
            "connected"
        }
        ConnectionState::Resuming { connection_id } => {
            is_public(connection_id);
            "resuming"
        }
        ConnectionState::Reconnecting { .. } => "reconnecting",
    }
}

impl Table {
    async fn expect(&mut self, expected: &[&str]) {
        for expected in expected {
            assert_eq!(soon(self.states.recv()).await, Some(*expected));
        }
    }
}

#[tokio::test]
async fn a_cut_is_told_and_fails_nothing() {
    let mut table = connected().await;
    let (peer, hub) = (&table.peer, &table.hub);
    let server = async {
        table.line.message().await;
        drop(table.line);
        let mut line = peer.resume(1).await;
        line.send(PLACE).await;
        line.send(r#"{"type":3,"invocationId":"0","result":5}"#)
            .await;
        line
    };
    let (answer, _line) = soon(async { tokio::join!(hub.invoke("Add", &()), server) }).await;
    assert_eq!(answer, Ok(5));
    for expected in ["resuming", "connected"] {
        assert_eq!(soon(table.states.recv()).await, Some(expected));
    }
}

#[tokio::test]
async fn a_connection_that_is_forgotten_is_made_again() {
    let mut table = connected().await;
    table.line.cut().await;
    table.expect(&["resuming"]).await;
    table.peer.request().await.answer(404, &[], "").await;
    table.peer.welcome_stateful().await;
    table.expect(&["reconnecting", "connected"]).await;
}

#[tokio::test]
async fn stopping_ends_the_attempts() {
    let mut table = connected().await;
    let Table {
        peer, hub, line, ..
    } = &mut table;
    line.cut().await;
    let attempt = peer.request().await;
    soon(hub.stop()).await;
    drop(attempt);
    assert!(peer.is_alone().await);
    table.expect(&["resuming", "disconnected"]).await;
}

#[tokio::test]
async fn a_changed_network_hurries_the_attempts() {
    let mut table = connected().await;
    table.line.cut().await;
    let stuck = table.peer.request().await;
    table.expect(&["resuming"]).await;
    table.hub.network_changed();
    table.peer.resume(1).await.send(PLACE).await;
    table.expect(&["connected"]).await;
    drop(stuck);
}
