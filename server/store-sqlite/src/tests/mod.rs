//! What is SQLite's own: the schema, plans of statements, crashes between parts. What every store
//! must do is in the conformance suite.

mod events;
mod expansion;
mod lenient;
mod life_of_a_notification;
mod measure;
mod plans;
mod schema;
mod work;
mod world;
