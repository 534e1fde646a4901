//! What a device is made of.

use reqwest::Url;
use serde_json::{Map, Value};
use vestnik_model::{AppId, InstallationId, InstallationSecret, UserId};
use vestnik_signalr::protocol::Protocol;

use crate::{
    backend::{self, Backend},
    name::installation,
};

/// What a device is made of.
#[derive(Debug, Clone)]
pub struct DeviceSetup {
    /// Where the server is.
    pub server: Url,
    /// The App.
    pub app: AppId,
    /// The device's installation.
    pub installation: InstallationId,
    /// What the installation proves itself by.
    pub secret: InstallationSecret,
    /// The JWT by which the App's backend vouches for the user.
    pub identity: String,
    /// How the hub's messages are written.
    pub protocol: Protocol,
    /// What `Hello` has beside its installation and cursor; `contract` and `features` above all.
    pub hello: Map<String, Value>,
    /// How many entries the device asks for in a page.
    pub page_entries: Option<u32>,
}

impl DeviceSetup {
    /// A device of a user of an App, by the number of its installation.
    ///
    /// # Errors
    /// When the backend cannot vouch for the user.
    pub fn new(backend: &Backend, user: &UserId, number: u128) -> anyhow::Result<Self> {
        let installation = installation(number);
        let hello = serde_json::json!({
            "contract": 1, "features": ["recall", "flags"], "locale": "en",
            "timeZone": "Europe/Berlin", "permission": "granted", "appVersion": "1.0",
        });
        Ok(Self {
            server: backend.url().clone(),
            app: backend.app().clone(),
            installation,
            secret: backend::secret(installation),
            identity: backend.identity(user)?,
            protocol: Protocol::Json,
            hello: hello.as_object().cloned().unwrap_or_default(),
            page_entries: None,
        })
    }

    /// The same in another encoding of the hub's messages.
    #[must_use]
    pub fn protocol(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// The same at another address of the server.
    #[must_use]
    pub fn at(self, server: Url) -> Self {
        Self { server, ..self }
    }
}
