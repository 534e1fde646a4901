//! A text as the octets of short messages.
//!
//! One short message carries 140 octets of user data (3GPP TS 23.040, 9.2.3.16). A text that needs more is
//! cut into parts, each of which begins with a header that says which part it is.

mod alphabet;
mod gsm;
mod split;
#[cfg(test)]
mod tests;

pub use alphabet::{Alphabet, Coding};
pub use split::{Joining, Parts, parts};
pub(crate) use {alphabet::read, split::split};
