//! The six machines as one.
//!
//! The engine decides nothing itself: it hands each input to the machine that it concerns and carries
//! what one machine says to the others. What is left over is for the driver.
//!
//! ```text
//!              Began, Ended, Token               Up, Down
//!   session ───────────────────────▶ connection ──────────▶ sync, report, registration, consent
//!      ▲ WantToken, Flushed              ▲ Broken, Doubtful, Refused   │
//!      └─────────────────────────────────┴─────────────────────────────┘
//! ```
//!
//! A session that has begun first asks its store where it [stands](Stands); only then is a connection
//! made. When a session ends, all other machines forget it before anything else happens, so that no
//! place in the log, no fact and no connection of one user is ever used for another.

mod input;
mod machine;
mod output;

#[cfg(test)]
mod tests;

pub use self::{
    input::{Answer, Command, Done, Event, Input, Stands},
    machine::Engine,
    output::{Greeting, Output, Phase, Snapshot, TimeReading, ToApp, ToNetwork, ToStorage},
};
