//! The connection to the session bus, and the notification service on it.

use std::{future::pending, pin::Pin, time::Duration};

use futures_util::{Stream, StreamExt, future, stream};
use zbus::{
    Connection, MatchRule, Message, MessageStream,
    message::Type,
    zvariant::{DynamicType, OwnedValue},
};

use super::{
    super::{Delivery, Toast, ToastError},
    PATIENCE,
    board::Signal,
    picture::{DEFAULT_ACTION, arguments},
};

const SERVICE: &str = "org.freedesktop.Notifications";
const SERVICE_PATH: &str = "/org/freedesktop/Notifications";
const BUS: &str = "org.freedesktop.DBus";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// How many signals may wait.
const QUEUE: usize = 256;

/// The reason a service gives when the person put a toast away.
const DISMISSED: u32 = 2;

/// How long the question whether the service draws may take.
const LOOK: Duration = Duration::from_secs(3);

/// The properties by which services say that they do not draw now: KDE's, then dunst's.
const PAUSED: [(&str, &str); 2] = [(SERVICE, "Inhibited"), ("org.dunstproject.cmd0", "paused")];

/// What comes from the bus.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Something became of a toast, perhaps of one of ours.
    Toast(Signal),
    /// The service came, or says that it changed.
    Service,
}

/// The session bus.
pub(super) struct Bus {
    service: Service,
    news: Pin<Box<dyn Stream<Item = News> + Send>>,
}

/// The notification service.
#[derive(Debug, Clone)]
pub(super) struct Service(Connection);

/// Waits for what comes next from a bus; `None` when it is gone.
pub(super) async fn next(bus: Option<&mut Bus>) -> Option<News> {
    match bus {
        Some(bus) => bus.news.next().await,
        None => pending().await,
    }
}

impl Bus {
    /// Connects, and asks for the signals of the service before the first toast goes out.
    pub(super) async fn connect() -> zbus::Result<Self> {
        let connection = Connection::session().await?;
        let of_service = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender(SERVICE)?
            .build();
        let of_owner = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender(BUS)?
            .interface(BUS)?
            .member("NameOwnerChanged")?
            .arg(0, SERVICE)?
            .build();
        let toasts = MessageStream::for_match_rule(of_service, &connection, Some(QUEUE)).await?;
        let owners = MessageStream::for_match_rule(of_owner, &connection, Some(QUEUE)).await?;
        let news_of = |message: zbus::Result<Message>| {
            stream::iter(message.ok().as_ref().map_or_else(Vec::new, read))
        };
        // The first of the two to end is the end of both: the connection is gone.
        let both = stream::select(toasts.map(Some).chain(end()), owners.map(Some).chain(end()))
            .take_while(|message| future::ready(message.is_some()))
            .filter_map(future::ready);
        Ok(Self {
            service: Service(connection),
            news: Box::pin(both.flat_map(news_of)),
        })
    }

    /// The notification service on this bus.
    pub(super) fn service(&self) -> Service {
        self.service.clone()
    }
}

fn end() -> impl Stream<Item = Option<zbus::Result<Message>>> {
    stream::once(future::ready(None))
}

impl Service {
    /// Shows a toast in the place of the one with a number; gives the number it has.
    pub(super) async fn notify(&self, toast: &Toast, replaces: u32) -> Result<u32, ToastError> {
        let send = async {
            let has_markup = self.reads_markup().await;
            let arguments = arguments(toast, replaces, has_markup);
            self.call("Notify", &arguments).await?.body().deserialize()
        };
        match tokio::time::timeout(PATIENCE, send).await {
            Ok(Ok(number)) => Ok(number),
            Ok(Err(error)) => Err(read_error(&error)),
            Err(_) => Err(ToastError::Silent),
        }
    }

    /// Takes a toast back.
    pub(super) async fn close(&self, number: u32) {
        let closed =
            tokio::time::timeout(PATIENCE, self.call("CloseNotification", &(number,))).await;
        match closed {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a toast was gone before it was taken back"),
            Err(_) => tracing::warn!("the notification service does not take a toast back"),
        }
    }

    /// Whether the service accepts toasts, and draws them.
    pub(super) async fn delivery(&self) -> Delivery {
        match tokio::time::timeout(LOOK, self.look()).await {
            Ok(Ok(delivery)) => delivery,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the notification service says nothing of itself");
                Delivery::Unknown
            }
            Err(_) => Delivery::Unknown,
        }
    }

    async fn look(&self) -> zbus::Result<Delivery> {
        let has_owner: bool = self.ask_bus("NameHasOwner", &(SERVICE,)).await?;
        if !has_owner {
            let startable: Vec<String> = self.ask_bus("ListActivatableNames", &()).await?;
            let is_startable = startable.iter().any(|name| name == SERVICE);
            return Ok(if is_startable {
                Delivery::Ready
            } else {
                Delivery::NoService
            });
        }
        for (interface, property) in PAUSED {
            if self.property(interface, property).await == Some(true) {
                return Ok(Delivery::Paused);
            }
        }
        Ok(Delivery::Ready)
    }

    /// A property, where the service has it.
    async fn property(&self, interface: &str, property: &str) -> Option<bool> {
        let answer = self
            .0
            .call_method(
                Some(SERVICE),
                SERVICE_PATH,
                Some(PROPERTIES),
                "Get",
                &(interface, property),
            )
            .await
            .ok()?;
        let value: OwnedValue = answer.body().deserialize().ok()?;
        bool::try_from(value).ok()
    }

    async fn reads_markup(&self) -> bool {
        let Ok(answer) = self.call("GetCapabilities", &()).await else {
            return false;
        };
        let abilities = answer.body().deserialize::<Vec<String>>();
        abilities.is_ok_and(|abilities| abilities.iter().any(|ability| ability == "body-markup"))
    }

    async fn call<B>(&self, method: &str, body: &B) -> zbus::Result<Message>
    where
        B: serde::Serialize + DynamicType + Sync,
    {
        self.0
            .call_method(Some(SERVICE), SERVICE_PATH, Some(SERVICE), method, body)
            .await
    }

    async fn ask_bus<B, T>(&self, method: &str, body: &B) -> zbus::Result<T>
    where
        B: serde::Serialize + DynamicType + Sync,
        T: serde::de::DeserializeOwned + zbus::zvariant::Type,
    {
        let answer = self
            .0
            .call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), method, body)
            .await?;
        answer.body().deserialize()
    }
}

fn read_error(error: &zbus::Error) -> ToastError {
    /// The bus says so when nobody has the name and nobody can be started for it.
    const NOBODY: [&str; 2] = [
        "org.freedesktop.DBus.Error.ServiceUnknown",
        "org.freedesktop.DBus.Error.NameHasNoOwner",
    ];
    let is_absent = if let zbus::Error::MethodError(name, ..) = error {
        NOBODY.contains(&name.as_str())
    } else if let zbus::Error::FDO(error) = error {
        matches!(
            **error,
            zbus::fdo::Error::ServiceUnknown(_) | zbus::fdo::Error::NameHasNoOwner(_)
        )
    } else {
        matches!(error, zbus::Error::InputOutput(_))
    };
    if is_absent {
        ToastError::NoService
    } else {
        ToastError::Refused(error.to_string())
    }
}

/// Reads a signal; anything else, or anything malformed, is nothing to us.
fn read(message: &Message) -> Vec<News> {
    read_signal(message).unwrap_or_default()
}

fn read_signal(message: &Message) -> Option<Vec<News>> {
    let header = message.header();
    let body = message.body();
    let news = match header.member()?.as_str() {
        "ActionInvoked" => {
            let (number, action): (u32, String) = body.deserialize().ok()?;
            if action != DEFAULT_ACTION {
                return None;
            }
            vec![News::Toast(Signal::Invoked(number))]
        }
        "NotificationClosed" => {
            let (number, reason): (u32, u32) = body.deserialize().ok()?;
            vec![News::Toast(if reason == DISMISSED {
                Signal::Dismissed(number)
            } else {
                Signal::Gone(number)
            })]
        }
        "NameOwnerChanged" => {
            let (_, former, _): (String, String, String) = body.deserialize().ok()?;
            // A service that ends or is replaced takes its toasts with it.
            let is_gone = !former.is_empty();
            let gone = is_gone.then_some(News::Toast(Signal::ServiceGone));
            gone.into_iter().chain([News::Service]).collect()
        }
        "PropertiesChanged" => vec![News::Service],
        _ => return None,
    };
    Some(news)
}
