//! Sleep and networks by callbacks of Windows.

#![allow(
    unsafe_code,
    reason = "callbacks of Windows are registered by pointers"
)]

use std::{ffi::c_void, future::pending, ptr};

use tokio::sync::mpsc;
use windows::Win32::{
    Foundation::HANDLE,
    NetworkManagement::IpHelper::{
        MIB_IPINTERFACE_ROW, MIB_NOTIFICATION_TYPE, NotifyIpInterfaceChange,
    },
    Networking::WinSock::AF_UNSPEC,
    System::Power::{DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS, PowerRegisterSuspendResumeNotification},
    UI::WindowsAndMessaging::{DEVICE_NOTIFY_CALLBACK, PBT_APMRESUMEAUTOMATIC, PBT_APMSUSPEND},
};

use super::MachineEvent;

/// Where the callbacks send what they are told.
type Told = mpsc::Sender<MachineEvent>;

/// Watches the machine for as long as the app runs.
pub(super) async fn run(told: mpsc::Sender<MachineEvent>) {
    // The callbacks are registered once and never removed: what they use has to live as long.
    let told: &'static Told = Box::leak(Box::new(told));
    if let Err(error) = register_sleep(told) {
        tracing::warn!(%error, "the system says nothing of sleep");
    }
    if let Err(error) = register_network(told) {
        tracing::warn!(%error, "the system says nothing of networks");
    }
    pending().await
}

fn register_sleep(told: &'static Told) -> windows::core::Result<()> {
    let parameters = Box::leak(Box::new(DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS {
        Callback: Some(on_power),
        Context: ptr::from_ref(told).cast_mut().cast(),
    }));
    let mut registration = ptr::null_mut();
    // SAFETY: the parameters, and the sender that they point to, are never freed.
    let result = unsafe {
        PowerRegisterSuspendResumeNotification(
            DEVICE_NOTIFY_CALLBACK,
            HANDLE(ptr::from_mut(parameters).cast()),
            &raw mut registration,
        )
    };
    result.ok()
}

fn register_network(told: &'static Told) -> windows::core::Result<()> {
    let mut registration = HANDLE::default();
    // SAFETY: the sender that the context points to is never freed.
    let result = unsafe {
        NotifyIpInterfaceChange(
            AF_UNSPEC,
            Some(on_interface),
            Some(ptr::from_ref(told).cast()),
            false,
            &raw mut registration,
        )
    };
    result.ok()
}

unsafe extern "system" fn on_power(
    context: *const c_void,
    kind: u32,
    _setting: *const c_void,
) -> u32 {
    let event = match kind {
        PBT_APMSUSPEND => MachineEvent::Sleeps,
        PBT_APMRESUMEAUTOMATIC => MachineEvent::Wakes,
        _ => return 0,
    };
    // SAFETY: the context is the sender of `register_sleep`.
    tell(unsafe { &*context.cast::<Told>() }, event);
    0
}

unsafe extern "system" fn on_interface(
    context: *const c_void,
    _row: *const MIB_IPINTERFACE_ROW,
    _kind: MIB_NOTIFICATION_TYPE,
) {
    // SAFETY: the context is the sender of `register_network`.
    tell(
        unsafe { &*context.cast::<Told>() },
        MachineEvent::NetworkChanged,
    );
}

fn tell(told: &Told, event: MachineEvent) {
    if told.blocking_send(event).is_err() {
        tracing::debug!(?event, "nobody watches the machine any more");
    }
}
