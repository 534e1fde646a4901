//! What happens in the core's history.

use vestnik_model::NotificationId;

use super::{
    Controller, Done,
    drawn::Stale,
    input::{ChangedRows, Look},
    reread::{Next, Reading},
};
use crate::{
    model::{Event, Row},
    session::{Launcher, Session as _},
    shell::DesktopShell,
    toast::Toast,
    view::{NotificationView, UiEvent},
};

impl<S: DesktopShell, L: Launcher> Controller<S, L> {
    pub(super) fn on_event(&mut self, event: Event) {
        match event {
            Event::Changed(ids) => {
                let next = self.reread.want(ids);
                self.read_again(next);
            }
            Event::Reread => {
                self.emit(UiEvent::Stale);
                self.look_at_toasts(Look::Reread);
            }
            Event::Withdraw(ids) => self.withdraw(ids),
            Event::Redraw(ids) => self.spawn_redraw(ids),
            Event::Forgotten => self.forget(),
            Event::HistoryRebuilt => {
                tracing::warn!("the history was damaged");
                // What the history does not have now comes back: its toast is not gone.
                self.drawn.forget();
                self.emit(UiEvent::HistoryRebuilt);
            }
            Event::Preferences { is_refused } => {
                self.emit(UiEvent::ConsentChanged { is_refused });
            }
        }
    }

    /// Nothing of the former user stays on the screen, and nothing of theirs that is still being read
    /// gets there.
    fn forget(&mut self) {
        self.withdraw_all();
        self.opened = None;
        self.reread.forget();
        self.emit(UiEvent::Forgotten);
    }

    pub(super) fn on_rows(&mut self, reading: Reading, changed: &ChangedRows) {
        if !self.reread.is_present(reading) {
            return;
        }
        self.rows_changed(changed);
        let next = self.reread.done();
        self.read_again(next);
    }

    /// Takes toasts off the screen, where they still are.
    fn withdraw(&mut self, ids: Vec<NotificationId>) {
        self.drawn.left(&ids);
        self.shell.withdraw_toasts(ids);
    }

    fn withdraw_all(&mut self) {
        self.drawn.forget();
        self.shell.withdraw_all_toasts();
    }

    /// Compares the toasts with what was found of them. After everything was read, only toasts of what came
    /// since may stay; if there is none, those of an earlier process leave, too.
    pub(super) fn on_looked(&mut self, (why, reading): (Look, Reading), found: &ChangedRows) {
        if !self.reread.is_present(reading) {
            return;
        }
        let Stale { leaving, changed } = self.drawn.stale(found, self.language());
        self.drawn.left(&leaving);
        match why {
            Look::AllRead if self.drawn.is_empty() => self.withdraw_all(),
            Look::AllRead | Look::Reread => self.shell.withdraw_toasts(leaving),
        }
        self.spawn_redraw(changed);
    }

    fn rows_changed(&mut self, changed: &ChangedRows) {
        let ChangedRows { rows, removed } = changed;
        let items = rows.iter().map(NotificationView::from).collect();
        let read = rows
            .iter()
            .filter_map(|row| row.is_read.then_some(row.notification.id));
        self.withdraw(read.chain(removed.iter().copied()).collect());
        let removed = removed.iter().map(ToString::to_string).collect();
        self.emit(UiEvent::Changed { items, removed });
    }

    pub(super) fn on_redraw(&mut self, reading: Reading, rows: &[Row]) {
        if !self.reread.is_present(reading) {
            return;
        }
        for row in rows.iter().filter(|row| !row.is_read) {
            let toast = Toast::of(row, self.language());
            self.drawn.redrew(&toast);
            self.shell.redraw_toast(toast);
        }
    }

    /// Reads rows again, or has the window do so when they are too many.
    fn read_again(&mut self, next: Next) {
        match next {
            Next::Wait => {}
            Next::TooMany => {
                self.emit(UiEvent::Stale);
            }
            Next::Read(ids) => self.spawn_rows(ids),
        }
    }

    fn spawn_rows(&mut self, ids: Vec<NotificationId>) {
        let reading = self.reread.reading();
        self.look_up(ids, move |found| Done::Rows(reading, found));
    }

    fn spawn_redraw(&mut self, ids: Vec<NotificationId>) {
        let reading = self.reread.reading();
        self.look_up(ids, move |found| Done::Redraw(reading, found.rows));
    }

    /// Looks up which of the toasts that may be on the screen are still to be there.
    pub(super) fn look_at_toasts(&mut self, why: Look) {
        let reading = self.reread.reading();
        self.look_up(self.drawn.ids(), move |found| {
            Done::Looked(why, reading, found)
        });
    }

    /// Reads rows; what cannot be read is neither there nor gone.
    fn look_up(
        &mut self,
        ids: Vec<NotificationId>,
        done: impl FnOnce(ChangedRows) -> Done<L::Session> + Send + 'static,
    ) {
        let Some(session) = self.session() else {
            return;
        };
        self.tasks.spawn(async move {
            let mut found = ChangedRows::default();
            for id in ids {
                match session.row(id).await {
                    Ok(Some(row)) => found.rows.push(row),
                    Ok(None) => found.removed.push(id),
                    Err(error) => tracing::warn!(%id, %error, "a changed row cannot be read"),
                }
            }
            done(found)
        });
    }
}
