//! The storage of a process: jobs one after the other, and what each means to those who watch.

use vestnik_core::{
    FormerHistory,
    machine::{
        engine::{Command, Done, Input, ToStorage},
        registration::Change,
        session::StoreCall,
    },
    storage::{Files, News},
};
use vestnik_inbox::{
    Filter, HistoryItem, HistoryQuery, SecretStore as _, Shelf, ShowState, Start, StoreError,
    secret::ENVELOPE,
};

use super::{Item, World};
use crate::{
    device::{Job, Number, Since},
    disk,
    time::SECOND,
};

impl World {
    pub(super) fn push_job(&mut self, number: Number, job: Job) {
        if let Some(process) = &mut self.devices[number].process {
            process.jobs.push_back(job);
            self.begin_job(number);
        }
    }

    fn begin_job(&mut self, number: Number) {
        let is_slow = !self.is_calm && self.random.percent(4);
        let pause = self.some(if is_slow { 3 * SECOND } else { 4 });
        let device = &mut self.devices[number];
        let life = device.life;
        let Some(process) = &mut device.process else {
            return;
        };
        if !process.is_busy && !process.jobs.is_empty() {
            process.is_busy = true;
            self.after(pause, Item::Job(number, life));
        }
    }

    pub(super) fn on_job(&mut self, number: Number, life: u64) {
        if !self.devices[number].is_living(life) {
            return;
        }
        let Some(process) = &mut self.devices[number].process else {
            return;
        };
        process.is_busy = false;
        let Some(job) = process.jobs.pop_front() else {
            return;
        };
        self.do_job(number, job);
        if disk::has_died(self.devices[number].disk) {
            self.crash(number, true);
            return;
        }
        self.begin_job(number);
    }

    /// Does a job, tells what became durable, then answers.
    pub(super) fn do_job(&mut self, number: Number, job: Job) {
        match job {
            Job::Carry(output) => self.carry_in_storage(number, *output),
            Job::Hide(present) => {
                self.look_over(number);
                if let Some(process) = &mut self.devices[number].process {
                    process.hidden += 1;
                }
                let hide = |files: &mut Files| files.hide_former(present.as_ref());
                self.with_files(number, "hide", hide);
            }
            Job::Take => self.take_show(number),
            Job::Settle { show, settled } => {
                let drawn = (show.taken.id(), show.taken.revision());
                let settle = |files: &mut Files| files.settle_show(&show.owner, drawn, &settled);
                self.with_files(number, "settle", settle);
            }
            Job::Return(show) => {
                let back = |files: &mut Files| files.return_show(&show.owner, show.taken.id());
                self.with_files(number, "return", back);
            }
            Job::Permission(permission) => {
                let set = |files: &mut Files| files.set_permission(permission);
                self.with_files(number, "permission", set);
            }
            Job::Person(deed) => self.do_for_person(number, deed),
        }
    }

    /// Works on the files and tells what became durable.
    pub(super) fn with_files<T: std::fmt::Debug>(
        &mut self,
        number: Number,
        what: &str,
        work: impl FnOnce(&mut Files) -> Result<T, StoreError>,
    ) -> Option<T> {
        let now = self.now;
        let process = self.devices[number].process.as_mut()?;
        let done = work(&mut process.files);
        self.trace.add(now, || match &done {
            Ok(_) => format!("{number} storage: {what}"),
            Err(error) => format!("{number} storage: {what} failed: {error}"),
        });
        self.publish(number);
        done.ok()
    }

    fn carry_in_storage(&mut self, number: Number, output: ToStorage) {
        let now = self.now;
        let session = match &output {
            ToStorage::Store { call, .. } => Some(call.clone()),
            ToStorage::Note(_)
            | ToStorage::AskStore { .. }
            | ToStorage::Apply { .. }
            | ToStorage::Take { .. }
            | ToStorage::Settle { .. }
            | ToStorage::KeepTold(_)
            | ToStorage::KeepWishes(_)
            | ToStorage::KeepOptOuts(_)
            | ToStorage::ServerTime(_) => None,
        };
        if matches!(
            session,
            Some(StoreCall::Login { .. } | StoreCall::Logout(_))
        ) {
            self.look_over(number);
        }
        let device = &mut self.devices[number];
        let Some(process) = &mut device.process else {
            return;
        };
        let is_heard = matches!(output, ToStorage::ServerTime(_));
        let answer = process.files.carry(output, &process.round).input;
        if is_heard && device.secrets.get(ENVELOPE).is_ok() {
            // Keys that were lost while the app ran are kept again.
            device.diary.keys_lost_in = None;
        }
        let is_durable = matches!(
            answer,
            Some(Input::Session {
                result: Done::Stored { is_durable: true },
                ..
            })
        );
        if let Some(session) = session {
            self.trace.add(now, || {
                format!("{number} storage: {is_durable}: {session:?}")
            });
            self.write_down_session(number, &session, is_durable);
        }
        self.publish(number);
        if let Some(input) = answer {
            if matches!(
                input,
                Input::Session {
                    result: Done::Applied { .. },
                    ..
                }
            ) {
                self.devices[number].diary.has_read_a_page(now);
            }
            self.outcome(number, input);
        }
    }

    /// What a login and a logout mean for whose history there is.
    fn write_down_session(&mut self, number: Number, call: &StoreCall, is_durable: bool) {
        let now = self.now;
        let device = &mut self.devices[number];
        let wipes = device.former == FormerHistory::Wipe;
        let diary = &mut device.diary;
        match call {
            StoreCall::Login { user, .. } => {
                if wipes && diary.keeps.iter().any(|kept| kept != user) {
                    diary.loses_facts(now);
                }
                if diary.is_restored {
                    diary.restored.push(Since::new(now));
                    diary.is_restored = !is_durable;
                }
                if !diary.keeps.contains(user) {
                    diary.begins_quietly(now, user.clone());
                }
                if wipes {
                    diary.keeps.retain(|kept| kept == user);
                }
                diary.may_keep.insert(user.clone());
                if is_durable {
                    diary.keeps.insert(user.clone());
                }
                if wipes && is_durable {
                    diary.may_keep.retain(|kept| kept == user);
                }
            }
            StoreCall::Logout(_) => {
                diary.loses_facts(now);
                if wipes {
                    diary.keeps.clear();
                }
                if wipes && is_durable {
                    diary.may_keep.clear();
                }
            }
            StoreCall::Keep { .. } | StoreCall::End => {}
        }
    }

    /// Notes what is not going to be shown any more, as an onlooker who leafs through the history.
    fn look_over(&mut self, number: Number) {
        let device = &mut self.devices[number];
        let Some(process) = &mut device.process else {
            return;
        };
        let Ok(items) = all_items(&mut process.files) else {
            return;
        };
        for item in items {
            if item.show != ShowState::Due {
                device.diary.settled.insert(item.notification.id);
            }
        }
    }

    /// Tells those who watch what became durable.
    pub(super) fn publish(&mut self, number: Number) {
        let now = self.now;
        let device = &mut self.devices[number];
        let Some(process) = &mut device.process else {
            return;
        };
        let (news, generation) = (process.files.take_news(), process.files.generation());
        if news.is_empty() {
            return;
        }
        let user = process.files.device().user().cloned();
        self.trace
            .add(now, || format!("{number} news: {}", in_short(&news)));
        let device = &mut self.devices[number];
        // Until the storage has hidden what was forgotten, its news may be a former user's.
        let is_present = device
            .process
            .as_ref()
            .is_some_and(|process| process.forgotten == process.hidden);
        if is_present {
            for id in &news.withdrawn {
                device.screen.remove(id);
            }
        }
        if news.rebuilt.is_some()
            && let Some(user) = user
        {
            device.diary.begins_quietly(now, user);
            device.diary.restored.push(Since::new(now));
            device.diary.loses_facts(now);
        }
        self.redraw(number, &news);
        if news.is_reread && is_present {
            self.reread(number);
        }
        if !news.changed.is_empty() {
            self.look_over(number);
        }
        if news.has_show {
            self.ask_what_to_draw(number);
        }
        if let Some(key) = news.envelope_key.clone() {
            let change = Change {
                envelope_key: Some(key),
                ..Change::default()
            };
            self.command(number, Command::Change(change));
        }
        if news.tells_again {
            self.command(number, Command::TellAgain);
        }
        if let Some(result) = news.done() {
            self.outcome(number, Input::Session { generation, result });
        }
    }

    /// What is on the screen is drawn again with its new content, under the same identifier.
    fn redraw(&mut self, number: Number, news: &News) {
        let device = &mut self.devices[number];
        let Some(process) = &mut device.process else {
            return;
        };
        for id in &news.redraw {
            if let Some(revision) = device.screen.get_mut(id)
                && let Ok(Some(item)) = process.files.get(*id)
            {
                *revision = item.notification.revision;
            }
        }
    }

    /// What is on the screen is looked up: what is read or gone comes off, what has new content is drawn again.
    fn reread(&mut self, number: Number) {
        let device = &mut self.devices[number];
        let Some(process) = &mut device.process else {
            return;
        };
        device
            .screen
            .retain(|id, revision| match process.files.get(*id) {
                Ok(Some(item)) => {
                    *revision = item.notification.revision;
                    !item.is_read
                }
                Ok(None) => false,
                Err(_) => true,
            });
    }

    fn outcome(&mut self, number: Number, input: Input) {
        let pause = self.some(3);
        let device = &mut self.devices[number];
        let life = device.life;
        if let Some(process) = &mut device.process {
            process.outcomes.push_back(input);
            self.after(pause, Item::Outcome(number, life));
        }
    }

    pub(super) fn on_outcome(&mut self, number: Number, life: u64) {
        let device = &mut self.devices[number];
        if !device.is_living(life) {
            return;
        }
        let input = device
            .process
            .as_mut()
            .and_then(|process| process.outcomes.pop_front());
        if let Some(input) = input {
            self.feed(number, input);
        }
    }
}

/// Everything that a history lists, newest first.
pub(crate) fn all_items(files: &mut Files) -> Result<Vec<HistoryItem>, StoreError> {
    let mut items = Vec::new();
    let mut query = HistoryQuery {
        filter: Filter {
            shelf: Shelf::All,
            ..Filter::default()
        },
        limit: 200,
        ..HistoryQuery::default()
    };
    loop {
        let page = files.page(&query)?;
        items.extend(page.items);
        match page.end.filter(|_| page.has_more) {
            Some(end) => query.start = Start::Before(end),
            None => return Ok(items),
        }
    }
}

fn in_short(news: &News) -> String {
    let unread = news
        .counts
        .map(|counts| (counts.unread, counts.outbox.waiting, counts.next_show));
    format!(
        "{} changed, withdrawn {:?}, redraw {:?}, {unread:?}, rebuilt {}",
        news.changed.len(),
        news.withdrawn,
        news.redraw,
        news.rebuilt.is_some()
    )
}
