//! The simulator: starts the listeners, and is what a test holds.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    admin,
    apns::{ProviderKey, Team},
    apns_keys::add_apns_key,
    authority::Identity,
    counters::Count,
    credentials::{ApnsKey, Credentials, CredentialsError},
    device::{Death, DeviceView, Registration},
    fault::{Rule, RuleError, RuleView},
    fcm::{Account, FcmProject},
    fleet::{Defaults, DeviceError},
    gateway::Hook,
    hms::{self, HmsApp},
    journal::JournalEntry,
    mailbox::Order,
    message::{Event, Fate},
    options::Options,
    place::Place,
    rustore::RustoreProject,
    screen::{ScreenLine, screen},
    serve::Entrance,
    service::{Door, Environment},
    setup::{Addresses, Setup},
    shared::Shared,
    world::{Accounts, TOKEN_PATH, World},
};

/// Why a simulator cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("{address} cannot be listened on")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The ports behind the given one do not exist.
    #[error("port {0} leaves no room for those that follow it")]
    Port(u16),
    /// The keys cannot be made or used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}

/// A running simulator. It stops when it is shut down or dropped.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    setup: Arc<Setup>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Simulator {
    /// Starts the listeners.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let credentials = match &options.credentials {
            Some(credentials) => credentials.clone(),
            None => Credentials::generate()?,
        };
        let identity = credentials.authority()?.issue(&options.host)?;
        let listeners = Listeners::bind(&options).await?;
        let addresses = listeners.addresses();
        let setup = Arc::new(Setup::new(credentials, addresses, &options.host));
        let defaults = Defaults {
            project: setup.credentials.project_id.clone(),
            hms_project: setup.credentials.hms_project_id().to_owned(),
            bundle: setup.credentials.bundle.clone(),
            apns_storage: options.apns_storage,
            most_devices: options.limits.devices,
            history: options.limits.history,
        };
        let world = World::new(accounts(&setup)?, defaults, options.limits.journal);
        let simulator = Self {
            shared: Arc::new(Shared::new(world, Arc::clone(&options.clock))),
            setup,
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        simulator.serve(listeners, &identity, &options)?;
        Ok(simulator)
    }

    fn serve(
        &self,
        listeners: Listeners,
        identity: &Identity,
        options: &Options,
    ) -> Result<(), StartError> {
        let numbers = Arc::new(AtomicU64::new(1));
        let entrance = |door, protocols: &[&str]| {
            Ok::<_, StartError>(Entrance {
                door,
                tls: TlsAcceptor::from(identity.tls(protocols)?),
                shared: Arc::clone(&self.shared),
                numbers: Arc::clone(&numbers),
                places: Arc::new(Semaphore::new(options.limits.connections.max(1))),
                tasks: self.tasks.clone(),
                shutdown: self.shutdown.clone(),
            })
        };
        let (both, only) = (&["h2", "http/1.1"][..], &["h2"][..]);
        let [admin, fcm, production, sandbox, web_push, hms, rustore] = listeners.0;
        for (door, protocols, listener) in [
            (Door::Fcm, both, fcm),
            (Door::Apns(Environment::Production), only, production),
            (Door::Apns(Environment::Sandbox), only, sandbox),
            (Door::WebPush, both, web_push),
            (Door::Hms, both, hms),
            (Door::Rustore, both, rustore),
        ] {
            self.tasks
                .spawn(entrance(door, protocols)?.listen(listener));
        }
        let place = Place {
            shared: Arc::clone(&self.shared),
            setup: Arc::clone(&self.setup),
            shutdown: self.shutdown.clone(),
        };
        let router = admin::router(place, options.page);
        self.tasks
            .spawn(admin::serve(admin, router, self.shutdown.clone()));
        Ok(())
    }

    /// Where the services and the admin API listen.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.setup.addresses
    }

    /// What a sender needs: base URLs, keys, the certificate authority.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Makes a device, which is online.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn register(&self, registration: Registration) -> Result<DeviceView, DeviceError> {
        let clock = self.shared.clock();
        let random = [clock.random(), clock.random()];
        self.shared.change(|world| {
            let id = world.fleet.register(registration, random)?.id.clone();
            let device = world.fleet.by_id(&id).ok_or(DeviceError::Unknown)?;
            Ok(world.view(device))
        })
    }

    /// All devices.
    #[must_use]
    pub fn devices(&self) -> Vec<DeviceView> {
        self.shared.read(|world| {
            world
                .fleet
                .devices()
                .map(|device| world.view(device))
                .collect()
        })
    }

    /// Brings a device online: it gets what is stored for it.
    ///
    /// # Errors
    /// There is no such device.
    pub fn set_online(&self, device: &str, order: Order) -> Result<(), DeviceError> {
        let now = self.shared.clock().now();
        self.shared
            .change(|world| world.fleet.set_online(device, order, now))
    }

    /// Takes a device offline.
    ///
    /// # Errors
    /// There is no such device.
    pub fn set_offline(&self, device: &str) -> Result<(), DeviceError> {
        self.shared.change(|world| world.fleet.set_offline(device))
    }

    /// Ends the address of a device, now or at a later time.
    ///
    /// # Errors
    /// There is no such device.
    pub fn kill(&self, device: &str, death: Death) -> Result<(), DeviceError> {
        let now = self.shared.clock().now();
        self.shared
            .change(|world| world.fleet.kill(device, death, now))
    }

    /// Moves a device of APNs to an environment.
    ///
    /// # Errors
    /// There is no such device, or it is not one of APNs.
    pub fn move_to(&self, device: &str, environment: Environment) -> Result<(), DeviceError> {
        self.shared
            .change(|world| world.fleet.move_to(device, environment))
    }

    /// Forgets a device.
    ///
    /// # Errors
    /// There is no such device.
    pub fn remove(&self, device: &str) -> Result<(), DeviceError> {
        self.shared.change(|world| world.fleet.remove(device))
    }

    /// Puts fault rules in the place of those in force. Their counts begin anew.
    ///
    /// # Errors
    /// [`RuleError`].
    pub fn set_faults(&self, rules: Vec<Rule>) -> Result<(), RuleError> {
        self.shared.change(|world| world.faults.set(rules))
    }

    /// The fault rules and how often each has applied.
    #[must_use]
    pub fn faults(&self) -> Vec<RuleView> {
        self.shared.read(|world| world.faults.view())
    }

    /// Adds a signing key to the APNs team, for one environment or for both: what a sender rotates to.
    ///
    /// # Errors
    /// [`CredentialsError`].
    pub fn add_apns_key(&self, only: Option<Environment>) -> Result<ApnsKey, CredentialsError> {
        add_apns_key(&self.shared, only)
    }

    /// Revokes a signing key of the APNs team. Says whether there was one.
    pub fn revoke_apns_key(&self, key_id: &str) -> bool {
        self.shared.change(|world| world.revoke_apns_key(key_id))
    }

    /// Makes every access token that a token endpoint has given out worthless.
    pub fn revoke_access_tokens(&self) {
        self.shared.change(World::revoke_bearers);
    }

    /// What happened to messages after an event, oldest first. 0: everything that is remembered.
    #[must_use]
    pub fn events(&self, after: u64) -> Vec<Event> {
        self.shared
            .read(|world| world.fleet.events(after).cloned().collect())
    }

    /// What a device got, in this order.
    #[must_use]
    pub fn received(&self, device: &str) -> Vec<Event> {
        let is_received = |event: &&Event| event.device == device && event.fate == Fate::Delivered;
        self.shared.read(|world| {
            let events = world.fleet.events(0);
            events.filter(is_received).cloned().collect()
        })
    }

    /// The request by which Huawei reports what became of the pushes that it took for a device, by its number (0: they
    /// arrived). The test sends it to the receiver of receipts. `None` if the device is not Huawei's, or unknown.
    #[must_use]
    pub fn hms_receipts(&self, device: &str, code: u32) -> Option<Hook> {
        let secret = self.setup.credentials.hms_receipt_secret();
        let clock = self.shared.clock();
        let moment = (clock.now(), clock.random());
        self.shared
            .read(|world| hms::receipts(&world.fleet, (device, code), &secret, moment))
    }

    /// What a device would show, the newest first; at most so many lines.
    #[must_use]
    pub fn screen(&self, device: &str, most: usize) -> Vec<ScreenLine> {
        self.shared.read(|world| {
            let events = world.fleet.events(0).rev();
            screen(events.filter(|event| event.device == device), most)
        })
    }

    /// The requests after a number, oldest first. 0: everything that is remembered.
    #[must_use]
    pub fn journal(&self, after: u64) -> Vec<JournalEntry> {
        self.shared
            .read(|world| world.journal.after(after).cloned().collect())
    }

    /// How many requests the journal has forgotten: what was in them cannot be searched any more.
    #[must_use]
    pub fn forgotten_requests(&self) -> u64 {
        self.shared.read(|world| world.journal.forgotten())
    }

    /// How many requests had which outcome.
    #[must_use]
    pub fn counters(&self) -> Vec<Count> {
        self.shared.read(|world| world.counters.view())
    }

    /// Forgets devices, events, requests, counts and fault rules. Keys and access tokens stay.
    pub fn reset(&self) {
        self.shared.change(World::reset);
    }

    /// A count that grows with every request and every change: those who wait for something look again
    /// when it has grown.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes()
    }

    /// Closes every listener and every connection, and waits until that is done.
    pub async fn shutdown(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// The listeners: admin API, FCM, APNs production, APNs sandbox, Web Push, Huawei, `RuStore`.
struct Listeners([TcpListener; 7]);

impl Listeners {
    async fn bind(options: &Options) -> Result<Self, StartError> {
        let bind = async |offset: u16| {
            let port = match options.port {
                0 => Some(0),
                port => port.checked_add(offset),
            };
            let port = port.ok_or(StartError::Port(options.port))?;
            let address = SocketAddr::new(options.address, port);
            let listener = TcpListener::bind(address).await;
            listener.map_err(|source| StartError::Listen { address, source })
        };
        Ok(Self([
            bind(0).await?,
            bind(1).await?,
            bind(2).await?,
            bind(3).await?,
            bind(4).await?,
            bind(5).await?,
            bind(6).await?,
        ]))
    }

    fn addresses(&self) -> Addresses {
        // A bound socket has an address.
        let addresses = self.0.each_ref().map(|listener| {
            let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
            listener.local_addr().unwrap_or(unknown)
        });
        let [admin, fcm, apns, apns_sandbox, web_push, hms, rustore] = addresses;
        Addresses {
            admin,
            fcm,
            apns,
            apns_sandbox,
            web_push,
            hms,
            rustore,
        }
    }
}

fn accounts(setup: &Setup) -> Result<Accounts, CredentialsError> {
    let credentials = &setup.credentials;
    Ok(Accounts {
        project: FcmProject {
            id: credentials.project_id.clone(),
            account: Account {
                client_email: credentials.client_email.clone(),
                public_key: credentials.service_account_public()?,
                token_uri: format!("{}{TOKEN_PATH}", setup.fcm_url),
            },
        },
        team: Team {
            id: credentials.team_id.clone(),
            keys: vec![ProviderKey {
                id: credentials.key_id.clone(),
                public: credentials.apns_public()?,
                environment: None,
            }],
            bundle: credentials.bundle.clone(),
        },
        origin: setup.web_push_url.clone(),
        hms: HmsApp {
            id: credentials.hms_app_id().to_owned(),
            secret: credentials.hms_client_secret(),
            project: credentials.hms_project_id().to_owned(),
            sub_account: credentials.hms_sub_account().to_owned(),
            key_id: credentials.private_key_id.clone(),
            public_key: credentials.service_account_public()?,
        },
        rustore: RustoreProject {
            id: credentials.rustore_project_id().to_owned(),
            token: credentials.rustore_token(),
        },
    })
}
