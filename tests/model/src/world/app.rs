//! What a person does, and what the app looks at.

use vestnik_clock::Clock as _;
use vestnik_core::{
    machine::{Secret, connection::Nudge, engine::Command, session::Standing},
    storage::{Files, Pushed},
};
use vestnik_inbox::{HistoryItem, StoreError};
use vestnik_model::{FactKind, NotificationId};

use super::{World, jobs::all_items};
use crate::{
    device::{Deed, Number},
    server::identity_token,
};

impl World {
    /// The app's backend vouches for the user whom the app wants to be logged in.
    pub(super) fn log_in(&mut self, number: Number) {
        let Some(user) = self.devices[number].wanted.clone() else {
            return;
        };
        self.serial += 1;
        let is_once = self.random.percent(50);
        let token = identity_token(&user, self.serial, is_once);
        let identity = Secret::new(token);
        self.command(number, Command::Login { user, identity });
    }

    /// A person brings the app to the front.
    pub(super) fn open_app(&mut self, number: Number) {
        let now = self.now;
        let device = &mut self.devices[number];
        if device.process.is_none() {
            return;
        }
        device.diary.opened = Some((device.life, now));
        let opened = device.clock.monotonic();
        self.command(number, Command::Opened(opened));
        self.command(number, Command::Nudge(Nudge::Foreground));
    }

    /// The app has seen that its user must be vouched for again.
    pub(super) fn on_log_in(&mut self, number: Number) {
        let device = &self.devices[number];
        let standing = device
            .process
            .as_ref()
            .map(|process| process.engine.snapshot().standing);
        match standing {
            Some(Standing::Nobody | Standing::NeedsIdentity { .. }) => self.log_in(number),
            Some(Standing::LoggingIn { .. } | Standing::LoggedIn { .. } | Standing::LoggingOut)
            | None => {}
        }
    }

    /// What a person does with the history.
    pub(super) fn do_for_person(&mut self, number: Number, deed: Deed) {
        match deed {
            Deed::Read(id) => self.read(number, id),
            Deed::ReadAll => self.read_all(number),
            Deed::Click(id) => {
                let click = |files: &mut Files| files.act(id, |inbox| inbox.clicked(id));
                self.act_on(number, (FactKind::Clicked, id), click);
            }
            Deed::Press(id) => {
                let press = |files: &mut Files| files.act(id, |inbox| inbox.actioned(id, "accept"));
                self.act_on(number, (FactKind::Actioned, id), press);
            }
            Deed::Reply(id) => {
                let reply = |files: &mut Files| files.act(id, |inbox| inbox.reply(id, None, "ok"));
                self.act_on(number, (FactKind::Reply, id), reply);
            }
            Deed::Dismiss(id) => {
                let dismiss = |files: &mut Files| files.act(id, |inbox| inbox.dismissed(id));
                self.with_files(number, "dismiss", dismiss);
            }
            Deed::Archive(id, value) => {
                let archive = |files: &mut Files| {
                    files.change_flags(&[id], |inbox| inbox.archive(&[id], value))
                };
                self.with_files(number, "archive", archive);
            }
            Deed::Delete(id, value) => self.delete(number, id, value),
            Deed::Push(parcel) => {
                let push = |files: &mut Files| files.handle_push(&parcel);
                let pushed = self.with_files(number, "push", push);
                if let Some(Pushed::Dropped(closed)) = pushed.map(|handled| handled.pushed)
                    && closed.why.is_about_key()
                {
                    self.did_not_open(number, &parcel);
                }
            }
            Deed::Look => self.look(number),
        }
    }

    /// What did not open, and is not known by another way, has to be reported.
    fn did_not_open(&mut self, number: Number, parcel: &[u8]) {
        let about: serde_json::Value = serde_json::from_slice(parcel).unwrap_or_default();
        let about = about["notification"].as_str();
        let Some(id) = about.and_then(|id| id.parse().ok()) else {
            return;
        };
        let device = &mut self.devices[number];
        let process = device.process.as_mut();
        let known = process.and_then(|process| process.files.get(id).ok());
        if known == Some(None) {
            device.diary.unopened.insert(id);
        }
    }

    fn read(&mut self, number: Number, id: NotificationId) {
        let read = |files: &mut Files| files.change_flags(&[id], |inbox| inbox.mark_read(&[id]));
        let is_kept = self.may_come(number, id)
            || self
                .known(number)
                .iter()
                .any(|item| item.notification.id == id);
        if self.with_files(number, "read", read).is_some() {
            self.was_done(number, (FactKind::Read, id), is_kept);
        }
    }

    /// A person opens a notification or answers it. It need not have come, if a push has announced it.
    fn act_on(
        &mut self,
        number: Number,
        (what, id): (FactKind, NotificationId),
        act: impl FnOnce(&mut Files) -> Result<bool, StoreError>,
    ) {
        let may_come = self.may_come(number, id);
        if let Some(is_there) = self.with_files(number, what.as_str(), act) {
            self.was_done(number, (what, id), is_there || may_come);
        }
    }

    /// Whether a notification is of the user of a device, and nothing says that it never comes.
    fn may_come(&self, number: Number, id: NotificationId) -> bool {
        let process = self.devices[number].process.as_ref();
        let user = process.and_then(|process| process.files.device().user());
        let owner = self.server.ever.notifications.get(&id);
        let is_gone = self.server.ever.recalled.contains(&id)
            || self.server.is_deleted(id)
            || self.was_deleted(id);
        user.is_some() && user == owner && !is_gone
    }

    fn read_all(&mut self, number: Number) {
        // What is archived is not in the inbox, and only the cursor covers it.
        let (archived, listed): (Vec<_>, Vec<_>) = self
            .known(number)
            .into_iter()
            .partition(|item| item.is_archived);
        let read = |files: &mut Files| files.mark_all_read(None);
        if self.with_files(number, "read all", read).is_none() {
            return;
        }
        for item in listed {
            self.was_done(number, (FactKind::Read, item.notification.id), true);
        }
        // What had expired on its way here, what was deleted and what the history has lost, the log has all
        // the same, and it is read with the rest.
        let (now, diary) = (self.now, &mut self.devices[number].diary);
        let has_lost = !diary.losses.is_empty();
        let mut covered: Vec<_> = self.server.accepted().collect();
        covered.retain(|(id, known)| {
            let is_deleted = self.server.is_deleted(*id) || diary.deleted.contains(id);
            has_lost || known.expires_at <= now || is_deleted
        });
        diary.covered.extend(covered.into_iter().map(|(id, _)| id));
        let archived = archived.iter().map(|item| item.notification.id);
        diary.covered.extend(archived);
    }

    fn delete(&mut self, number: Number, id: NotificationId, value: bool) {
        let delete =
            |files: &mut Files| files.change_flags(&[id], |inbox| inbox.delete(&[id], value));
        if self
            .with_files(number, "delete", delete)
            .is_some_and(|changed| !changed.is_empty())
        {
            let device = &mut self.devices[number];
            // A shell takes it off the screen itself.
            device.screen.remove(&id);
            device.diary.deleted.insert(id);
        }
    }

    /// What the history of a device lists.
    fn known(&mut self, number: Number) -> Vec<HistoryItem> {
        let process = self.devices[number].process.as_mut();
        let items = process.and_then(|process| all_items(&mut process.files).ok());
        items.unwrap_or_default()
    }

    /// A person has done something with a notification here, and has read it with that: the shell takes it off
    /// the screen itself.
    fn was_done(&mut self, number: Number, (what, id): (FactKind, NotificationId), is_owed: bool) {
        let device = &mut self.devices[number];
        device.screen.remove(&id);
        let done = [(what, id), (FactKind::Read, id)];
        device.diary.done.extend(done);
        if is_owed {
            device.diary.owed.extend(done);
        }
    }

    /// Whether a person deleted it on any device.
    pub(crate) fn was_deleted(&self, id: NotificationId) -> bool {
        let mut devices = self.devices.iter();
        devices.any(|device| device.diary.deleted.contains(&id))
    }

    /// A person looks at the history: nothing of anyone else is in it, and the counts are right.
    fn look(&mut self, number: Number) {
        let device = &mut self.devices[number];
        let Some(process) = &mut device.process else {
            return;
        };
        let standing = process.engine.snapshot().standing;
        let (Ok(items), Ok(unread)) = (all_items(&mut process.files), process.files.unread())
        else {
            return;
        };
        let counted = items
            .iter()
            .filter(|item| !item.is_read && !item.is_archived)
            .count();
        let foreign = items.iter().find(|item| {
            let owner = self.server.ever.notifications.get(&item.notification.id);
            match &standing {
                Standing::LoggedIn { user } => owner != Some(user),
                Standing::NeedsIdentity { user, .. } => owner != user.as_ref(),
                Standing::Nobody => true,
                Standing::LoggingIn { .. } | Standing::LoggingOut => owner.is_none(),
            }
        });
        let foreign = foreign.map(|item| item.notification.id);
        self.publish(number);
        if let Some(id) = foreign {
            self.fail(format!("device {number}: {id} is visible as {standing:?}"));
        }
        if counted as u64 != unread {
            self.fail(format!(
                "device {number}: {counted} are unread and {unread} are counted"
            ));
        }
    }
}
