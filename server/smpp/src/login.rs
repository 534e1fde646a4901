//! Who binds, and in which version.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// The version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Version {
    /// 3.4.
    #[default]
    V3_4,
    /// 5.0.
    V5_0,
}

impl Version {
    /// What a session speaks whose message centre says a `sc_interface_version`, or says none: a message
    /// centre of 3.4 may leave it out.
    pub(crate) fn negotiated(self, said: Option<u8>) -> Self {
        match said {
            Some(0x50..) => self,
            Some(_) | None => Self::V3_4,
        }
    }
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// Messages are submitted, and receipts and messages of people come.
    #[default]
    Transceiver,
    /// Messages are submitted, and nothing comes.
    Transmitter,
}

/// What a client binds with.
#[derive(Clone)]
pub struct Login {
    system_id: String,
    password: SecretString,
    system_type: String,
    /// The version that is asked for.
    pub version: Version,
    /// What the session is for.
    pub role: Role,
}

/// What a bind cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The system id.
    #[error("the system id must have 1 to 15 ASCII characters")]
    SystemId,
    /// The password.
    #[error("the password must have at most 8 ASCII characters")]
    Password,
    /// The system type.
    #[error("the system type must have at most 12 ASCII characters")]
    SystemType,
}

impl Login {
    /// A system id of 1 to 15 characters, a password of at most 8 and a system type of at most 12, which is
    /// mostly empty (SMPP 3.4, 4.1.5).
    ///
    /// # Errors
    /// [`LoginError`] if one of them is longer or has other than printable ASCII characters.
    pub fn new(
        system_id: &str,
        password: SecretString,
        system_type: &str,
        version: Version,
    ) -> Result<Self, LoginError> {
        let fits = |text: &str, most: usize| {
            text.len() <= most && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        };
        if system_id.is_empty() || !fits(system_id, 15) {
            return Err(LoginError::SystemId);
        }
        if !fits(password.expose_secret(), 8) {
            return Err(LoginError::Password);
        }
        if !fits(system_type, 12) {
            return Err(LoginError::SystemType);
        }
        Ok(Self {
            system_id: system_id.to_owned(),
            password,
            system_type: system_type.to_owned(),
            version,
            role: Role::default(),
        })
    }

    pub(crate) fn system_id(&self) -> &str {
        &self.system_id
    }

    pub(crate) const fn password(&self) -> &SecretString {
        &self.password
    }

    pub(crate) fn system_type(&self) -> &str {
        &self.system_type
    }
}

/// Shows the version and the role only.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("version", &self.version)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bind_carries_short_ascii_only() {
        let login = |id: &str, password: &str, kind: &str| {
            Login::new(id, password.into(), kind, Version::V3_4).map(|_| ())
        };
        assert_eq!(login("fifteen_letters", "12345678", "twelve chars"), Ok(()));
        assert_eq!(login("a", "", ""), Ok(()));
        assert_eq!(login("", "", ""), Err(LoginError::SystemId));
        assert_eq!(login("sixteen__letters", "", ""), Err(LoginError::SystemId));
        assert_eq!(login("анна", "", ""), Err(LoginError::SystemId));
        assert_eq!(login("a", "123456789", ""), Err(LoginError::Password));
        assert_eq!(login("a", "\0", ""), Err(LoginError::Password));
        assert_eq!(login("a", "", "thirteen_char"), Err(LoginError::SystemType));
    }

    #[test]
    fn the_lower_version_is_spoken() {
        for (asked, said, wanted) in [
            (Version::V5_0, Some(0x50), Version::V5_0),
            (Version::V5_0, Some(0x34), Version::V3_4),
            (Version::V5_0, Some(0x33), Version::V3_4),
            (Version::V5_0, None, Version::V3_4),
            (Version::V3_4, Some(0x50), Version::V3_4),
        ] {
            assert_eq!(asked.negotiated(said), wanted);
        }
    }
}
