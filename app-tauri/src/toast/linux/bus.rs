//! Our own ear on the session bus.

use std::pin::Pin;

use futures_util::{Stream, StreamExt, future, stream};
use zbus::{Connection, MatchRule, Message, MessageStream, message::Type};

use super::board::Signal;

/// The action that a click on the toast itself stands for.
pub(super) const DEFAULT_ACTION: &str = "default";

const DAEMON: &str = "org.freedesktop.Notifications";
const DAEMON_PATH: &str = "/org/freedesktop/Notifications";

/// How many signals may wait to be heard.
const QUEUE: usize = 256;

/// The reason a daemon gives when the person put a toast away.
const DISMISSED: u32 = 2;

/// The signals of the notification daemon.
pub(super) struct Signals {
    connection: Option<Connection>,
    signals: Pin<Box<dyn Stream<Item = Signal> + Send>>,
}

/// The notification daemon, to be asked.
#[derive(Debug, Clone)]
pub(super) struct Daemon {
    connection: Connection,
}

/// Begins to listen. Without a session bus there is nothing to hear, and toasts fail one by one.
pub(super) async fn listen() -> Signals {
    match subscribe().await {
        Ok(signals) => signals,
        Err(error) => {
            tracing::warn!(%error, "nothing can be heard of toasts");
            Signals {
                connection: None,
                signals: Box::pin(stream::empty()),
            }
        }
    }
}

impl Signals {
    /// Waits for the next signal; nothing more comes after the bus is gone.
    pub(super) async fn next(&mut self) -> Option<Signal> {
        self.signals.next().await
    }

    /// The daemon whose signals these are.
    pub(super) fn daemon(&self) -> Option<Daemon> {
        let connection = self.connection.clone()?;
        Some(Daemon { connection })
    }
}

impl Daemon {
    /// Whether the daemon reads markup in bodies.
    pub(super) async fn has_markup(&self) -> bool {
        let reply = self
            .connection
            .call_method(
                Some(DAEMON),
                DAEMON_PATH,
                Some(DAEMON),
                "GetCapabilities",
                &(),
            )
            .await;
        reply.is_ok_and(|message| {
            message
                .body()
                .deserialize::<Vec<String>>()
                .is_ok_and(|abilities| abilities.iter().any(|ability| ability == "body-markup"))
        })
    }
}

async fn subscribe() -> zbus::Result<Signals> {
    let connection = Connection::session().await?;
    let toasts = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender(DAEMON)?
        .interface(DAEMON)?
        .build();
    let owners = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender("org.freedesktop.DBus")?
        .interface("org.freedesktop.DBus")?
        .member("NameOwnerChanged")?
        .arg(0, DAEMON)?
        .build();
    let toasts = MessageStream::for_match_rule(toasts, &connection, Some(QUEUE)).await?;
    let owners = MessageStream::for_match_rule(owners, &connection, Some(QUEUE)).await?;
    let signals = stream::select(toasts, owners)
        .filter_map(|message| future::ready(message.ok().as_ref().and_then(read)));
    Ok(Signals {
        connection: Some(connection),
        signals: Box::pin(signals),
    })
}

/// Reads a signal; anything else, or anything malformed, is nothing to us.
fn read(message: &Message) -> Option<Signal> {
    let header = message.header();
    let body = message.body();
    match header.member()?.as_str() {
        "ActionInvoked" => {
            let (number, action): (u32, String) = body.deserialize().ok()?;
            (action == DEFAULT_ACTION).then_some(Signal::Invoked(number))
        }
        "NotificationClosed" => {
            let (number, reason): (u32, u32) = body.deserialize().ok()?;
            Some(if reason == DISMISSED {
                Signal::Dismissed(number)
            } else {
                Signal::Gone(number)
            })
        }
        "NameOwnerChanged" => {
            let (_, _, owner): (String, String, String) = body.deserialize().ok()?;
            owner.is_empty().then_some(Signal::DaemonGone)
        }
        _ => None,
    }
}
