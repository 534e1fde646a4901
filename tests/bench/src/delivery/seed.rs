//! Devices that can be pushed to: each with an address at FCM and a key for envelopes.

use anyhow::Result;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use vestnik_clock::{Clock as _, SystemClock};
use vestnik_envelope::KeyRing;
use vestnik_model::{PushAddress, PushAddressKind};
use vestnik_rules::address::hash;

use crate::server::{APP, Site, seed};

/// How many different keys the devices have. Which key it is makes no difference to who seals.
const KEYS: usize = 1_000;
/// How a value is marked that is stored as it is: without the operator's key nothing is encrypted.
const PLAIN: u8 = 0;

/// Adds users 1 to `users`, each with a device, and the topics of the first so many users.
pub(super) fn devices(site: &Site, users: usize, topics: &[usize]) -> Result<()> {
    seed::users(site, users)?;
    seed::topics(site, topics)?;
    let keys: Vec<String> = (0..KEYS.min(users)).map(|_| key()).collect();
    let mut db = seed::open(site)?;
    let txn = db.transaction()?;
    {
        let mut state = txn.prepare(
            "UPDATE installation SET state = ?3, platform = 'android', app_version = '1.4.2',
                 locale = 'en-GB', zone = 'Europe/London', permission = 'granted'
             WHERE app = ?1 AND id = ?2",
        )?;
        let mut address = txn.prepare(
            "INSERT INTO push_address (app, installation, kind, hash, value, refreshed_at)
             VALUES (?1, ?2, 'fcm_token', ?3, ?4, ?5)",
        )?;
        for number in 1..=users {
            let id = (number as u128).to_be_bytes();
            let reported = json!({"envelope_key": keys[number % keys.len()]});
            state.execute((APP, id, reported.to_string()))?;
            let own = PushAddress::new(PushAddressKind::FcmToken, token(number));
            let mut value = vec![PLAIN];
            value.extend(serde_json::to_vec(&own)?);
            address.execute((APP, id, hash(&own), value, seed::millis()))?;
        }
    }
    txn.commit()?;
    seed::close(db)
}

/// A public key as a device reports it.
fn key() -> String {
    let ring = KeyRing::new(SystemClock.now(), SystemClock.random());
    BASE64_URL_SAFE_NO_PAD.encode(ring.public_key().as_bytes())
}

/// A token, as long as those of FCM are.
fn token(number: usize) -> String {
    format!("{number:022}:APA91b{}", "Z".repeat(134))
}
