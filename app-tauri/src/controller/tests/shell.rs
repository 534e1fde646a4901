//! A shell that writes down what it is told, for tests without a display.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::mpsc;
use vestnik_model::NotificationId;

use crate::{
    shell::DesktopShell,
    toast::{Toast, ToastError},
    view::{Language, UiEvent},
};

/// More than any test makes without reading.
const QUEUE: usize = 256;

/// What a shell was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Toast(Toast),
    Redraw(Toast),
    Withdraw(Vec<NotificationId>),
    WithdrawAll,
    Unread(u64, Language),
    Window,
    Event(UiEvent),
    Link(String),
    StartAtLogin(bool),
    Quit,
}

#[derive(Clone)]
pub(super) struct FakeShell {
    told: mpsc::Sender<Told>,
    /// Whether there is a window that is attached.
    pub(super) has_window: Arc<AtomicBool>,
    /// How the system takes toasts; `None` while it does not answer.
    pub(super) takes: Arc<Mutex<Option<Result<(), ToastError>>>>,
    starts_at_login: Arc<AtomicBool>,
}

/// What a [`FakeShell`] was told, in order.
pub(super) struct Record(mpsc::Receiver<Told>);

impl FakeShell {
    pub(super) fn new() -> (Self, Record) {
        let (told, record) = mpsc::channel(QUEUE);
        let shell = Self {
            told,
            has_window: Arc::new(AtomicBool::new(true)),
            takes: Arc::new(Mutex::new(Some(Ok(())))),
            starts_at_login: Arc::default(),
        };
        (shell, Record(record))
    }

    fn tell(&self, told: Told) {
        self.told
            .try_send(told)
            .expect("the test reads what it is told");
    }
}

impl Record {
    /// Waits until the shell is told something for which `pick` has a use.
    pub(super) async fn until<T>(&mut self, mut pick: impl FnMut(Told) -> Option<T>) -> T {
        let wait = async {
            loop {
                let told = self.0.recv().await.expect("the controller still runs");
                if let Some(picked) = pick(told) {
                    return picked;
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(5), wait)
            .await
            .expect("the shell is told in time")
    }

    /// What the shell was told since it was looked at last.
    pub(super) fn rest(&mut self) -> Vec<Told> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }

    /// Waits until the shell is told exactly this.
    pub(super) async fn expect(&mut self, expected: Told) {
        self.until(|told| (told == expected).then_some(())).await;
    }

    /// Waits until the window is told something for which `pick` has a use.
    pub(super) async fn event<T>(&mut self, mut pick: impl FnMut(UiEvent) -> Option<T>) -> T {
        self.until(|told| {
            let Told::Event(event) = told else {
                return None;
            };
            pick(event)
        })
        .await
    }
}

impl DesktopShell for FakeShell {
    fn show_toast(
        &self,
        toast: Toast,
    ) -> impl Future<Output = Result<(), ToastError>> + Send + use<> {
        self.tell(Told::Toast(toast));
        let outcome = self.takes.lock().unwrap().clone();
        async {
            match outcome {
                Some(outcome) => outcome,
                None => std::future::pending().await,
            }
        }
    }

    fn redraw_toast(&self, toast: Toast) {
        self.tell(Told::Redraw(toast));
    }

    fn withdraw_toasts(&self, ids: Vec<NotificationId>) {
        if !ids.is_empty() {
            self.tell(Told::Withdraw(ids));
        }
    }

    fn withdraw_all_toasts(&self) {
        self.tell(Told::WithdrawAll);
    }

    fn show_unread(&self, count: u64, language: Language) {
        self.tell(Told::Unread(count, language));
    }

    fn show_window(&self) {
        self.tell(Told::Window);
    }

    fn emit(&self, event: UiEvent) -> bool {
        self.tell(Told::Event(event));
        self.has_window.load(Ordering::SeqCst)
    }

    fn open_link(&self, url: &str) -> io::Result<()> {
        if url.contains("nobody-opens") {
            return Err(io::Error::other("no browser"));
        }
        self.tell(Told::Link(url.to_owned()));
        Ok(())
    }

    fn starts_at_login(&self) -> Option<bool> {
        Some(self.starts_at_login.load(Ordering::SeqCst))
    }

    fn start_at_login(&self, starts: bool) -> io::Result<()> {
        self.tell(Told::StartAtLogin(starts));
        self.starts_at_login.store(starts, Ordering::SeqCst);
        Ok(())
    }

    fn quit(&self) {
        self.tell(Told::Quit);
    }
}
