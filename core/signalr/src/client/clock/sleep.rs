//! Tells that the machine may have slept: each platform's `SleepNotice`.
//!
//! - Linux and Android: a timer tells.
//! - Windows: the clock counts sleep, and only a program with a window or a service is told of it. The
//!   clock is looked at every few seconds.
//! - Elsewhere the clock does not count sleep, so that a look would find nothing: the app says that it woke.

#[cfg(any(target_os = "linux", target_os = "android", windows))]
mod looks;
#[cfg(not(any(target_os = "linux", target_os = "android", windows)))]
mod never;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod timer;

#[cfg(windows)]
pub(super) use self::looks::Looks as SleepNotice;
#[cfg(not(any(target_os = "linux", target_os = "android", windows)))]
pub(super) use self::never::Never as SleepNotice;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use self::timer::Timer as SleepNotice;
