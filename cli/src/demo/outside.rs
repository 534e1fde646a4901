//! What lies outside of the server: a push service, which the simulator plays, with the phones at it, and
//! a mail server.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use vestnik_model::{Channel, route};
use vestnik_sim::{DeviceView, Kind, Options, Registration, Simulator};

use super::{
    device::PATIENCE,
    post_office::{Letter, PostOffice},
};
use crate::{api::Api, exit::Failure};

/// The push service and the mail server.
#[derive(Debug)]
pub(crate) struct Outside {
    simulator: Simulator,
    post_office: PostOffice,
}

impl Outside {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let simulator = Simulator::start(Options::default()).await;
        Ok(Self {
            simulator: simulator.map_err(anyhow::Error::from)?,
            post_office: PostOffice::open().await?,
        })
    }

    /// What the operator of the server lists, because it is not public.
    pub(crate) fn places(&self) -> Vec<String> {
        let url = &self.simulator.setup().fcm_url;
        let push = url.trim_start_matches("https://").to_owned();
        vec![push, self.post_office.address().to_string()]
    }

    /// Gives the App its credentials at both.
    pub(crate) async fn provide(&self, admin: &Api) -> Result<(), Failure> {
        let post_office = self.post_office.address();
        let mail = json!({
            "host": post_office.ip(), "port": post_office.port(), "security": "none",
            "from": "kitchen@delivery.example", "from_name": "The kitchen",
        });
        let path = route::with(route::PROVIDER, Channel::Email.as_str());
        admin.put(&path, &mail).await?;
        let setup = self.simulator.setup();
        let mut account = setup.service_account();
        account["base_url"] = json!(setup.fcm_url);
        account["root_certificates"] = json!(setup.ca_certificate());
        let path = route::with(route::PROVIDER, Channel::Fcm.as_str());
        admin.put(&path, &account).await
    }

    /// Makes a phone known to the service.
    pub(crate) fn phone(&self) -> Result<DeviceView, Failure> {
        let phone = self.simulator.register(Registration::new(Kind::FcmToken));
        Ok(phone.map_err(anyhow::Error::from)?)
    }

    /// Waits for a push to a phone, and gives what its system hands to the app.
    pub(crate) async fn push(&self, phone: &DeviceView) -> Result<Vec<u8>, Failure> {
        let mut changes = self.simulator.changes();
        let coming = async {
            loop {
                if let Some(event) = self.simulator.received(&phone.id).pop() {
                    return Some(event);
                }
                changes.changed().await.ok()?;
            }
        };
        let Ok(Some(event)) = timeout(PATIENCE, coming).await else {
            return Err(Failure::Outcome(format!(
                "no push has come in {PATIENCE:?}"
            )));
        };
        let content = serde_json::to_value(&event.message.content).map_err(anyhow::Error::from)?;
        let data: &Value = &content["message"]["data"];
        Ok(serde_json::to_vec(data).map_err(anyhow::Error::from)?)
    }

    /// Waits for a letter to an address, and gives those to it.
    pub(crate) async fn letters(&self, to: &str) -> Result<Vec<Letter>, Failure> {
        let mut taken = self.post_office.letters();
        let is_there = |letters: &Vec<Letter>| letters.iter().any(|letter| letter.to == to);
        match timeout(PATIENCE, taken.wait_for(is_there)).await {
            Ok(Ok(letters)) => {
                let theirs = letters.iter().filter(|letter| letter.to == to);
                Ok(theirs.cloned().collect())
            }
            Ok(Err(_)) | Err(_) => Err(Failure::Outcome(format!(
                "no letter has come in {PATIENCE:?}"
            ))),
        }
    }

    /// How many requests the service got in which a text can be read.
    pub(crate) fn readable(&self, text: &str) -> u64 {
        let journal = self.simulator.journal(0).into_iter();
        journal.filter(|request| request.contains(text)).count() as u64
    }

    pub(crate) async fn stop(self) {
        self.simulator.shutdown().await;
    }
}

/// How often the server is asked for what it knows.
pub(crate) const LOOK: Duration = Duration::from_millis(50);
