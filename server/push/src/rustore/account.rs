//! The credentials of a project at `RuStore`.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use super::production;
use crate::{
    field::{AccountError, Fault, Fields, ROOTS},
    origin::Origin,
    segment::Segment,
};

/// The most hosts of an account.
pub const MAX_HOSTS: usize = 4;

/// The credentials of a project at `RuStore`.
pub struct Credentials {
    pub(super) project: Segment,
    token: SecretString,
    hosts: Vec<Origin>,
}

impl Credentials {
    pub(crate) fn of(fields: Fields) -> Result<Self, AccountError> {
        const KNOWN: &[&str] = &["project_id", "service_token", "base_urls", ROOTS];
        let fields = fields.only(KNOWN)?;
        let mut hosts = fields.read_all("base_urls", MAX_HOSTS, Origin::parse)?;
        if hosts.is_empty() {
            hosts.push(production());
        }
        Ok(Self {
            project: fields.read_as("project_id", Segment::parse)?,
            token: fields.read_as("service_token", token)?,
            hosts,
        })
    }

    /// Where the service is: the host of a number, the first one of a number that is none's.
    pub(crate) fn host(&self, number: usize) -> &Origin {
        self.hosts.get(number).unwrap_or(&self.hosts[0])
    }

    /// How many hosts there are besides the first.
    pub(crate) fn reserves(&self) -> usize {
        self.hosts.len() - 1
    }

    /// The project whose apps the account sends to.
    #[must_use]
    pub fn project(&self) -> &str {
        self.project.as_str()
    }

    pub(super) fn bearer(&self) -> String {
        format!("Bearer {}", self.token.expose_secret())
    }
}

fn token(text: &str) -> Result<SecretString, Fault> {
    let is_token = text.bytes().all(|byte| byte.is_ascii_graphic());
    is_token.then(|| text.to_owned().into()).ok_or(Fault::Token)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("project", &self.project.as_str())
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}
