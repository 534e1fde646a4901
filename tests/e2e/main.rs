//! The real server with devices, backends and foreign clients over loopback, and devices at a hostile server.
//!
//! One program for all of them: a program of its own costs half a minute of linking. Each module is a
//! kind; `cargo test -p vestnik-tests --test e2e KIND` runs one.

mod actions;
mod bad_input;
mod chats;
mod compat;
mod connections;
mod costs;
mod deliveries;
mod end_to_end;
mod gateway_reports;
mod gateways;
mod hostile;
mod js_interop;
mod lossy_bus;
mod message_centres;
mod metrics;
mod opting_out;
mod primary;
mod push;
mod push_receipts;
mod reports;
mod schedule;
mod slow_device;
mod stateful_js;
mod webhooks;
