//! Toasts of Windows, by WinRT. A toast is tagged with the notification's id: another with the same tag
//! replaces it, and it is taken back by it.

use tokio::sync::mpsc;
use vestnik_model::{NotificationId, Priority};
use windows::{
    Data::Xml::Dom::XmlDocument,
    Foundation::TypedEventHandler,
    UI::Notifications::{
        NotificationSetting, ToastDismissalReason, ToastNotification, ToastNotificationHistory,
        ToastNotificationManager, ToastNotifier,
    },
    core::{HSTRING, Result},
};

use super::{Delivery, Order, Orders, Toast, ToastError, ToastEvent};

/// The name under which the installer makes the app known to the system.
const APP_USER_MODEL_ID: &str = "org.vestnik.desktop";

/// The group that all toasts of this app are in.
const GROUP: &str = "notifications";

/// Hands toasts to the system for as long as the app runs. The calls do not wait for anything.
pub(super) async fn run(orders: Orders, events: mpsc::Sender<ToastEvent>) {
    let mut told = None;
    loop {
        let delivery = delivery();
        if told != Some(delivery) {
            told = Some(delivery);
            if events.send(ToastEvent::Delivery(delivery)).await.is_err() {
                return;
            }
        }
        let taken_back = match orders.next().await {
            Order::Show { toast, reply } => {
                let outcome = show(&toast, &events);
                if reply.send(outcome).is_err() {
                    tracing::debug!("nobody waits for the outcome of a toast");
                }
                Ok(())
            }
            Order::Redraw(toast) => redraw(&toast, &events),
            Order::Withdraw(ids) => withdraw(&ids),
            Order::WithdrawAll => history().and_then(|all| all.ClearWithId(&app())),
        };
        if let Err(error) = taken_back {
            tracing::warn!(%error, "a toast does not leave the screen");
        }
    }
}

fn app() -> HSTRING {
    HSTRING::from(APP_USER_MODEL_ID)
}

fn notifier() -> Result<ToastNotifier> {
    ToastNotificationManager::CreateToastNotifierWithId(&app())
}

fn history() -> Result<ToastNotificationHistory> {
    ToastNotificationManager::History()
}

fn delivery() -> Delivery {
    match notifier().and_then(|notifier| notifier.Setting()) {
        Ok(NotificationSetting::Enabled) => Delivery::Ready,
        Ok(_) => Delivery::Denied,
        Err(error) => {
            tracing::debug!(%error, "the system does not say whether it shows toasts");
            Delivery::Unknown
        }
    }
}

fn show(toast: &Toast, events: &mpsc::Sender<ToastEvent>) -> std::result::Result<(), ToastError> {
    if delivery() == Delivery::Denied {
        return Err(ToastError::Denied);
    }
    draw(toast, events).map_err(|error| ToastError::Refused(error.to_string()))
}

fn draw(toast: &Toast, events: &mpsc::Sender<ToastEvent>) -> Result<()> {
    let notification = ToastNotification::CreateToastNotification(&document(toast)?)?;
    notification.SetTag(&tag(toast.id))?;
    notification.SetGroup(&HSTRING::from(GROUP))?;
    let (id, opened, dismissed) = (toast.id, events.clone(), events.clone());
    notification.Activated(&TypedEventHandler::new(move |_, _| {
        tell(&opened, ToastEvent::Opened(id));
        Ok(())
    }))?;
    notification.Dismissed(
        &TypedEventHandler::new(
            move |_,
                  args: windows::core::Ref<
                '_,
                windows::UI::Notifications::ToastDismissedEventArgs,
            >| {
                if args.ok()?.Reason()? == ToastDismissalReason::UserCanceled {
                    tell(&dismissed, ToastEvent::Dismissed(id));
                }
                Ok(())
            },
        ),
    )?;
    notifier()?.Show(&notification)
}

/// Shows new contents in the place of a toast that is still there.
fn redraw(toast: &Toast, events: &mpsc::Sender<ToastEvent>) -> Result<()> {
    let tag = tag(toast.id);
    let shown = history()?.GetHistoryWithId(&app())?;
    let is_there = shown
        .into_iter()
        .any(|one| one.Tag().is_ok_and(|other| other == tag));
    if is_there {
        draw(toast, events)?;
    }
    Ok(())
}

fn withdraw(ids: &[NotificationId]) -> Result<()> {
    let (history, group) = (history()?, HSTRING::from(GROUP));
    for id in ids {
        // One that left by itself is no error worth stopping for.
        if let Err(error) = history.RemoveGroupedTagWithId(&tag(*id), &group, &app()) {
            tracing::debug!(%error, "a toast was gone before it was taken back");
        }
    }
    Ok(())
}

/// The document of a toast. Texts are set as texts, so that nothing in them is read as markup.
fn document(toast: &Toast) -> Result<XmlDocument> {
    let document = XmlDocument::new()?;
    let scenario = match toast.priority {
        Priority::Critical => " scenario=\"urgent\"",
        Priority::Low | Priority::Normal | Priority::High => "",
    };
    document.LoadXml(&HSTRING::from(format!(
        "<toast{scenario}><visual><binding template=\"ToastGeneric\">\
         <text/><text/></binding></visual>\
         <actions><action activationType=\"foreground\" arguments=\"open\"/></actions></toast>"
    )))?;
    let texts = document.GetElementsByTagName(&HSTRING::from("text"))?;
    for (place, text) in [(0, &toast.title), (1, &toast.body)] {
        texts.Item(place)?.SetInnerText(&HSTRING::from(text))?;
    }
    let action = document.SelectSingleNode(&HSTRING::from("/toast/actions/action"))?;
    let content = document.CreateAttribute(&HSTRING::from("content"))?;
    content.SetValue(&HSTRING::from(toast.open))?;
    action.Attributes()?.SetNamedItem(&content)?;
    Ok(document)
}

/// The tag of a notification's toast: the digits of its id, which fit the 64 characters of a tag.
fn tag(id: NotificationId) -> HSTRING {
    HSTRING::from(id.uuid().simple().to_string())
}

fn tell(events: &mpsc::Sender<ToastEvent>, event: ToastEvent) {
    if events.blocking_send(event).is_err() {
        tracing::debug!("the app ended before its toast");
    }
}
