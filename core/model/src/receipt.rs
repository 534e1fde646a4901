//! Receipts: the facts about a delivery that its status is made of.

use crate::open::words;

/// What happened to a notification on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReceiptKind {
    /// Committed to the device's history.
    Delivered,
    /// The system took the toast.
    Displayed,
    /// Opened, seen in the history, or marked by the person.
    Read,
    /// A tap opened it.
    Clicked,
    /// An action's button was pressed.
    Actioned,
    /// The person put the toast away.
    Dismissed,
}

words!(ReceiptKind {
    Delivered = "delivered",
    Displayed = "displayed",
    Read = "read",
    Clicked = "clicked",
    Actioned = "actioned",
    Dismissed = "dismissed",
});
