use std::collections::BTreeMap;

/// Gives an emptied map's storage back, which the standard library keeps: idle connections are many.
pub(in crate::server) fn trim<K, V>(map: &mut BTreeMap<K, V>) {
    if map.is_empty() {
        *map = BTreeMap::new();
    }
}
