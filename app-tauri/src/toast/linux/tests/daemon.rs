//! A notification daemon that draws nothing and writes down what it is asked.

use std::collections::HashMap;

use tokio::sync::mpsc;
use zbus::{Connection, connection, interface, object_server::SignalEmitter, zvariant::OwnedValue};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// How a daemon behaves.
#[derive(Debug, Clone, Default)]
pub(super) struct Behaviour {
    /// Whether somebody clicks each toast before its number is told.
    pub(super) clicks_at_once: bool,
    /// Whether bodies are read as markup.
    pub(super) reads_markup: bool,
}

/// What a daemon is asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Notify(Notify),
    Close(u32),
}

/// A toast as it comes to the daemon.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Notify {
    pub(super) app: String,
    pub(super) replaces: u32,
    pub(super) summary: String,
    pub(super) body: String,
    pub(super) actions: Vec<String>,
}

/// A running daemon.
pub(super) struct FakeDaemon {
    connection: Connection,
}

struct Notifications {
    behaviour: Behaviour,
    heard: mpsc::Sender<Heard>,
    is_inhibited: bool,
}

impl FakeDaemon {
    pub(super) async fn start(behaviour: Behaviour) -> (Self, mpsc::Receiver<Heard>) {
        let (heard, record) = mpsc::channel(64);
        let connection = connection::Builder::session()
            .unwrap()
            .serve_at(
                PATH,
                Notifications {
                    behaviour,
                    heard,
                    is_inhibited: false,
                },
            )
            .unwrap()
            .name(NAME)
            .unwrap()
            .build()
            .await
            .unwrap();
        (Self { connection }, record)
    }

    /// The daemon ends.
    pub(super) async fn end(self) {
        self.connection.close().await.unwrap();
    }

    /// "Do not disturb", as KDE tells it.
    pub(super) async fn inhibit(&self, is_inhibited: bool) {
        let server = self.connection.object_server();
        let daemon = server.interface::<_, Notifications>(PATH).await.unwrap();
        let mut inside = daemon.get_mut().await;
        inside.is_inhibited = is_inhibited;
        inside
            .inhibited_changed(daemon.signal_emitter())
            .await
            .unwrap();
    }

    /// A toast leaves the screen.
    pub(super) async fn closed(&self, number: u32, reason: u32) {
        let emitter = SignalEmitter::new(&self.connection, PATH).unwrap();
        Notifications::notification_closed(&emitter, number, reason)
            .await
            .unwrap();
    }
}

#[interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[expect(
        clippy::too_many_arguments,
        reason = "the interface is freedesktop.org's"
    )]
    async fn notify(
        &self,
        app: String,
        replaces: u32,
        _icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _timeout: i32,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> u32 {
        let number = if replaces == 0 { 1 } else { replaces };
        self.heard
            .send(Heard::Notify(Notify {
                app,
                replaces,
                summary,
                body,
                actions,
            }))
            .await
            .ok();
        if self.behaviour.clicks_at_once {
            Self::action_invoked(&emitter, number, "default")
                .await
                .unwrap();
            Self::notification_closed(&emitter, number, 2)
                .await
                .unwrap();
        }
        number
    }

    async fn close_notification(&self, number: u32) {
        self.heard.send(Heard::Close(number)).await.ok();
    }

    fn get_capabilities(&self) -> Vec<String> {
        let markup = self.behaviour.reads_markup.then_some("body-markup");
        ["actions", "body"]
            .into_iter()
            .chain(markup)
            .map(str::to_owned)
            .collect()
    }

    #[zbus(property)]
    fn inhibited(&self) -> bool {
        self.is_inhibited
    }

    #[zbus(signal)]
    async fn action_invoked(
        emitter: &SignalEmitter<'_>,
        number: u32,
        action: &str,
    ) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(
        emitter: &SignalEmitter<'_>,
        number: u32,
        reason: u32,
    ) -> zbus::Result<()>;
}
