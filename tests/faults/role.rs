//! What the child processes do: be a server, or be devices with a place to die at.

mod device;
mod server;

pub(crate) use device::{DeviceRole, FailPoint};
pub(crate) use server::ServerRole;
