//! Sleep by logind, networks by NetworkManager or systemd-networkd, over the system bus.

use std::{collections::HashMap, time::Duration};

use futures_util::{StreamExt, stream::select_all};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use zbus::{Connection, MatchRule, Message, MessageStream, message::Type, zvariant::OwnedValue};

use super::MachineEvent;

/// How many signals may wait.
const QUEUE: usize = 64;

/// How long until the system bus is tried again.
const RECONNECT: Duration = Duration::from_secs(60);

/// Whose signals are wanted: the sender's name, the object's path.
const SENDERS: [(&str, &str); 3] = [
    ("org.freedesktop.login1", "/org/freedesktop/login1"),
    (
        "org.freedesktop.NetworkManager",
        "/org/freedesktop/NetworkManager",
    ),
    ("org.freedesktop.network1", "/org/freedesktop/network1"),
];

/// Properties that stand for another network: of NetworkManager, then of systemd-networkd.
const NETWORK: [&str; 5] = [
    "PrimaryConnection",
    "Connectivity",
    "State",
    "OnlineState",
    "AddressState",
];

/// Watches the machine until nobody receives the events.
pub(super) async fn run(told: mpsc::Sender<MachineEvent>) {
    let mut retry = interval(RECONNECT);
    retry.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !told.is_closed() {
        retry.tick().await;
        if let Err(error) = listen(&told).await {
            tracing::info!(%error, "the system says nothing of sleep and networks");
        }
    }
}

async fn listen(told: &mpsc::Sender<MachineEvent>) -> zbus::Result<()> {
    let bus = Connection::system().await?;
    let mut streams = Vec::new();
    for (sender, path) in SENDERS {
        let rule = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender(sender)?
            .path(path)?
            .build();
        streams.push(MessageStream::for_match_rule(rule, &bus, Some(QUEUE)).await?);
    }
    let mut signals = select_all(streams);
    while let Some(message) = signals.next().await {
        if let Some(event) = read(&message?)
            && told.send(event).await.is_err()
        {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads a signal; anything else is nothing to us.
fn read(message: &Message) -> Option<MachineEvent> {
    let header = message.header();
    let body = message.body();
    match header.member()?.as_str() {
        "PrepareForSleep" => {
            let begins: bool = body.deserialize().ok()?;
            Some(if begins {
                MachineEvent::Sleeps
            } else {
                MachineEvent::Wakes
            })
        }
        "PropertiesChanged" => {
            let (_, changed, gone): (String, HashMap<String, OwnedValue>, Vec<String>) =
                body.deserialize().ok()?;
            let is_network = |name: &String| NETWORK.contains(&name.as_str());
            let is_another = changed.keys().chain(&gone).any(is_network);
            is_another.then_some(MachineEvent::NetworkChanged)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
