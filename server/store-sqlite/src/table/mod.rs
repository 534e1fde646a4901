//! A file per table or per few that always change together: rows, reads, writes.

pub(super) mod delivery;
pub(super) mod expansion;
pub(super) mod key;
pub(super) mod log;
pub(super) mod meta;
pub(super) mod notification;
pub(super) mod receipt;
pub(super) mod retention;
pub(super) mod session;
pub(super) mod topic;
pub(super) mod user;

/// Cuts a list that was read one item too far, and gives the last that stays when more follows.
fn cut<T>(items: &mut Vec<T>, limit: u32) -> Option<&T> {
    let limit = limit as usize;
    if items.len() <= limit {
        return None;
    }
    items.truncate(limit);
    items.last()
}
