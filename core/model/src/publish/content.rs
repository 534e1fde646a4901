//! What a notification says, checked.

use serde_json::{Map, Value};

use super::{
    check::{Problems, malformed},
    data::Data,
    request::ContentRequest,
};
use crate::{
    id::CategoryName,
    notification::{ClickRequest, Priority, TrafficType},
    text::{Body, Title},
    url::HttpsUrl,
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
        let click_check = click
            .as_ref()
            .map_or(Ok(()), ClickRequest::check)
            .map_err(malformed);
        problems.check("/notification/click/url", click_check);
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
            click,
            data: data.map(Data::into_object),
        })
    }
}
