//! Where core and server meet: the harness of the end-to-end, interop and fault tests.

pub mod backend;
pub mod chaos;
pub mod clock;
pub mod device;
pub mod digest;
pub mod eventually;
pub mod faults;
pub mod ledger;
pub mod raw_hub;
pub mod world;
