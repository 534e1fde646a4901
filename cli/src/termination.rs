//! The system's requests that the program ends.

use std::io;

#[cfg_attr(unix, path = "termination/unix.rs")]
#[cfg_attr(windows, path = "termination/windows.rs")]
mod platform;

/// Takes over the terminal's way to stop a program and a supervisor's; from here on they no longer
/// end the process by themselves. The future ends with the first request.
///
/// # Errors
///
/// If the system refuses a handler.
pub(crate) fn listen() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    platform::listen()
}
