//! Who may read the files of a database: their owner only.

#[cfg_attr(unix, path = "mode/unix.rs")]
#[cfg_attr(not(unix), path = "mode/other.rs")]
mod platform;

pub(crate) use platform::{
    Identity, create_private_file, create_private_folder, identity, tighten,
};
