//! Reads a message by its kind and writes what this version made of it.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use vestnik_model::{
    Counts, Entry, InstallationReport, InstallationState, KeyView, Notification, Problem,
    PublishAccepted, PublishRequest, TokenRequest, TokenResponse,
    contract::{
        Answer, Behind, Done, Drain, Entries, Hello, InstallationReplaced, OfNotification, Page,
        Published, ReceivedReport, Reported, SenderHello, StatusChange, Subscribe, Sync,
        UpdateState, Watch, Welcome,
    },
    view::{AttemptView, DeliveryView, InstallationView, List, NotificationView},
};

type Reader = fn(&Value) -> Result<Value, String>;

/// Every kind of message.
pub(crate) const READERS: &[(&str, Reader)] = &[
    // Through the hub, from a device.
    ("hello", again::<Hello>),
    ("sync", again::<Sync>),
    ("report", report),
    ("subscribe", again::<Subscribe>),
    ("update-state", again::<UpdateState>),
    ("update-state-opened", again::<UpdateState>),
    // Through the hub, to a device.
    ("welcome", again::<Answer<Welcome>>),
    ("page", again::<Answer<Page>>),
    ("reported", again::<Answer<Reported>>),
    ("done", again::<Answer<Done>>),
    ("refusal", again::<Answer<Done>>),
    ("entries", again::<Entries>),
    ("behind", again::<Behind>),
    ("installation-replaced", again::<InstallationReplaced>),
    ("drain", again::<Drain>),
    // Through the hub, from a sender and to it.
    ("sender-hello", again::<SenderHello>),
    ("publish", again::<PublishRequest>),
    ("publish-with-actions", again::<PublishRequest>),
    ("publish-with-error-policy", again::<PublishRequest>),
    ("publish-to-devices", again::<PublishRequest>),
    ("publish-to-new-apps", again::<PublishRequest>),
    ("published", again::<Answer<Published>>),
    ("watch", again::<Watch>),
    ("status-change", again::<StatusChange>),
    ("status-change-recalled", again::<StatusChange>),
    ("of-notification", again::<OfNotification>),
    // Over REST.
    ("token-by-identity", again::<TokenRequest>),
    ("token-by-refresh", again::<TokenRequest>),
    ("token-response", again::<TokenResponse>),
    ("installation-state", again::<InstallationState>),
    ("installation-state-with-key", again::<InstallationState>),
    ("installation-report", again::<InstallationReport>),
    ("publish-accepted", again::<PublishAccepted>),
    ("notification-view", again::<NotificationView>),
    ("notification-view-by-channel", again::<NotificationView>),
    ("notification-view-recalled", again::<NotificationView>),
    ("notification-view-settled", again::<NotificationView>),
    ("notification-view-paused", again::<NotificationView>),
    ("notification-view-costs", again::<NotificationView>),
    ("delivery-view", again::<DeliveryView>),
    ("delivery-view-by-channel", again::<DeliveryView>),
    ("delivery-view-at-step", again::<DeliveryView>),
    ("attempt-view", again::<AttemptView>),
    ("attempt-view-cost", again::<AttemptView>),
    ("attempt-view-passed-over", again::<AttemptView>),
    ("installation-view", again::<InstallationView>),
    ("installation-view-primary", again::<InstallationView>),
    ("list-of-keys", again::<List<KeyView>>),
    ("problem", again::<Problem>),
    // In stored rows.
    ("stored-notification", again::<Notification>),
    ("stored-notification-with-actions", again::<Notification>),
    ("stored-entry", again::<Entry>),
    ("stored-counts", again::<Counts>),
];

/// Reads a message of a kind, as JSON and as MessagePack, and returns what would be written of it.
pub(crate) fn read(kind: &str, message: &Value) -> Result<Value, String> {
    let found = READERS.iter().find(|(name, _)| *name == kind);
    let (_, reader) = found.unwrap_or_else(|| panic!("there is no reader of {kind}"));
    reader(message)
}

fn again<T: Serialize + DeserializeOwned>(message: &Value) -> Result<Value, String> {
    both::<T>(message).map(|read| serde_json::to_value(read).unwrap())
}

/// What the server makes of each fact.
fn report(message: &Value) -> Result<Value, String> {
    let read: ReceivedReport = both(message)?;
    let cursor = read.cursor.clone();
    let facts = read.read().map_err(|problem| problem.to_string())?;
    let shown: Vec<_> = facts
        .into_iter()
        .map(|fact| match fact {
            Ok(fact) => json!({"id": fact.id.as_str()}),
            Err(refused) => serde_json::to_value(refused).unwrap(),
        })
        .collect();
    let mut written = message.clone();
    // A report of this contract is whole if every fact was taken.
    if shown.iter().any(|fact| fact.get("code").is_some()) {
        written = json!({"cursor": cursor, "facts": shown});
    }
    Ok(written)
}

fn both<T: DeserializeOwned>(message: &Value) -> Result<T, String> {
    let packed = rmp_serde::to_vec_named(message).unwrap();
    let from_packed = rmp_serde::from_slice::<T>(&packed);
    let from_json = serde_json::from_str::<T>(&message.to_string());
    assert_eq!(
        from_json.is_ok(),
        from_packed.is_ok(),
        "the codecs differ over {message}"
    );
    from_json.map_err(|error| error.to_string())
}
