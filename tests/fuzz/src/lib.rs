//! What fuzzing feeds with anything at all: the protocol's parsers and machines.
//!
//! A target takes any bytes and panics when a promise does not hold. `cargo xtask fuzz` searches
//! for such bytes; the corpus it has found interesting is replayed by a plain test.
#![forbid(unsafe_code)]

mod codec;
mod machines;
mod smpp;
mod start;

/// A target by its name, which is also the name of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("framing", codec::framing),
    ("json", codec::json),
    ("messagepack", codec::message_pack),
    ("handshake", codec::handshake),
    ("negotiate", codec::negotiate),
    ("events", codec::events),
    ("server_machine", machines::server),
    ("client_machine", machines::client),
    ("smpp", smpp::session),
];

/// Cuts bytes as the first of them says: any input is also a way to chunk one.
fn chunks(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (size, rest) = data.split_first().unwrap_or((&1, &[]));
    rest.chunks(usize::from(*size).max(1))
}
