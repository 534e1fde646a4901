//! What the child processes do: be a server, or be devices with a place to die at.

mod device;
mod server;

pub use device::{DeviceRole, FailPoint};
pub use server::ServerRole;
