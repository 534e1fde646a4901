//! A session bus, and a notification daemon on it that draws nothing and writes down what it is
//! asked.

use std::{collections::HashMap, path::Path};

use anyhow::Context as _;
use tokio::{
    process::{Child, Command},
    sync::mpsc,
};
use zbus::{Connection, connection, interface, object_server::SignalEmitter, zvariant::OwnedValue};

use crate::{process, retry};

const PATH: &str = "/org/freedesktop/Notifications";
const NAME: &str = "org.freedesktop.Notifications";

/// A bus that starts nothing by itself: a notification daemon of the machine stays out.
const CONFIG: &str = r#"<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>"#;

/// More than any test makes without reading.
const QUEUE: usize = 256;

/// A session bus of the test's own.
pub(crate) struct Bus {
    pub(crate) address: String,
    child: Child,
}

impl Bus {
    pub(crate) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let config = folder.join("bus.conf");
        std::fs::write(&config, CONFIG)?;
        let mut command = Command::new("dbus-daemon");
        command.arg(format!("--config-file={}", config.display()));
        command.args(["--nofork", "--nopidfile", "--print-address=1"]);
        let (child, address) = process::start_telling(command).await?;
        Ok(Self { address, child })
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        process::end(self.child).await
    }
}

/// Waits until nobody has a name on a bus.
pub(crate) async fn is_free(address: &str, name: &str) -> anyhow::Result<()> {
    let connection = connection::Builder::address(address)?.build().await?;
    let names = zbus::fdo::DBusProxy::new(&connection).await?;
    retry::until("the name on the bus is free", || async {
        let has_owner = names.name_has_owner(name.try_into()?).await?;
        anyhow::ensure!(!has_owner, "somebody has {name}");
        Ok(())
    })
    .await
}

/// A toast as it came to the daemon.
#[derive(Debug)]
pub(crate) struct Toast {
    pub(crate) number: u32,
    pub(crate) summary: String,
    pub(crate) body: String,
}

#[derive(Debug)]
enum Heard {
    Toast(Toast),
    Closed(u32),
}

/// The notification daemon.
pub(crate) struct Daemon {
    connection: Connection,
    heard: mpsc::Receiver<Heard>,
}

impl Daemon {
    pub(crate) async fn start(bus: &Bus) -> anyhow::Result<Self> {
        let (told, heard) = mpsc::channel(QUEUE);
        let connection = connection::Builder::address(bus.address.as_str())?
            .serve_at(PATH, Notifications { told })?
            .name(NAME)?
            .build()
            .await?;
        Ok(Self { connection, heard })
    }

    /// The daemon ends.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        Ok(self.connection.close().await?)
    }

    /// Waits for the toast with this first line; whatever else is asked before it is passed over.
    pub(crate) async fn toast(&mut self, summary: &str) -> anyhow::Result<Toast> {
        loop {
            match self.next().await? {
                Heard::Toast(toast) if toast.summary == summary => return Ok(toast),
                Heard::Toast(_) | Heard::Closed(_) => {}
            }
        }
    }

    /// Waits for the next toast, whichever it is.
    pub(crate) async fn next_toast(&mut self) -> anyhow::Result<Toast> {
        loop {
            if let Heard::Toast(toast) = self.next().await? {
                return Ok(toast);
            }
        }
    }

    /// Waits until a toast is taken back.
    pub(crate) async fn closed(&mut self, number: u32) -> anyhow::Result<()> {
        while !matches!(self.next().await?, Heard::Closed(closed) if closed == number) {}
        Ok(())
    }

    /// Whether no toast with this first line has come since it was looked at last.
    pub(crate) fn has_no_toast(&mut self, summary: &str) -> bool {
        let heard = std::iter::from_fn(|| self.heard.try_recv().ok());
        !heard
            .filter_map(|heard| match heard {
                Heard::Toast(toast) => Some(toast.summary),
                Heard::Closed(_) => None,
            })
            .any(|shown| shown == summary)
    }

    /// Clicks a toast as a person would.
    pub(crate) async fn click(&self, number: u32) -> anyhow::Result<()> {
        let emitter = SignalEmitter::new(&self.connection, PATH)?;
        Notifications::action_invoked(&emitter, number, "default").await?;
        Notifications::notification_closed(&emitter, number, 2).await?;
        Ok(())
    }

    async fn next(&mut self) -> anyhow::Result<Heard> {
        retry::within("the notification daemon to be asked", self.heard.recv())
            .await?
            .context("the daemon has ended")
    }
}

struct Notifications {
    told: mpsc::Sender<Heard>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[expect(
        clippy::too_many_arguments,
        reason = "the interface is freedesktop.org's"
    )]
    fn notify(
        &self,
        _app: String,
        replaces: u32,
        _icon: String,
        summary: String,
        body: String,
        _actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        let number = replaces.max(1);
        self.told
            .try_send(Heard::Toast(Toast {
                number,
                summary,
                body,
            }))
            .expect("the test reads what it is told");
        number
    }

    fn close_notification(&self, number: u32) {
        self.told
            .try_send(Heard::Closed(number))
            .expect("the test reads what it is told");
    }

    fn get_capabilities(&self) -> Vec<String> {
        vec!["actions".to_owned(), "body".to_owned()]
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
