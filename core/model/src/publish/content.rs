//! What a notification says, checked.

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    actions::parse_actions,
    check::{Problems, malformed},
    data::Data,
    request::ContentRequest,
};
use crate::{
    action::Action,
    entry::{Arrival, Entry},
    id::{CategoryName, DeliveryId, NotificationId},
    limits::ENTRY_BYTES,
    notification::{ClickRequest, Notification, Priority, TrafficType},
    problem::{Problem, ProblemCode},
    text::{Body, Title},
    url::HttpsUrl,
    wire_size,
};

/// What to say, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The line by which a person recognises it.
    pub title: Title,
    /// What it says.
    pub body: Body,
    /// A picture.
    pub image: Option<HttpsUrl>,
    /// The kind of content.
    pub category: Option<CategoryName>,
    /// Why it is sent.
    pub traffic_type: TrafficType,
    /// How urgently it asks for attention.
    pub priority: Priority,
    /// What a tap opens.
    pub click: Option<ClickRequest>,
    /// Its buttons.
    pub actions: Vec<Action>,
    /// The sender's own data.
    pub data: Option<Map<String, Value>>,
}

impl Content {
    pub(super) fn parse(request: ContentRequest, problems: &mut Problems) -> Option<Self> {
        let ContentRequest {
            title,
            body,
            image,
            category,
            traffic_type,
            priority,
            click,
            actions,
            data,
        } = request;
        let title = problems.check(
            "/notification/title",
            Title::parse(&title).map_err(malformed),
        );
        let body = problems.check("/notification/body", Body::parse(&body).map_err(malformed));
        let image = image
            .map(|url| HttpsUrl::parse(&url).map_err(malformed))
            .transpose();
        let image = problems.check("/notification/image", image);
        let click = click
            .map(|click| click.parse().map_err(malformed))
            .transpose();
        let click = problems.check("/notification/click/url", click);
        let actions = parse_actions(&actions, problems);
        if let Some(data) = &data {
            problems.check_data("/notification/data", data);
        }
        Some(Self {
            title: title?,
            body: body?,
            image: image?,
            category,
            traffic_type,
            priority,
            click: click?,
            actions: actions?,
            data: data.map(Data::into_object),
        })
    }

    /// The notification that this becomes.
    #[must_use]
    pub fn notification(&self, named: Named) -> Notification {
        let Self {
            title,
            body,
            image,
            category,
            traffic_type,
            priority,
            click,
            actions,
            data,
        } = self.clone();
        let Named {
            id,
            accepted_at,
            expires_at,
        } = named;
        Notification {
            id,
            revision: 0,
            title,
            body,
            image,
            category,
            traffic_type: traffic_type.into(),
            priority: priority.into(),
            click: click.map(Into::into),
            actions,
            data,
            accepted_at,
            expires_at,
        }
    }

    /// The bytes of the entry that this becomes in a user's log, in the larger of the hub's encodings and
    /// with the longest ids and times.
    #[must_use]
    pub fn entry_bytes(&self) -> usize {
        let longest = Timestamp::MAX;
        let id = NotificationId::from_uuid(Uuid::max());
        let entry = Entry::Notification(Box::new(Arrival {
            id,
            at: longest,
            delivery_id: DeliveryId::from_uuid(Uuid::max()),
            read_at: Some(longest),
            notification: self.notification(Named {
                id,
                accepted_at: longest,
                expires_at: longest,
            }),
        }));
        // An entry is a tree of texts and numbers under text names: it always has a size.
        wire_size::of(&entry).unwrap_or(usize::MAX)
    }

    /// Refuses what becomes an entry larger than [`ENTRY_BYTES`], so that no page can be made that a
    /// client's default limit refuses.
    pub(super) fn check_size(&self) -> Result<(), Problem> {
        let bytes = self.entry_bytes();
        if bytes <= ENTRY_BYTES {
            return Ok(());
        }
        let detail = format!("the notification takes {bytes} bytes of at most {ENTRY_BYTES}");
        Err(Problem::new(ProblemCode::RequestTooLarge, detail))
    }
}

/// What a notification has beside its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: NotificationId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// From when on it is not worth delivering.
    pub expires_at: Timestamp,
}
