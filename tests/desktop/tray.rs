//! A tray: it draws nothing, but it can be read and clicked.

use std::collections::HashMap;

use anyhow::Context as _;
use tokio::sync::mpsc;
use zbus::{
    Connection, connection, interface,
    message::Header,
    zvariant::{OwnedValue, Value},
};

use crate::{bus::Bus, retry};

const NAME: &str = "org.kde.StatusNotifierWatcher";
const PATH: &str = "/StatusNotifierWatcher";
const MENU: &str = "com.canonical.dbusmenu";

/// Entries have small numbers; asking for all of them at once is not heard by every menu.
const MOST_ENTRIES: i32 = 32;

/// More than any test makes without reading.
const QUEUE: usize = 256;

/// The tray.
pub(crate) struct Tray {
    connection: Connection,
    items: mpsc::Receiver<Item>,
}

/// An icon in the tray, and its menu.
pub(crate) struct Icon {
    connection: Connection,
    item: Item,
}

/// Who put an icon into the tray, and where it is to be found.
struct Item {
    owner: String,
    path: String,
}

impl Tray {
    pub(crate) async fn start(bus: &Bus) -> anyhow::Result<Self> {
        let (told, items) = mpsc::channel(QUEUE);
        let connection = connection::Builder::address(bus.address.as_str())?
            .serve_at(PATH, Watcher { told })?
            .name(NAME)?
            .build()
            .await?;
        Ok(Self { connection, items })
    }

    /// Waits until an icon is put into the tray.
    pub(crate) async fn icon(&mut self) -> anyhow::Result<Icon> {
        let item = retry::within("an icon in the tray", self.items.recv()).await?;
        let item = item.context("the tray has ended")?;
        Ok(Icon {
            connection: self.connection.clone(),
            item,
        })
    }
}

impl Icon {
    /// Waits until the menu has an entry with this label; returns its number.
    pub(crate) async fn entry(&self, label: &str) -> anyhow::Result<i32> {
        retry::until("the menu says so", || async {
            let labels = self.labels().await?;
            let entry = labels.iter().find(|(_, text)| text == label);
            Ok(entry
                .with_context(|| format!("the menu has no '{label}': {labels:?}"))?
                .0)
        })
        .await
    }

    /// Clicks an entry of the menu.
    pub(crate) async fn click(&self, entry: i32) -> anyhow::Result<()> {
        self.call("Event", &(entry, "clicked", Value::from(""), 0_u32))
            .await?;
        Ok(())
    }

    async fn labels(&self) -> anyhow::Result<Vec<(i32, String)>> {
        let everything: (Vec<i32>, Vec<&str>) = ((0..MOST_ENTRIES).collect(), vec!["label"]);
        let reply = self.call("GetGroupProperties", &everything).await?;
        let entries: Vec<(i32, HashMap<String, OwnedValue>)> = reply.body().deserialize()?;
        let label = |(entry, mut properties): (i32, HashMap<String, OwnedValue>)| {
            let label = properties
                .remove("label")
                .and_then(|label| String::try_from(label).ok());
            label.map(|label| (entry, label))
        };
        Ok(entries.into_iter().filter_map(label).collect())
    }

    async fn call<B>(&self, method: &str, body: &B) -> zbus::Result<zbus::Message>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        let menu = format!("{}/Menu", self.item.path);
        self.connection
            .call_method(
                Some(self.item.owner.as_str()),
                menu.as_str(),
                Some(MENU),
                method,
                body,
            )
            .await
    }
}

struct Watcher {
    told: mpsc::Sender<Item>,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    #[expect(clippy::needless_pass_by_value, reason = "zbus hands the header over")]
    fn register_status_notifier_item(&self, path: String, #[zbus(header)] header: Header<'_>) {
        let owner = header.sender().map(ToString::to_string).unwrap_or_default();
        self.told
            .try_send(Item { owner, path })
            .expect("the test reads what it is told");
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}
