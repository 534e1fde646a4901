//! Where core and server meet: the harness of the end-to-end, interop and fault tests.

pub mod chaos;
pub mod clock;
pub mod eventually;
pub mod ledger;
