//! What the child processes do: be a server, devices with a place to die at, or a notification extension.

mod device;
mod extension;
mod server;

pub(crate) use device::{DeviceRole, FailPoint};
pub(crate) use extension::{ExtensionRole, PushPoint};
pub(crate) use server::ServerRole;
