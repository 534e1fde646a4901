//! Doors in the shape of other services: what they take becomes a notification like any other.

pub(crate) mod broadcast;
