//! Runs the uniffi binding generator.
fn main() {}
