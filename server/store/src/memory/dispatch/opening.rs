//! Deliveries that are opened to further installations.

use jiff::Timestamp;
use vestnik_model::{Flag, InstallationId, ReceiptKind};
use vestnik_rules::{
    cascade::{Looked, came_by},
    delivery::Event,
};

use super::{
    super::{
        attempt::{confirm_attempt, of_delivery},
        logs::{Append, append},
        row::Content,
        txn::Txn,
    },
    Key, move_on,
};
use crate::work::Part;

/// Opens a delivery to further installations, if a look says so: its entry is taken out of the log and
/// appended for them, and behind it what the person did with it.
pub(super) fn open(txn: &mut Txn, key: Key, looked: &Looked, part: &Part) {
    let (Some(opens), Some(row)) = (looked.opens, txn.world.deliveries.get(&key)) else {
        return;
    };
    let (former, addressed) = (row.seq, row.addressed.clone());
    let (Some(notification), Some(name)) = (
        txn.world.notifications.get(&key.0),
        txn.world.name_of(key.1),
    ) else {
        return;
    };
    let candidates = txn.world.candidates(&notification.app, name);
    let addressed = addressed.open(opens, &notification.wanted, candidates);
    for installation in &looked.proven {
        prove(txn, key, *installation, part.now);
    }
    if let Some(former) = former {
        txn.world.logs.remove(&(key.1, former));
    }
    let seq = append_for(txn, key, &addressed.only, (Content::Arrival, part));
    move_flags(txn, key, &addressed.only, part);
    if let Some(row) = txn.world.deliveries.get_mut(&key) {
        (row.addressed, row.seq) = (addressed, Some(seq));
    }
}

fn append_for(
    txn: &mut Txn,
    key: Key,
    only: &Option<Vec<InstallationId>>,
    (content, part): (Content, &Part),
) -> u64 {
    let new = Append {
        user: key.1,
        notification: key.0,
        only: only.clone(),
        content,
        at: part.now,
        seed: &part.seed,
    };
    append(txn, new)
}

/// Notes of an installation that it has a delivery.
fn prove(txn: &mut Txn, key: Key, installation: InstallationId, now: Timestamp) {
    let attempts = of_delivery(&txn.world, key);
    let attempts = attempts.map(|((_, _, to), row)| (*to, &row.attempt));
    let by = came_by(attempts, installation);
    confirm_attempt(&mut txn.world, key, installation, (now, false));
    move_on(txn, key, Event::Receipt(ReceiptKind::Delivered, by), now);
}

/// Appends the entries of a delivery's flags anew, for all that it is for now.
fn move_flags(txn: &mut Txn, key: Key, only: &Option<Vec<InstallationId>>, part: &Part) {
    for flag in [Flag::Archived, Flag::Deleted] {
        let place = (key.0, key.1, flag);
        let former = txn.world.flags.get(&place).and_then(|row| row.seq);
        let former = former.and_then(|seq| txn.world.logs.remove(&(key.1, seq)));
        let Some(former) = former else { continue };
        let seq = append_for(txn, key, only, (former.content, part));
        if let Some(row) = txn.world.flags.get_mut(&place) {
            row.seq = Some(seq);
        }
    }
}
