//! What a push service reports of the pushes of an App: Huawei's receipts.

use vestnik_model::{AppId, Channel, ProblemCode};
use vestnik_push::{
    Account, Service,
    hms::{Proof, Receipt, ReceiptError, receipts},
};
use vestnik_rules::push_receipt::{fate, is_fresh, push_hash};
use vestnik_store::{
    dispatch::{PushReceipt, PushReceipts},
    tenants::StoredProvider,
};

use super::{
    Hearing,
    gateway_reports::{later, unavailable},
};
use crate::refusal::Refusal;

/// Where the receipts of an App's pushes come in.
#[derive(Debug, Clone)]
pub(crate) struct PushDoor {
    pub(crate) app: AppId,
    pub(crate) channel: Channel,
}

/// The proof of a request, if it is one by the App's account, made just now.
///
/// # Errors
/// [`Refusal`] `not_found` if no receipts come in there, `auth.invalid` if it proves nothing, and `unavailable` if that
/// cannot be told now.
pub(crate) async fn proves_receipts(
    with: Hearing<'_>,
    door: &PushDoor,
    proof: Option<Proof>,
) -> Result<Proof, Refusal> {
    let account = account(with, door).await?;
    let key = account.receipt_key().ok_or_else(unknown)?;
    let proof = proof.filter(|proof| key.verifies(proof) && is_fresh(proof.signed_at, with.now));
    proof.ok_or_else(unproven_receipts)
}

/// Takes the body of a request that was proven. What is answered was noted whole.
pub(crate) async fn take_push_receipts(
    with: Hearing<'_>,
    door: &PushDoor,
    body: &[u8],
) -> Result<(), Refusal> {
    let read = receipts(body).map_err(unreadable)?;
    let told = read.iter();
    let told: Vec<_> = told.filter_map(|read| told_by(with, door, read)).collect();
    let (app, channel, count) = (&door.app, door.channel.as_str(), told.len());
    let receipts = PushReceipts {
        app: door.app.clone(),
        channel: door.channel,
        receipts: told,
        now: with.now,
    };
    let news = with.store.note_pushes(receipts).await.map_err(later)?;
    tracing::debug!(%app, channel, count, news, "pushes were reported");
    Ok(())
}

/// What is answered to whoever does not prove to be Huawei.
pub(crate) fn unproven_receipts() -> Refusal {
    let detail = "the request does not prove to be from the push service";
    Refusal::new(ProblemCode::AuthInvalid, detail)
}

async fn account(with: Hearing<'_>, door: &PushDoor) -> Result<Account, Refusal> {
    if door.channel != Channel::Hms {
        return Err(unknown());
    }
    let stored = with.store.provider(door.app.clone(), door.channel);
    match stored.await.map_err(later)? {
        Some(StoredProvider::Readable(provider)) => {
            // What another version wrote may be readable again: Huawei is to come again.
            Account::parse(Service::Hms, &provider.account).map_err(|_| unavailable())
        }
        Some(StoredProvider::Unreadable) => Err(unavailable()),
        None => Err(unknown()),
    }
}

/// What a receipt says of a push; nothing if that still waits at the device.
fn told_by(with: Hearing<'_>, door: &PushDoor, read: &Receipt) -> Option<PushReceipt> {
    Some(PushReceipt {
        push: push_hash(&door.app, read.attempt),
        address: read.token,
        fate: fate(read.code)?,
        at: read.at.unwrap_or(with.now),
    })
}

fn unreadable(error: ReceiptError) -> Refusal {
    let code = match error {
        ReceiptError::Unreadable => ProblemCode::RequestMalformed,
        ReceiptError::TooMany => ProblemCode::RequestTooLarge,
    };
    Refusal::new(code, &error.to_string())
}

fn unknown() -> Refusal {
    Refusal::not_found("receiver of receipts")
}
