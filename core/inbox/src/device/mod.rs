//! Who this device is.
//!
//! One small file, `device.sqlite`, which is open for the life of the program: its lock keeps other
//! processes out. It holds what is small and must outlive a damaged history: the installation, whose
//! history is on the device, the generation of the session, the offset of the clock, what the server
//! was told and is to be asked for, push addresses, and logouts that it has not confirmed. No secret of
//! ours is in it.

mod identity;
mod logout;
mod open;
mod sent;
mod session;
mod state;
mod table;

pub use identity::Identity;
pub use logout::{NewLogout, PendingLogout};
pub use open::{Device, OpenDevice};
pub use sent::SentOptOuts;
pub use state::{DeviceState, MAX_WISHES, Registered, Restored};
