//! What happens in the core's history.

use vestnik_model::NotificationId;

use super::{
    Controller, Done,
    input::ChangedRows,
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
            }
            Event::Withdraw(ids) => self.shell.withdraw_toasts(ids),
            Event::Redraw(ids) => self.spawn_redraw(ids),
            Event::Forgotten => self.forget(),
            Event::HistoryRebuilt => {
                tracing::warn!("the history was damaged");
                self.emit(UiEvent::HistoryRebuilt);
            }
        }
    }

    /// Nothing of the former user stays on the screen, and nothing of theirs that is still being read
    /// gets there.
    fn forget(&mut self) {
        self.shell.withdraw_all_toasts();
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

    fn rows_changed(&self, changed: &ChangedRows) {
        let ChangedRows { rows, removed } = changed;
        let items = rows.iter().map(NotificationView::from).collect();
        let read = rows
            .iter()
            .filter_map(|row| row.is_read.then_some(row.notification.id));
        self.shell
            .withdraw_toasts(read.chain(removed.iter().copied()).collect());
        let removed = removed.iter().map(ToString::to_string).collect();
        self.emit(UiEvent::Changed { items, removed });
    }

    pub(super) fn on_redraw(&mut self, reading: Reading, rows: &[Row]) {
        if !self.reread.is_present(reading) {
            return;
        }
        for row in rows.iter().filter(|row| !row.is_read) {
            self.shell.redraw_toast(Toast::of(row, self.language()));
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
        let Some(session) = self.session() else {
            return;
        };
        let reading = self.reread.reading();
        self.tasks.spawn(async move {
            let mut changed = ChangedRows::default();
            for id in ids {
                match session.row(id).await {
                    Ok(Some(row)) => changed.rows.push(row),
                    Ok(None) => changed.removed.push(id),
                    Err(error) => tracing::warn!(%id, %error, "a changed row cannot be read"),
                }
            }
            Done::Rows(reading, changed)
        });
    }

    fn spawn_redraw(&mut self, ids: Vec<NotificationId>) {
        let Some(session) = self.session() else {
            return;
        };
        let reading = self.reread.reading();
        self.tasks.spawn(async move {
            let mut rows = Vec::new();
            for id in ids {
                match session.row(id).await {
                    Ok(row) => rows.extend(row),
                    Err(error) => tracing::warn!(%id, %error, "a changed row cannot be read"),
                }
            }
            Done::Redraw(reading, rows)
        });
    }
}
