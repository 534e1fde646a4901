//! What the controller wants of the system it runs on.

use vestnik_model::NotificationId;

use crate::{
    toast::Toast,
    view::{Language, UiEvent},
};

/// The system as the controller sees it. A handle: cloning it is cheap, and all of it may be used
/// from any task.
pub(crate) trait DesktopShell: Clone + Send + Sync + 'static {
    /// Has the system draw a toast; what becomes of it comes back as a
    /// [`ToastEvent`](crate::toast::ToastEvent).
    fn show_toast(&self, toast: Toast);

    /// Takes toasts off the screen, where they still are.
    fn withdraw_toasts(&self, ids: Vec<NotificationId>);

    /// Takes every toast of this app off the screen.
    fn withdraw_all_toasts(&self);

    /// Shows on tray, window and badge how much is unread, in words of a language.
    fn show_unread(&self, count: u64, language: Language);

    /// Brings the window up, and makes it first if there is none.
    fn show_window(&self);

    /// Tells the window; says whether there is one to hear it.
    fn emit(&self, event: UiEvent) -> bool;

    /// Opens an address in the browser.
    ///
    /// # Errors
    /// What the system says when it has nothing to open it with.
    fn open_link(&self, url: &str) -> std::io::Result<()>;

    /// Ends the app.
    fn quit(&self);
}
