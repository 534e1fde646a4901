//! The server's decisions, pure; time and randomness are arguments.
//!
//! A store loads rows, asks a function of this crate what follows from them, and saves the answer.
//! Nothing here does I/O, reads a clock or draws random numbers, so every implementation of the
//! store decides alike, and each rule is tested without a database.
//!
//! ```
//! use vestnik_model::{NotificationId, UserId};
//! use vestnik_rules::delivery_id;
//!
//! let notification: NotificationId = "ntf_0192f0c12b3c7d4e8f50a1b2c3d4e5f6".parse()?;
//! let user = UserId::parse("anna")?;
//! // Writing the same delivery again addresses the same row.
//! assert_eq!(delivery_id(notification, &user), delivery_id(notification, &user));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod derived_id;

pub use derived_id::{attempt_id, delivery_id};
