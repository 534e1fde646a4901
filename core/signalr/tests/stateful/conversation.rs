//! Two thousand messages each way, and what became of them.

use std::{
    collections::BTreeSet,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::Router;
use tokio::{net::TcpListener, sync::watch};
use vestnik_signalr::{
    client::{ConnectionState, HubConnection, StatefulReconnect},
    protocol::Protocol,
    server::{Connection, Frame, Hub, HubConfig, HubError, machine},
};

use crate::proxy::Proxy;

/// How many messages go each way.
pub(crate) const MESSAGES: u32 = 2_000;
/// How long until a conversation counts as hung, on any machine.
const PATIENCE: Duration = Duration::from_mins(5);

/// The numbers that arrived at one end, in the order in which they did.
#[derive(Debug, Clone)]
struct Arrived {
    numbers: Arc<Mutex<Vec<u32>>>,
    /// How many arrived at both ends.
    total: watch::Sender<usize>,
}

impl Arrived {
    fn new(total: &watch::Sender<usize>) -> Self {
        Self {
            numbers: Arc::default(),
            total: total.clone(),
        }
    }

    fn add(&self, number: u32) {
        self.numbers.lock().unwrap().push(number);
        self.total.send_modify(|total| *total += 1);
    }

    fn is_complete(&self) -> bool {
        let numbers = self.numbers.lock().unwrap();
        numbers.last() == Some(&(MESSAGES - 1))
    }
}

/// A client that talks with its server through a proxy.
pub(crate) struct Conversation {
    pub(crate) proxy: Proxy,
    hub: HubConnection,
    up: Arrived,
    down: Arrived,
    total: watch::Sender<usize>,
    /// All that was told of the connection.
    states: Arc<Mutex<Vec<ConnectionState>>>,
}

impl Conversation {
    pub(crate) async fn begin(protocol: Protocol) -> Self {
        let total = watch::Sender::new(0);
        let (up, down) = (Arrived::new(&total), Arrived::new(&total));
        let proxy = Proxy::before(serve(up.clone()).await).await;
        let states = Arc::<Mutex<Vec<_>>>::default();
        let told = Arc::clone(&states);
        let heard = down.clone();
        let hub = HubConnection::builder(format!("http://{}/hub", proxy.address).parse().unwrap())
            .protocol(protocol)
            .stateful_reconnect(StatefulReconnect::default())
            .on("Said", move |(number, _): (u32, String)| heard.add(number))
            .on_state(move |state| told.lock().unwrap().push(state.clone()))
            .build();
        hub.start().await.unwrap();
        Self {
            proxy,
            hub,
            up,
            down,
            total,
            states,
        }
    }

    /// Sends all messages both ways while something happens to the line.
    pub(crate) async fn hold(self, happens: impl AsyncFnOnce(&Self)) -> Report {
        let id = self
            .hub
            .client()
            .unwrap()
            .connection_id()
            .map(str::to_owned);
        let talk = async {
            self.hub.send("Begin", &()).await.unwrap();
            for number in 0..MESSAGES {
                self.hub
                    .send("Say", &(number, padding(number)))
                    .await
                    .unwrap();
            }
            self.reached(2 * MESSAGES as usize).await;
            // Whatever came twice would come before the answer.
            self.hub.invoke::<_, ()>("End", &()).await.unwrap();
        };
        let all = async { tokio::join!(talk, happens(&self)) };
        tokio::time::timeout(PATIENCE, all)
            .await
            .unwrap_or_else(|_| {
                let arrived = (self.up.is_complete(), self.down.is_complete());
                panic!(
                    "not all arrived: {arrived:?}, {} in all",
                    *self.total.borrow()
                )
            });
        let later = self
            .hub
            .client()
            .unwrap()
            .connection_id()
            .map(str::to_owned);
        Report {
            cuts: self.proxy.cuts(),
            up: Direction::of(&self.up),
            down: Direction::of(&self.down),
            is_same_connection: later == id && !self.was_reconnected(),
        }
    }

    /// Waits until so many messages arrived, of both ways together.
    pub(crate) async fn reached(&self, total: usize) {
        let mut arrived = self.total.subscribe();
        arrived.wait_for(|arrived| *arrived >= total).await.unwrap();
    }

    fn was_reconnected(&self) -> bool {
        let states = self.states.lock().unwrap();
        let is_break = |state: &ConnectionState| match state {
            ConnectionState::Disconnected(_) | ConnectionState::Reconnecting { .. } => true,
            ConnectionState::Connecting { .. }
            | ConnectionState::Connected { .. }
            | ConnectionState::Resuming { .. } => false,
        };
        states.iter().any(is_break)
    }
}

async fn serve(up: Arrived) -> SocketAddr {
    let config = HubConfig {
        stateful_reconnect: Some(machine::StatefulReconnect::default()),
        ..HubConfig::default()
    };
    let hub = Hub::builder(())
        .config(config)
        .on("Begin", begin)
        .on("Say", move |number: u32, _: String| {
            up.add(number);
            async { Ok::<_, HubError>(()) }
        })
        .on("End", async || Ok::<_, HubError>(()))
        .build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::<()>::new().nest_service("/hub", hub);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Begins to tell the client all it is to hear.
async fn begin(to: Connection) -> Result<(), HubError> {
    tokio::spawn(async move {
        for number in 0..MESSAGES {
            let frame = Frame::new("Said", (number, padding(number)));
            to.send(&frame).await.unwrap();
        }
    });
    Ok(())
}

/// Makes messages of many lengths, together more than both windows hold.
fn padding(number: u32) -> String {
    "x".repeat(number as usize % 150)
}

/// What became of the messages of one direction.
#[derive(Debug, PartialEq, Eq)]
struct Direction {
    lost: usize,
    twice: usize,
    is_in_order: bool,
}

impl Direction {
    const WHOLE: Self = Self {
        lost: 0,
        twice: 0,
        is_in_order: true,
    };

    fn of(arrived: &Arrived) -> Self {
        let numbers = arrived.numbers.lock().unwrap();
        let distinct: BTreeSet<_> = numbers.iter().copied().collect();
        Self {
            lost: (0..MESSAGES)
                .filter(|number| !distinct.contains(number))
                .count(),
            twice: numbers.len() - distinct.len(),
            is_in_order: numbers.is_sorted(),
        }
    }
}

/// What became of a conversation.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) cuts: usize,
    up: Direction,
    down: Direction,
    is_same_connection: bool,
}

impl Report {
    pub(crate) fn is_whole(&self) -> bool {
        self.up == Direction::WHOLE && self.down == Direction::WHOLE && self.is_same_connection
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lost = self.up.lost.max(self.down.lost);
        let arrived = MESSAGES as usize - lost;
        let order = if self.up.is_in_order && self.down.is_in_order {
            "in order"
        } else {
            "out of order"
        };
        let connection = if self.is_same_connection {
            "same connection"
        } else {
            "another connection"
        };
        write!(
            f,
            "{arrived}/{MESSAGES} each way, {} lost, {} twice, {order}, {connection}",
            self.up.lost + self.down.lost,
            self.up.twice + self.down.twice,
        )
    }
}
