//! Vestnik's desktop app: a window, a tray icon and toasts around the core.
//!
//! One task, the [`controller`], takes what comes from the core, the person, the toasts and the
//! machine, and tells the shell what to show. It reaches the system only through the trait of
//! [`shell`] and the core only through that of [`session`], so that its tests need neither. [`tauri_shell`] is the one module that knows Tauri.

#![cfg_attr(windows, windows_subsystem = "windows")]

#[cfg(test)]
#[cfg(target_os = "linux")]
mod bus_test;
mod commands;
mod configuration;
mod controller;
mod credential;
mod device;
mod identity;
mod model;
mod preferences;
#[cfg(test)]
mod sample;
mod secrets;
mod session;
mod shell;
mod tauri_shell;
mod termination;
mod toast;
mod view;
mod wake;
mod words;

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("VESTNIK_LOG")
                .unwrap_or_else(|_| "warn,vestnik_desktop=info,vestnik_core=info".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    tauri_shell::run()
}
