//! Pages of lists.

use vestnik_model::view::List;

/// A page of items, each with its place, with the cursor of the next one if there are more.
pub(super) fn list<T, Place: ToString>(
    items: impl Iterator<Item = (Place, T)>,
    limit: u32,
) -> List<T> {
    let limit = limit as usize;
    let mut data: Vec<_> = items.take(limit.saturating_add(1)).collect();
    let is_longer = data.len() > limit;
    data.truncate(limit);
    let last = data.last().map(|(place, _)| place.to_string());
    List {
        next_cursor: last.filter(|_| is_longer),
        data: data.into_iter().map(|(_, item)| item).collect(),
    }
}
