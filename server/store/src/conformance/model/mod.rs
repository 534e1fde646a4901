//! Random courses of events, compared with a reference.
//!
//! A course is run on the store and on a `Reference` that keeps plain lists and shares no
//! code with the rules: statuses, counts, logs and repetitions are decided a second time. Each course
//! has an App of its own, so that one store serves all of them.

mod action;
mod agreement;
mod course;
mod reference;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::{runtime::Handle, task::block_in_place};

use self::{action::actions, course::Course};
use super::{Fixture, name::at};
use crate::effect::no_sink;

/// How many courses are run.
const COURSES: u32 = 64;

pub async fn any_course_of_events_agrees_with_the_reference(fixture: &impl Fixture) {
    let store = fixture.open(no_sink(), at(0));
    let config = Config {
        cases: COURSES,
        failure_persistence: None,
        max_shrink_iters: 512,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let (handle, begun) = (Handle::current(), AtomicU32::new(1));
    let run = |actions: Vec<action::Action>| {
        let number = begun.fetch_add(1, Ordering::Relaxed);
        let course = Course::begin(Arc::clone(&store), number);
        handle.block_on(follow(course, &actions));
        Ok(())
    };
    block_in_place(|| runner.run(&actions(), run)).unwrap();
    assert_eq!(store.check_integrity().await, Ok(Vec::new()));
}

async fn follow(mut course: Course, actions: &[action::Action]) {
    course.prepare().await;
    for action in actions {
        course.act(action).await;
        agreement::counts_agree(&mut course).await;
    }
    agreement::all_agrees(&course).await;
}
