//! Vestnik's desktop app: a window, a tray icon and toasts around the core.
//!
//! One task, the [`controller`], hears the core, the person and the toasts, and tells the shell
//! what to show. It reaches the system only through the trait of [`shell`], so that its tests need
//! no display. [`tauri_shell`] is the one module that knows Tauri.

#![cfg_attr(windows, windows_subsystem = "windows")]

mod commands;
mod configuration;
mod controller;
mod device;
mod identity;
mod preferences;
#[cfg(test)]
mod sample;
mod session;
mod shell;
mod tauri_shell;
mod termination;
mod toast;
mod view;
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
