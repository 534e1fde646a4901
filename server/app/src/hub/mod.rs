//! The hub: what devices and senders call, and what devices are told live.

mod device;
mod devices;
mod feed;
mod run;
mod sender;

pub(crate) use devices::Devices;
pub(crate) use feed::{Feed, recheck};

use serde::de::DeserializeOwned;
use vestnik_model::{Problem, contract::server};
use vestnik_signalr::{
    payload::Payload,
    protocol::Protocol,
    server::{Connection, Hub, HubConfig, HubError, HubService, State, machine::ServerConfig},
};

use crate::{api::body, app::App, auth::Caller, error::ApiError};

/// The hub as a service. Callers are known before they get here.
pub(crate) fn service(app: &App) -> HubService<App, Caller> {
    let protocol = ServerConfig {
        max_message: app.config.limits.hub_message_bytes,
        ..ServerConfig::default()
    };
    Hub::builder_for::<Caller, App>(app.clone())
        .config(HubConfig {
            protocol,
            ..HubConfig::default()
        })
        .handle(app.hub.clone())
        .on(server::HELLO, device::hello)
        .on(server::SYNC, device::sync)
        .on(server::REPORT, device::report)
        .on(server::SUBSCRIBE, device::subscribe)
        .on(server::UNSUBSCRIBE, device::unsubscribe)
        .on(server::PUBLISH, sender::publish)
        .stream(server::WATCH, sender::watch)
        .on_disconnected(forget)
        .build()
}

async fn forget(State(app): State<App>, connection: Connection) -> Result<(), HubError> {
    app.devices.remove(connection.id());
    Ok(())
}

/// Reads an argument, so that a fault in it is named as REST names it.
fn argument<T: DeserializeOwned>(raw: &Payload) -> Result<T, ApiError> {
    read(raw).map_err(ApiError::from)
}

fn read<T: DeserializeOwned>(raw: &Payload) -> Result<T, Problem> {
    match raw.protocol() {
        Protocol::Json => body::parse(raw.as_bytes()),
        Protocol::MessagePack => raw
            .bind()
            .map_err(|_| body::malformed("the argument is nothing that JSON can say"))
            .and_then(body::parse_value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use vestnik_model::contract;

    use super::*;

    fn written(protocol: Protocol, value: &Value) -> Payload {
        Payload::write(protocol, value).unwrap()
    }

    #[test]
    fn faults_are_named_the_same_in_every_protocol() {
        for protocol in Protocol::ALL {
            let well = written(protocol, &json!({"cursor": null, "limit": 5}));
            let taken: contract::Sync = read(&well).unwrap();
            assert_eq!((taken.cursor, taken.limit), (None, Some(5)), "{protocol}");
            let faulty = written(protocol, &json!({"limit": "5"}));
            let problem = read::<contract::Sync>(&faulty).unwrap_err();
            let pointers: Vec<_> = problem.errors.iter().map(|error| &error.pointer).collect();
            assert_eq!(pointers, ["/limit"], "{protocol}");
        }
    }
}
