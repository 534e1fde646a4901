//! The hooks over a real D-Bus that the test uses as the system bus. Each test has a bus of its own:
//! it runs itself again inside `dbus-run-session`.

use std::time::Duration;

use zbus::{connection, object_server::SignalEmitter, zvariant::Value};

use super::{super::watch, *};
use crate::bus_test::on_a_bus;

/// How long until a wait counts as hung, on any machine.
const LIMIT: Duration = Duration::from_mins(5);

#[test]
fn sleep_and_networks_are_told() {
    on_a_bus(module_path!(), "played::sleep_and_networks_are_told");
}

mod played {
    use super::*;

    #[tokio::test]
    #[ignore = "runs inside dbus-run-session"]
    async fn sleep_and_networks_are_told() {
        let logind = service("org.freedesktop.login1").await;
        let manager = service("org.freedesktop.NetworkManager").await;
        let (mut events, task) = watch();
        tokio::spawn(task);
        let login = emitter(&logind, "/org/freedesktop/login1");
        let network = emitter(&manager, "/org/freedesktop/NetworkManager");

        // Signals that come before the first match are lost, so the first is repeated.
        let mut first = None;
        while first.is_none() {
            sleeps(&login, true).await;
            let told = tokio::time::timeout(Duration::from_millis(50), events.recv());
            first = told.await.ok().flatten();
        }
        assert_eq!(first, Some(MachineEvent::Sleeps));
        sleeps(&login, false).await;
        while next(&mut events).await != MachineEvent::Wakes {}

        changed(&network, "WirelessEnabled").await;
        changed(&network, "PrimaryConnection").await;
        assert_eq!(next(&mut events).await, MachineEvent::NetworkChanged);
        sleeps(&login, true).await;
        assert_eq!(next(&mut events).await, MachineEvent::Sleeps);
    }
}

async fn service(name: &str) -> Connection {
    let builder = connection::Builder::system().unwrap();
    builder.name(name).unwrap().build().await.unwrap()
}

fn emitter<'a>(service: &Connection, path: &'a str) -> SignalEmitter<'a> {
    SignalEmitter::new(service, path).unwrap()
}

async fn sleeps(login: &SignalEmitter<'_>, begins: bool) {
    let manager = "org.freedesktop.login1.Manager";
    login
        .emit(manager, "PrepareForSleep", &begins)
        .await
        .unwrap();
}

async fn changed(network: &SignalEmitter<'_>, property: &str) {
    let properties = HashMap::from([(property, Value::from("/other"))]);
    let gone: Vec<&str> = Vec::new();
    let body = ("org.freedesktop.NetworkManager", properties, gone);
    network
        .emit(
            "org.freedesktop.DBus.Properties",
            "PropertiesChanged",
            &body,
        )
        .await
        .unwrap();
}

async fn next(events: &mut mpsc::Receiver<MachineEvent>) -> MachineEvent {
    let told = tokio::time::timeout(LIMIT, events.recv()).await;
    told.expect("something is told in time")
        .expect("the watch still runs")
}
