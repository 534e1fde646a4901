//! Cursors, and what proves another history.

use vestnik_model::Cursor;
use vestnik_rules::{
    log::{Epoch, Place, RENEW_AFTER, Standing, Tag},
    session::Session,
};

use super::{
    Fixture,
    name::{at, users},
    world::{World, slice},
};
use crate::logs::{LogSlice, Opened, Opening};

async fn begin(fixture: &impl Fixture) -> (World, Session) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    for number in 1..=3 {
        world.publish(number, users(&["anna"])).await;
    }
    (world, session)
}

async fn open(world: &World, session: &Session, cursor: Option<Cursor>, second: i64) -> Opened {
    let opening = Opening {
        session: session.clone(),
        cursor,
        random: 0xbeef + u32::try_from(second).unwrap(),
        now: at(second),
    };
    let opened = world.store.open_log(opening).await.unwrap();
    opened.expect("the session is the present one")
}

pub async fn a_cursor_of_the_log_is_known(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let stretch = world.stretch("anna").await;
    let places = stretch.entries.iter().map(|one| one.candidate.place);
    for place in places.chain([Place::start(stretch.head.epoch)]) {
        let opened = open(&world, &session, Some(place.cursor()), 20).await;
        let expected = Opened {
            head: stretch.head,
            standing: Standing::Known(place),
        };
        assert_eq!(opened, expected);
    }
    world.is_sound().await;
}

pub async fn a_cursor_of_no_form_is_none(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let head = world.head("anna").await;
    let other = Place {
        epoch: Epoch(head.epoch.0 ^ 1),
        ..head
    };
    let odd = Cursor::parse("v9.odd").unwrap();
    for cursor in [None, Some(odd), Some(other.cursor())] {
        let opened = open(&world, &session, cursor, 20).await;
        let standing = Standing::None;
        assert_eq!(opened, Opened { head, standing });
    }
    world.is_sound().await;
}

/// The log has a new epoch, and everything that it held.
async fn is_renewed(world: &World, before: Place, opened: Opened) {
    assert_eq!(opened.standing, Standing::None);
    assert_ne!(opened.head.epoch, before.epoch);
    assert_eq!(opened.head.seq, before.seq);
    let stretch = world.stretch("anna").await;
    assert_eq!(stretch.head, opened.head);
    assert_eq!(world.log("anna").await, ["1@1", "2@2", "3@3"]);
    assert_eq!(world.head("anna").await, opened.head);
}

pub async fn a_cursor_beyond_the_head_begins_an_epoch(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let head = world.head("anna").await;
    let beyond = Place {
        seq: head.seq + 1,
        ..head
    };
    let opened = open(&world, &session, Some(beyond.cursor()), 20).await;
    is_renewed(&world, head, opened).await;
    // Other logs go on as they are.
    let other = world.head("bert").await;
    assert_eq!(other.epoch, head.epoch);
    world.is_sound().await;
}

pub async fn another_tag_begins_an_epoch(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let head = world.head("anna").await;
    let first = world.stretch("anna").await.entries[0].candidate.place;
    let lost = Place {
        tag: Tag(first.tag.0 ^ 1),
        ..first
    };
    let opened = open(&world, &session, Some(lost.cursor()), 20).await;
    is_renewed(&world, head, opened).await;
    world.is_sound().await;
}

pub async fn epochs_begin_once_in_a_while(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let lost = |head: Place| {
        let place = Place {
            seq: head.seq + 7,
            ..head
        };
        Some(place.cursor())
    };
    let head = world.head("anna").await;
    let first = open(&world, &session, lost(head), 20).await;
    let again = open(&world, &session, lost(first.head), 21).await;
    let standing = Standing::OtherHistory;
    let refused = Opened {
        head: first.head,
        standing,
    };
    assert_eq!(again, refused);
    let second = 20 + RENEW_AFTER.as_secs();
    let later = open(&world, &session, lost(first.head), second).await;
    is_renewed(&world, first.head, later).await;
    world.is_sound().await;
}

pub async fn an_ended_session_opens_no_log(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    world.login("anna", 1).await;
    let head = world.head("anna").await;
    let beyond = Place {
        seq: head.seq + 1,
        ..head
    };
    let opening = Opening {
        session,
        cursor: Some(beyond.cursor()),
        random: 1,
        now: at(20),
    };
    assert_eq!(world.store.open_log(opening).await, Ok(None));
    assert_eq!(world.head("anna").await, head);
    world.is_sound().await;
}

pub async fn a_place_of_another_epoch_is_the_beginning(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    let head = world.head("anna").await;
    let other = Place {
        epoch: Epoch(head.epoch.0 ^ 1),
        ..head
    };
    let part = LogSlice {
        after: Some(other),
        ..slice("anna")
    };
    let stretch = world.store.read_log(part).await.unwrap();
    assert_eq!(stretch.after, Place::start(head.epoch));
    assert_eq!(stretch.entries.len(), 3);
    world.is_sound().await;
}
