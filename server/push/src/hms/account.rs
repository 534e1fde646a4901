//! The credentials of an app at Huawei, and what is to be said of its pushes.

use std::fmt;

use http::Uri;
use secrecy::SecretString;

use super::{category::Categories, production, receipt::ReceiptKey};
use crate::{
    field::{AccountError, Fault, Fields},
    key::RsaKey,
    origin::{Origin, OriginError},
    segment::Segment,
};

/// Huawei's token service, which is also whom a service account's tokens are for.
const TOKEN_URI: &str = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";

/// The credentials of an app at Huawei.
pub struct Credentials {
    pub(crate) interface: Interface,
    pub(crate) settings: Settings,
    pub(crate) origin: Origin,
    /// What Huawei signs its receipts with, if it sends any.
    pub(crate) receipts: Option<ReceiptKey>,
}

/// Which interface the pushes go by, with what it takes.
pub enum Interface {
    /// Version 1.
    Application(Application),
    /// Version 3.
    Project(Project),
}

/// A client of Huawei's token service.
pub struct Application {
    pub(super) id: Segment,
    pub(super) secret: SecretString,
    pub(super) token_uri: Uri,
}

/// A service account of a project.
pub struct Project {
    pub(super) id: Segment,
    pub(super) account: String,
    pub(super) key_id: String,
    pub(super) key: RsaKey,
    pub(super) token_uri: Uri,
}

/// What is to be said of an app's pushes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Whether Huawei lets the app have urgent data messages, which start it if it does not run; version 1
    /// only. Without that right Huawei refuses them.
    pub urgent: bool,
    /// The kinds of message that the app may send.
    pub categories: Categories,
}

impl Credentials {
    /// Reads the fields of an account: those of version 3 if there is a service account.
    pub(crate) fn of(fields: &Fields) -> Result<Self, AccountError> {
        let interface = if fields.optional("sub_account")?.is_some() {
            Interface::Project(project(fields)?)
        } else {
            Interface::Application(application(fields)?)
        };
        let origin = fields.read_optional("base_url", Origin::parse)?;
        Ok(Self {
            interface,
            settings: Settings {
                urgent: fields.flag("urgent")?,
                categories: Categories::of(fields)?,
            },
            origin: origin.unwrap_or_else(production),
            receipts: ReceiptKey::of(fields)?,
        })
    }

    /// Whose addresses the account is for: a field and its value.
    pub(crate) fn owner(&self) -> (&'static str, &str) {
        match &self.interface {
            Interface::Application(application) => ("app_id", application.id.as_str()),
            Interface::Project(project) => ("project_id", project.id.as_str()),
        }
    }
}

fn application(fields: &Fields) -> Result<Application, AccountError> {
    Ok(Application {
        id: fields.read_as("app_id", Segment::parse)?,
        secret: fields.text("client_secret")?.to_owned().into(),
        token_uri: token_uri(fields)?,
    })
}

fn project(fields: &Fields) -> Result<Project, AccountError> {
    Ok(Project {
        id: fields.read_as("project_id", Segment::parse)?,
        account: fields.text("sub_account")?.to_owned(),
        key_id: fields.text("key_id")?.to_owned(),
        key: fields.read_as("private_key", RsaKey::from_pem)?,
        token_uri: token_uri(fields)?,
    })
}

fn token_uri(fields: &Fields) -> Result<Uri, AccountError> {
    let given = fields.read_optional("token_uri", |text| {
        let uri: Uri = text.parse().map_err(|_| OriginError::Address)?;
        Origin::of(&uri)?;
        Ok::<_, Fault>(uri)
    })?;
    Ok(given.unwrap_or_else(|| Uri::from_static(TOKEN_URI)))
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (field, owner) = self.owner();
        f.debug_struct("Credentials")
            .field(field, &owner)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Application(_) => "Application",
            Self::Project(_) => "Project",
        })
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application").finish_non_exhaustive()
    }
}

impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Project").finish_non_exhaustive()
    }
}
