//! Toasts of macOS, by the UserNotifications framework. A request is identified by the notification's
//! id: another with the same identifier replaces it, and it is taken back by it.

#![allow(
    unsafe_code,
    reason = "a delegate is a class of Objective-C, and constants of a framework are read"
)]

use std::{
    ptr::NonNull,
    sync::{Mutex, PoisonError},
};

use block2::{DynBlock, RcBlock};
use objc2::{
    AnyThread as _, DefinedClass as _, define_class, msg_send,
    rc::Retained,
    runtime::{Bool, NSObject, NSObjectProtocol, ProtocolObject},
};
use objc2_foundation::{NSArray, NSBundle, NSError, NSSet, NSString};
use objc2_user_notifications::{
    UNAuthorizationOptions, UNAuthorizationStatus, UNMutableNotificationContent, UNNotification,
    UNNotificationAction, UNNotificationCategory, UNNotificationCategoryOptions,
    UNNotificationDefaultActionIdentifier, UNNotificationDismissActionIdentifier,
    UNNotificationPresentationOptions, UNNotificationRequest, UNNotificationResponse,
    UNNotificationSettings, UNUserNotificationCenter, UNUserNotificationCenterDelegate,
};
use tokio::sync::{mpsc, oneshot};
use vestnik_model::NotificationId;

use super::{Delivery, Order, Orders, Toast, ToastError, ToastEvent};

/// The category of all toasts of this app: the system says when one is put away.
const CATEGORY: &str = "notification";

/// Hands toasts to the system for as long as the app runs.
pub(super) async fn run(orders: Orders, events: mpsc::Sender<ToastEvent>) {
    if NSBundle::mainBundle().bundleIdentifier().is_none() {
        // Outside of a bundle the framework ends the process.
        return run_without_bundle(orders, events).await;
    }
    begin(&events);
    loop {
        match orders.next().await {
            Order::Show { toast, reply } => {
                look(&events);
                show(&toast, Some(reply));
            }
            Order::Redraw(toast) => redraw(toast),
            Order::Withdraw(ids) => withdraw(&ids),
            Order::WithdrawAll => center().removeAllDeliveredNotifications(),
        }
    }
}

async fn run_without_bundle(orders: Orders, events: mpsc::Sender<ToastEvent>) {
    let none = ToastEvent::Delivery(Delivery::NoService);
    if events.send(none).await.is_err() {
        return;
    }
    loop {
        if let Order::Show { reply, .. } = orders.next().await {
            answer(reply, Err(ToastError::NoService));
        }
    }
}

fn center() -> Retained<UNUserNotificationCenter> {
    UNUserNotificationCenter::currentNotificationCenter()
}

/// Sets up what the system calls back, and asks the person for their permission, once.
fn begin(events: &mpsc::Sender<ToastEvent>) {
    let center = center();
    let delegate = Delegate::new(events.clone());
    center.setDelegate(Some(ProtocolObject::from_ref(&*delegate)));
    // The center keeps its delegate weakly; this one lives as long as the app.
    std::mem::forget(delegate);
    let category = UNNotificationCategory::categoryWithIdentifier_actions_intentIdentifiers_options(
        &NSString::from_str(CATEGORY),
        &NSArray::<UNNotificationAction>::new(),
        &NSArray::<NSString>::new(),
        UNNotificationCategoryOptions::CustomDismissAction,
    );
    center.setNotificationCategories(&NSSet::from_retained_slice(&[category]));
    let events = events.clone();
    let asked = RcBlock::new(move |_: Bool, _: *mut NSError| look(&events));
    center.requestAuthorizationWithOptions_completionHandler(
        UNAuthorizationOptions::Alert | UNAuthorizationOptions::Badge,
        &asked,
    );
}

/// Finds out whether the person lets the app show toasts.
fn look(events: &mpsc::Sender<ToastEvent>) {
    let events = events.clone();
    let read = RcBlock::new(move |settings: NonNull<UNNotificationSettings>| {
        // SAFETY: the framework gives a valid object for the length of the call.
        let status = unsafe { settings.as_ref() }.authorizationStatus();
        tell(&events, ToastEvent::Delivery(delivery(status)));
    });
    center().getNotificationSettingsWithCompletionHandler(&read);
}

fn delivery(status: UNAuthorizationStatus) -> Delivery {
    match status {
        UNAuthorizationStatus::Denied => Delivery::Denied,
        UNAuthorizationStatus::Authorized => Delivery::Ready,
        UNAuthorizationStatus::Provisional => Delivery::Paused,
        _ => Delivery::Unknown,
    }
}

fn show(toast: &Toast, reply: Option<oneshot::Sender<Result<(), ToastError>>>) {
    let content = UNMutableNotificationContent::new();
    content.setTitle(&NSString::from_str(&toast.title));
    content.setBody(&NSString::from_str(&toast.body));
    content.setCategoryIdentifier(&NSString::from_str(CATEGORY));
    let request = UNNotificationRequest::requestWithIdentifier_content_trigger(
        &identifier(toast.id),
        &content,
        None,
    );
    let reply = Mutex::new(reply);
    let added = RcBlock::new(move |error: *mut NSError| {
        // SAFETY: the framework gives null or a valid object for the length of the call.
        let error = unsafe { error.as_ref() };
        let outcome = match error {
            None => Ok(()),
            Some(error) => Err(ToastError::Refused(
                error.localizedDescription().to_string(),
            )),
        };
        let reply = reply.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reply) = reply {
            answer(reply, outcome);
        }
    });
    center().addNotificationRequest_withCompletionHandler(&request, Some(&added));
}

/// Shows new contents in the place of a toast that is still there.
fn redraw(toast: Toast) {
    let found = RcBlock::new(move |shown: NonNull<NSArray<UNNotification>>| {
        // SAFETY: the framework gives a valid object for the length of the call.
        let shown = unsafe { shown.as_ref() };
        let identifier = identifier(toast.id);
        if shown
            .iter()
            .any(|one| one.request().identifier() == identifier)
        {
            show(&toast, None);
        }
    });
    center().getDeliveredNotificationsWithCompletionHandler(&found);
}

fn withdraw(ids: &[NotificationId]) {
    let identifiers: Vec<_> = ids.iter().copied().map(identifier).collect();
    let identifiers = NSArray::from_retained_slice(&identifiers);
    let center = center();
    center.removePendingNotificationRequestsWithIdentifiers(&identifiers);
    center.removeDeliveredNotificationsWithIdentifiers(&identifiers);
}

fn identifier(id: NotificationId) -> Retained<NSString> {
    NSString::from_str(&id.to_string())
}

define_class!(
    /// What the system calls when the person does something with a toast.
    // SAFETY: NSObject has no demands on its subclasses, and this one does not implement Drop.
    #[unsafe(super(NSObject))]
    #[ivars = mpsc::Sender<ToastEvent>]
    struct Delegate;

    unsafe impl NSObjectProtocol for Delegate {}

    unsafe impl UNUserNotificationCenterDelegate for Delegate {
        #[unsafe(method(userNotificationCenter:willPresentNotification:withCompletionHandler:))]
        fn will_present(
            &self,
            _center: &UNUserNotificationCenter,
            _notification: &UNNotification,
            present: &DynBlock<dyn Fn(UNNotificationPresentationOptions)>,
        ) {
            // A toast is drawn while the app is in front, too.
            present.call((UNNotificationPresentationOptions::Banner
                | UNNotificationPresentationOptions::List,));
        }

        #[unsafe(method(userNotificationCenter:didReceiveNotificationResponse:withCompletionHandler:))]
        fn did_receive(
            &self,
            _center: &UNUserNotificationCenter,
            response: &UNNotificationResponse,
            done: &DynBlock<dyn Fn()>,
        ) {
            if let Some(event) = read(response) {
                tell(self.ivars(), event);
            }
            done.call(());
        }
    }
);

impl Delegate {
    fn new(events: mpsc::Sender<ToastEvent>) -> Retained<Self> {
        let this = Self::alloc().set_ivars(events);
        // SAFETY: `init` of NSObject has this signature.
        unsafe { msg_send![super(this), init] }
    }
}

fn read(response: &UNNotificationResponse) -> Option<ToastEvent> {
    let id = response.notification().request().identifier().to_string();
    let id: NotificationId = id.parse().ok()?;
    let action = response.actionIdentifier();
    // SAFETY: the identifiers are constants of the framework.
    let (opens, dismisses) = unsafe {
        (
            UNNotificationDefaultActionIdentifier,
            UNNotificationDismissActionIdentifier,
        )
    };
    if *action == *opens {
        Some(ToastEvent::Opened(id))
    } else if *action == *dismisses {
        Some(ToastEvent::Dismissed(id))
    } else {
        None
    }
}

fn answer(reply: oneshot::Sender<Result<(), ToastError>>, outcome: Result<(), ToastError>) {
    if reply.send(outcome).is_err() {
        tracing::debug!("nobody waits for the outcome of a toast");
    }
}

fn tell(events: &mpsc::Sender<ToastEvent>, event: ToastEvent) {
    if events.blocking_send(event).is_err() {
        tracing::debug!("the app ended before its toast");
    }
}
