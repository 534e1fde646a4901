//! The parts of a run.

mod catchup;
mod greedy;
mod live;
mod publish;
mod retention;
mod topic;

use anyhow::Result;

pub(super) use self::{
    catchup::catch_up, greedy::greedy, live::live, publish::publish, retention::retention,
    topic::topic,
};
use super::size::Size;
use crate::{process, setting::Cores};

/// What a part measures with.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) size: Size,
    pub(super) cores: Cores,
    /// This program, to be started in another role.
    pub(super) program: String,
}

impl Bench {
    /// Plays a role to its end, on the core of servers, and gives what it printed.
    fn role(&self, words: &[&str]) -> Result<String> {
        let mut all = vec![self.program.clone(), "role".to_owned()];
        all.extend(words.iter().map(|word| (*word).to_owned()));
        Ok(String::from_utf8(process::run(&all, self.cores.server)?)?)
    }
}
