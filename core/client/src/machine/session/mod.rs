//! Being somebody: logins, tokens, logouts.
//!
//! The App's backend vouches for a user by an *identity token*. The server exchanges it for a short
//! *access token* and a *refresh token*, which is exchanged for the next pair. This machine decides
//! when something is exchanged and what an answer means. Three rules keep users apart:
//!
//! - Each login, logout and end of a session begins a new [`Generation`](super::Generation). What was begun under an older
//!   one ends without an effect on the present session, with one exception: a login that was given up
//!   while its answer was on the way, and that the server granted, has to be logged out.
//! - A pending logout carries a refresh token of its own and never touches the present session. It is
//!   repeated, while the process lives too, until the server has confirmed it.
//! - Only a problem of class `auth.*`, as the answer to an exchange, ends a session. Everything else is
//!   [trouble](super::Trouble) and is repeated.
//!
//! An identity token is kept until the server took or refused *it*: a network that fails in between
//! costs nothing. At most one exchange is under way, pending logouts included, and all who need a token
//! wait for the same one. A refresh token is durable before the access token beside it is used, because
//! the server accepts the former one only as long as neither was seen.
//!
//! To need an identity token is a state with a reason ([`Standing::NeedsIdentity`]); nothing waits in
//! it and nothing is repeated.

mod access;
mod call;
mod logout;
mod machine;
mod state;

#[cfg(test)]
mod sequences;
#[cfg(test)]
mod tests;

pub use self::{
    access::Grant,
    call::{
        Exchange, Input, LoginOutcome, LogoutNote, NeedsIdentity, Output, PendingLogout, Seed,
        SeedStanding, Standing, StoreCall,
    },
    machine::Session,
};
