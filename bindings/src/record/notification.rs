//! A notification.

use std::time::SystemTime;

use vestnik_model::{self as model, ActionKind, ClickKind};

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Notification {
    /// What it is known by on every path. Draw it under an identifier that is made of it.
    pub id: String,
    /// Rises when the sender replaces the content.
    pub revision: u32,
    /// The line by which a person recognises it.
    pub title: String,
    /// What it says; plain text.
    pub body: String,
    /// An `https` address of a picture.
    pub image: Option<String>,
    /// The kind of content; becomes the Android channel.
    pub category: Option<String>,
    /// How urgently it asks for attention.
    pub priority: Priority,
    /// What a tap opens.
    pub click: Option<Click>,
    /// Its buttons. Say by `actioned` that one was pressed, and by `reply` what a person typed.
    pub actions: Vec<Action>,
    /// The sender's own data, a JSON object.
    pub data_json: Option<String>,
    /// When the server accepted it.
    pub accepted_at: SystemTime,
    /// From when on it is not worth showing.
    pub expires_at: SystemTime,
}

/// How urgently a notification asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Priority {
    /// May wait; makes no sound.
    Low,
    /// The usual.
    Normal,
    /// Asks for attention now.
    High,
    /// Breaks through quiet hours where the category allows.
    Critical,
}

/// What a tap opens.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Click {
    /// Who opens it.
    pub opened_by: OpenedBy,
    /// The address.
    pub url: String,
}

/// Who opens the address of a tap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum OpenedBy {
    /// The app itself.
    App,
    /// The system's browser.
    Link,
    /// A web view inside the app.
    Webview,
}

/// A button of a notification.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Action {
    /// What it is reported by.
    pub id: String,
    /// What it says.
    pub title: String,
    /// What it does.
    pub does: Does,
}

/// What a button does.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Does {
    /// Opens an address.
    Open {
        /// The address, and who opens it.
        click: Click,
    },
    /// Asks for a text.
    Reply {
        /// What stands in the empty field.
        placeholder: Option<String>,
    },
    /// Tells the sender.
    Callback,
}

impl From<model::Notification> for Notification {
    fn from(notification: model::Notification) -> Self {
        let model::Notification {
            id,
            revision,
            title,
            body,
            image,
            category,
            traffic_type: _,
            priority,
            click,
            actions,
            data,
            accepted_at,
            expires_at,
        } = notification;
        Self {
            id: id.to_string(),
            revision,
            title: title.as_str().to_owned(),
            body: body.as_str().to_owned(),
            image: image.map(|url| url.as_str().to_owned()),
            category: category.map(|name| name.to_string()),
            priority: priority.known_or_default().into(),
            click: click.as_ref().and_then(known_click),
            actions: actions.iter().filter_map(known_action).collect(),
            data_json: data.map(|data| serde_json::Value::Object(data).to_string()),
            accepted_at: accepted_at.into(),
            expires_at: expires_at.into(),
        }
    }
}

/// A click of a kind that this version knows and whose address fits the kind.
fn known_click(click: &model::Click) -> Option<Click> {
    click.checked().map(opened)
}

/// A button of a kind that this version knows, with an address that fits if it has one.
fn known_action(action: &model::Action) -> Option<Action> {
    let does = match action.kind.known()? {
        ActionKind::Link => Does::Open {
            click: action.link().map(opened)?,
        },
        ActionKind::Reply => Does::Reply {
            placeholder: action.placeholder.clone(),
        },
        ActionKind::Callback => Does::Callback,
    };
    Some(Action {
        id: action.id.clone(),
        title: action.title.clone(),
        does,
    })
}

fn opened((kind, url): (ClickKind, &str)) -> Click {
    let opened_by = match kind {
        ClickKind::App => OpenedBy::App,
        ClickKind::Link => OpenedBy::Link,
        ClickKind::Webview => OpenedBy::Webview,
    };
    Click {
        opened_by,
        url: url.to_owned(),
    }
}

impl From<model::Priority> for Priority {
    fn from(priority: model::Priority) -> Self {
        match priority {
            model::Priority::Low => Self::Low,
            model::Priority::Normal => Self::Normal,
            model::Priority::High => Self::High,
            model::Priority::Critical => Self::Critical,
        }
    }
}
