//! What the user does not want, as the device knows it.

use std::collections::BTreeSet;

use vestnik_inbox::{SentOptOuts, StoreError};
use vestnik_model::{
    CategoryName, TopicName,
    preference::{OptOutChange, OptOuts, StoredOptOuts},
};

use super::files::Files;
use crate::machine::consent::Learned;

/// What the user does not want, as the device knows it, and what there is to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preferences {
    /// What they do not want: what the server said last, with what was changed on this device.
    pub opt_outs: OptOuts,
    /// What was changed on this device and the server has not answered.
    pub waiting: OptOutChange,
    /// Whether the server has said what they do not want since they logged in here. Before that only what was
    /// changed on this device is known.
    pub is_known: bool,
    /// The categories that there are, as far as the device knows: those that the user was notified in, at
    /// most 100, and those that they do not want.
    pub categories: BTreeSet<CategoryName>,
    /// The topics that the device knows of: those that they do not want, and those that they want again and the
    /// server was not told of.
    pub topics: BTreeSet<TopicName>,
}

/// What came of a change of what the user does not want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// It is durable.
    Kept,
    /// The device has nobody's history: nobody can want anything.
    Nobody,
    /// It names too much.
    TooLong,
}

impl Files {
    /// What the user does not want. Nobody wants anything.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn preferences(&mut self) -> Result<Preferences, StoreError> {
        if !self.is_somebodys() {
            return Ok(Preferences::default());
        }
        let seen = self.read(|history| history.categories())?;
        let state = self.device.state();
        let waiting = state.opt_out_changes.clone();
        let of_server = state.opt_outs.clone();
        let is_known = of_server.is_some();
        let of_server = of_server.unwrap_or_default().known;
        let changed = waiting.categories.keys().cloned();
        let categories = seen.into_iter().flatten().chain(changed);
        let categories = categories.chain(of_server.categories.iter().cloned());
        let changed = waiting.topics.keys().cloned();
        let topics = changed.chain(of_server.topics.iter().cloned());
        Ok(Preferences {
            categories: categories.collect(),
            topics: topics.collect(),
            opt_outs: waiting.applied(of_server),
            waiting,
            is_known,
        })
    }

    /// Keeps a change of what the user does not want, until the server has answered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn change_opt_outs(&mut self, change: OptOutChange) -> Result<Noted, StoreError> {
        if !self.is_somebodys() {
            return Ok(Noted::Nobody);
        }
        let state = self.device.state();
        let mut changes = state.opt_out_changes.clone();
        changes.add(change);
        let of_server = state.opt_outs.clone().unwrap_or_default();
        if !changes.problems().is_empty() || of_server.changed(&changes).is_err() {
            return Ok(Noted::TooLong);
        }
        let sent = state.sent_opt_outs.clone();
        self.keep_changes(None, changes, sent)?;
        Ok(Noted::Kept)
    }

    /// Keeps what is learned of what the user does not want.
    ///
    /// # Errors
    /// [`StoreError`]; it is told and asked once more than needed then.
    pub fn keep_opt_outs(&mut self, learned: Learned) -> Result<(), StoreError> {
        if !self.is_somebodys() {
            return Ok(());
        }
        let state = self.device.state();
        let mut sent = state.sent_opt_outs.clone();
        learned.bring_up(&mut sent);
        let Learned {
            begun: _,
            forgets_sent: _,
            opt_outs,
            settled,
            refused,
        } = learned;
        let mut changes = state.opt_out_changes.clone();
        changes.settle(&settled);
        self.keep_changes(opt_outs, changes, sent)?;
        if refused.is_some() {
            self.news.opt_outs_refused = refused;
        }
        Ok(())
    }

    /// Who watches, and the engine, learn of it if anything is another than before.
    fn keep_changes(
        &mut self,
        of_server: Option<StoredOptOuts>,
        changes: OptOutChange,
        sent: SentOptOuts,
    ) -> Result<(), StoreError> {
        let state = self.device.state();
        let is_other = of_server.is_some() && of_server != state.opt_outs;
        let is_news = is_other || changes != state.opt_out_changes;
        if !is_news && sent == state.sent_opt_outs {
            return Ok(());
        }
        let kept = changes.clone();
        self.device.update(|state| {
            state.opt_outs = of_server.or_else(|| state.opt_outs.take());
            state.opt_out_changes = changes;
            state.sent_opt_outs = sent;
        })?;
        if is_news {
            self.news.opt_outs = Some(kept);
        }
        Ok(())
    }

    fn is_somebodys(&self) -> bool {
        !self.is_hidden && self.device.user().is_some()
    }
}
