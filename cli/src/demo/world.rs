//! The demo's world: a real server on a free port, a courier, three devices.

use std::net::SocketAddr;

use reqwest::Url;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use vestnik_core::Sender;
use vestnik_model::{
    AppId, KeyCreated, KeyRequest, Scope, TopicName, UserId, contact::EmailRequest, route,
    subscription::TopicSettings,
};
use vestnik_server::{Bootstrap, Config, ServeError};

use super::{
    device::{Device, Setup},
    outside::Outside,
    relay::Relay,
};
use crate::{api::Api, device::identity_token, exit::Failure};

/// Where Vera gets letters.
pub(crate) const VERAS_ADDRESS: &str = "vera@home.example";

/// Everything that takes part.
#[derive(Debug)]
pub(crate) struct World {
    /// Publishes and watches, through the hub.
    pub(crate) courier: Sender,
    /// What tells the courier's counts at the end.
    pub(crate) api: Api,
    pub(crate) anna: UserId,
    pub(crate) boris: UserId,
    /// Has no device, but an e-mail address.
    pub(crate) vera: UserId,
    /// The topic of announcements.
    pub(crate) topic: TopicName,
    /// Anna's.
    pub(crate) phone: Device,
    /// Anna's, behind the relay.
    pub(crate) laptop: Device,
    /// Boris's.
    pub(crate) boris_phone: Device,
    /// The laptop's line.
    pub(crate) tunnel: Relay,
    /// The push service.
    pub(crate) outside: Outside,
    server: Server,
}

#[derive(Debug)]
struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ServeError>>,
    dir: TempDir,
}

impl World {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let app = parse("delivery", AppId::parse)?;
        let topic = parse("announcements", TopicName::parse)?;
        let (anna, boris, vera) = (
            parse("anna", UserId::parse)?,
            parse("boris", UserId::parse)?,
            parse("vera", UserId::parse)?,
        );
        let outside = Outside::start().await?;
        let (server, keys) = Server::start(&app, outside.places()).await?;
        let base = address_url(server.address)?;
        let admin = Api::with_key(base.clone(), keys.admin_key.clone())?;
        outside.provide(&admin).await?;
        let courier = furnish(&admin, &topic, &vera).await?;

        let tunnel = Relay::start(server.address).await?;
        let start = async |name, user: &UserId, server_url: Url| {
            let token = identity_token(&app, user, &keys.identity_key_id, &keys.identity_secret)?;
            let data_dir = server.dir.path().join(name);
            let setup = Setup {
                name,
                server: server_url,
                app: app.clone(),
                data_dir,
                user: user.clone(),
                identity_token: token,
            };
            let device = Device::start(setup).await?;
            device.join(&topic).await?;
            Ok::<_, Failure>(device)
        };
        Ok(Self {
            courier: Sender::connect(base.clone(), courier.key.clone()).await?,
            api: Api::with_key(base.clone(), courier.key)?,
            phone: start("anna-phone", &anna, base.clone()).await?,
            laptop: start("anna-laptop", &anna, address_url(tunnel.address())?).await?,
            boris_phone: start("boris-phone", &boris, base).await?,
            anna,
            boris,
            vera,
            topic,
            tunnel,
            outside,
            server,
        })
    }

    pub(crate) fn devices(&self) -> [&Device; 3] {
        [&self.phone, &self.laptop, &self.boris_phone]
    }

    /// Stops the devices, then the server, and waits for each.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.courier.close().await;
        for device in [self.phone, self.laptop, self.boris_phone] {
            device.stop().await?;
        }
        self.server.shutdown.cancel();
        let served = self.server.task.await.map_err(anyhow::Error::from)?;
        served.map_err(anyhow::Error::from)?;
        self.outside.stop().await;
        self.server.dir.close()?;
        Ok(())
    }
}

impl Server {
    async fn start(app: &AppId, listed: Vec<String>) -> Result<(Self, Bootstrap), Failure> {
        let dir = tempfile::tempdir()?;
        let mut config = Config {
            database: dir.path().join("vestnik.sqlite"),
            ..Config::default()
        };
        config.outbound.listed = listed;
        let keys = vestnik_server::bootstrap(&config.database, None, app.clone())
            .await
            .map_err(anyhow::Error::from)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(vestnik_server::serve(listener, config, shutdown.clone()));
        Ok((
            Self {
                address,
                shutdown,
                task,
                dir,
            },
            keys,
        ))
    }
}

/// Sets up what an App's backend has: an open topic and where Vera gets letters. Gives the courier's key.
async fn furnish(admin: &Api, topic: &TopicName, vera: &UserId) -> Result<KeyCreated, Failure> {
    let settings = TopicSettings {
        self_subscribe: true,
    };
    let path = route::with(route::TOPIC, topic.as_str());
    admin.put(&path, &settings).await?;
    let email = EmailRequest {
        address: VERAS_ADDRESS.to_owned(),
    };
    let path = route::with(route::USER_EMAIL, vera.as_str());
    admin.put(&path, &email).await?;
    let request = KeyRequest {
        name: "courier".to_owned(),
        scopes: vec![Scope::Publish, Scope::Read, Scope::Audience],
    };
    admin.post(route::KEYS, &request).await
}

fn address_url(address: SocketAddr) -> Result<Url, Failure> {
    Url::parse(&format!("http://{address}/")).map_err(|error| Failure::Other(error.into()))
}

fn parse<T, E: std::error::Error + Send + Sync + 'static>(
    text: &str,
    parse: impl FnOnce(String) -> Result<T, E>,
) -> Result<T, Failure> {
    parse(text.to_owned()).map_err(|error| Failure::Other(error.into()))
}
