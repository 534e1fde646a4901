//! Pages of lists.

use vestnik_model::view::List;

/// A page of items, with the cursor of the next one if there are more.
pub(super) fn list<T>(
    items: impl Iterator<Item = T>,
    limit: u32,
    cursor: impl Fn(&T) -> String,
) -> List<T> {
    let limit = limit as usize;
    let mut data: Vec<_> = items.take(limit.saturating_add(1)).collect();
    let is_longer = data.len() > limit;
    data.truncate(limit);
    let next_cursor = data.last().map(cursor).filter(|_| is_longer);
    List { data, next_cursor }
}
