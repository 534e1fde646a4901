//! Further signing keys of the APNs team, for senders that rotate theirs.

use crate::{
    apns::ProviderKey,
    credentials::{ApnsKey, CredentialsError},
    service::Environment,
    shared::Shared,
};

/// Makes a key and adds it to the team.
pub(crate) fn add_apns_key(
    shared: &Shared,
    only: Option<Environment>,
) -> Result<ApnsKey, CredentialsError> {
    let (made, public) = ApnsKey::generate()?;
    let key = ProviderKey {
        id: made.key_id.clone(),
        public,
        environment: only,
    };
    let added = shared.change(|world| world.add_apns_key(key));
    added.map_err(CredentialsError::TooMany)?;
    Ok(made)
}
