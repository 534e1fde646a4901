//! What is done to a world, drawn from a seed.

mod draw;
mod step;

pub(crate) use draw::steps;
pub(crate) use step::{
    AtServer, ByPerson, Damage, InNetwork, InProcess, InSession, OnDisk, OnScreen, PushFirst, Step,
    Transition,
};
