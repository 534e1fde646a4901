//! Sleep by the workspace's notifications, networks by the path monitor of macOS.

#![allow(
    unsafe_code,
    reason = "frameworks of macOS are called by their C and Objective-C interfaces"
)]

use std::{ffi::c_void, future::pending, ptr::NonNull};

use block2::{Block, RcBlock};
use objc2_app_kit::{
    NSWorkspace, NSWorkspaceDidWakeNotification, NSWorkspaceWillSleepNotification,
};
use objc2_foundation::{NSNotification, NSNotificationName};
use tokio::sync::mpsc;

use super::MachineEvent;

/// A path of Network.framework, which is only passed by.
type Path = *mut c_void;

#[link(name = "Network", kind = "framework")]
unsafe extern "C" {
    fn nw_path_monitor_create() -> *mut c_void;
    fn nw_path_monitor_set_queue(monitor: *mut c_void, queue: *mut c_void);
    fn nw_path_monitor_set_update_handler(monitor: *mut c_void, handler: &Block<dyn Fn(Path)>);
    fn nw_path_monitor_start(monitor: *mut c_void);
}

unsafe extern "C" {
    fn dispatch_get_global_queue(identifier: isize, flags: usize) -> *mut c_void;
}

/// Watches the machine for as long as the app runs.
pub(super) async fn run(told: mpsc::Sender<MachineEvent>) {
    register(&told);
    pending().await
}

fn register(told: &mpsc::Sender<MachineEvent>) {
    // SAFETY: the names are constants of AppKit.
    let (sleeps, wakes) = unsafe {
        (
            NSWorkspaceWillSleepNotification,
            NSWorkspaceDidWakeNotification,
        )
    };
    observe(sleeps, told.clone(), MachineEvent::Sleeps);
    observe(wakes, told.clone(), MachineEvent::Wakes);
    monitor_paths(told.clone());
}

fn observe(name: &NSNotificationName, told: mpsc::Sender<MachineEvent>, event: MachineEvent) {
    let block = RcBlock::new(move |_: NonNull<NSNotification>| tell(&told, event));
    let center = NSWorkspace::sharedWorkspace().notificationCenter();
    // SAFETY: the block may be called on any thread, and takes the notification that it is declared
    // with. The observer is never removed: the center keeps it.
    let observer = unsafe {
        center.addObserverForName_object_queue_usingBlock(Some(name), None, None, &block)
    };
    std::mem::forget(observer);
}

fn monitor_paths(told: mpsc::Sender<MachineEvent>) {
    let handler = RcBlock::new(move |_: Path| tell(&told, MachineEvent::NetworkChanged));
    // SAFETY: the monitor is created here, set up before it is started as Network.framework demands,
    // and never released. It copies the handler.
    unsafe {
        let monitor = nw_path_monitor_create();
        nw_path_monitor_set_queue(monitor, dispatch_get_global_queue(0, 0));
        nw_path_monitor_set_update_handler(monitor, &handler);
        nw_path_monitor_start(monitor);
    }
}

fn tell(told: &mpsc::Sender<MachineEvent>, event: MachineEvent) {
    if told.blocking_send(event).is_err() {
        tracing::debug!(?event, "nobody watches the machine any more");
    }
}
