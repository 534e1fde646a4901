//! By what two pushes are known as the same.

use std::hash::{DefaultHasher, Hasher as _};

use http::HeaderMap;
use memchr::memmem;

use super::route::Route;

/// A push by its device and by what it collapses with there, if the sender says so: a notification that goes
/// to a device twice has the same mark. 64 bits; of a million marks, two are equal by chance once in 37
/// million runs.
pub(super) fn mark(route: Route, path: &str, headers: &HeaderMap, body: &[u8]) -> u64 {
    let header = |name: &str| headers.get(name).map_or(&[][..], |value| value.as_bytes());
    match route {
        Route::Fcm => {
            let device = member(body, br#""token":""#).or_else(|| member(body, br#""fid":""#));
            let collapse = member(body, br#""Topic":""#)
                .or_else(|| member(body, br#""collapse_key":""#))
                .or_else(|| member(body, br#""collapseKey":""#));
            hash(device.unwrap_or(body), collapse.unwrap_or_default())
        }
        Route::Apns => hash(path.as_bytes(), header("apns-collapse-id")),
        Route::WebPush => hash(path.as_bytes(), header("topic")),
        Route::Token | Route::Other => 0,
    }
}

/// The text behind a member's name, up to the next quotation mark. The texts that are looked for have none.
fn member<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = &body[memmem::find(body, name)? + name.len()..];
    Some(&rest[..memchr::memchr(b'"', rest)?])
}

fn hash(device: &[u8], collapse: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(device);
    // Where the first ends.
    hasher.write_u8(0xff);
    hasher.write(collapse);
    hasher.finish()
}
