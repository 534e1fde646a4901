//! What the controller wants of the system it runs on.

use std::io;

use vestnik_model::NotificationId;

use crate::{
    toast::{Toast, ToastError},
    view::{Language, UiEvent},
};

/// The system as the controller sees it. A handle: cloning it is cheap, and all of it may be used
/// from any task.
pub(crate) trait DesktopShell: Clone + Send + Sync + 'static {
    /// Has the system draw a toast. The order counts from the call on; the future waits for the
    /// outcome.
    fn show_toast(
        &self,
        toast: Toast,
    ) -> impl Future<Output = Result<(), ToastError>> + Send + use<Self>;

    /// Draws a toast's new contents, if it is on the screen.
    fn redraw_toast(&self, toast: Toast);

    /// Takes toasts off the screen, where they still are.
    fn withdraw_toasts(&self, ids: Vec<NotificationId>);

    /// Takes every toast of this app off the screen.
    fn withdraw_all_toasts(&self);

    /// Shows on tray, window and badge how much is unread, in words of a language.
    fn show_unread(&self, count: u64, language: Language);

    /// Brings the window up, and makes it first if there is none.
    fn show_window(&self);

    /// Sends an event to the window; gives whether there is one that received it.
    fn emit(&self, event: UiEvent) -> bool;

    /// Opens an address in the browser.
    ///
    /// # Errors
    /// The system's error when it has nothing to open it with.
    fn open_link(&self, url: &str) -> io::Result<()>;

    /// Whether the system starts the app at the person's login, where that can be told. It reads a
    /// file.
    fn starts_at_login(&self) -> Option<bool>;

    /// Has the system start the app at the person's login, or not. It writes a file.
    ///
    /// # Errors
    /// The system's error.
    fn start_at_login(&self, starts: bool) -> io::Result<()>;

    /// Ends the app.
    fn quit(&self);
}
