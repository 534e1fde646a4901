//! Audiences that are uploaded as files.

use uuid::Uuid;
use vestnik_model::{
    AppId, AudienceFile, AudienceFileState, AudienceId, AudienceRequest, FileFault,
    audience_file::{AudienceFileRequest, FileFormat, NewAudienceFile},
};
use vestnik_rules::{
    audience_file::{Batch, Reader},
    work::WorkKind,
};

use super::{
    Fixture,
    name::{at, bank, installation, new, notification, page, scheduled, shop, user},
    reach::reach,
    world::{World, due},
};
use crate::{
    audience_files::{
        Append, AppendOutcome, CreateOutcome, DeleteOutcome, NewAudience, Unusable, Upload,
    },
    audiences::ReachOutcome,
    publishing::PublishOutcome,
};

const MOST_PROBLEMS: u64 = 3;
const MOST_LINES: u64 = 25_000;
const EXPIRES: i64 = 100_000;

pub(super) fn audience(number: u128) -> AudienceId {
    AudienceId::from_uuid(Uuid::from_u128(number))
}

pub(super) fn uploaded(numbers: &[u128]) -> AudienceRequest {
    AudienceRequest {
        audiences: numbers.iter().copied().map(audience).collect(),
        ..AudienceRequest::default()
    }
}

pub(super) async fn create(world: &World, app: &AppId, number: u128) -> CreateOutcome {
    let request = AudienceFileRequest {
        name: format!("audience {number}"),
        format: FileFormat::Csv,
        csv: None,
    };
    let new = NewAudience {
        app: app.clone(),
        id: audience(number),
        file: NewAudienceFile::parse(request).unwrap(),
        expires_at: at(EXPIRES),
        most: 2,
        now: at(number.try_into().unwrap()),
    };
    world.store.create_audience(new).await.unwrap()
}

pub(super) async fn found(world: &World, number: u128) -> Upload {
    let upload = world.store.upload(shop(), audience(number));
    upload.await.unwrap().expect("the audience is there")
}

/// What the next piece of a file comes to where a stored reader goes on.
pub(super) fn read(upload: &Upload, piece: &str, is_end: bool) -> Append {
    let mut read = Batch::default();
    let mut reader = Reader::new(upload.shape.clone(), upload.state.clone(), 20_000);
    let mut done = reader.push(piece.as_bytes(), &mut read);
    if done.is_ok() && is_end {
        done = reader.finish(&mut read);
    }
    Append {
        app: shop(),
        id: upload.audience.id,
        from: upload.state.offset,
        read,
        state: reader.into_state(),
        became: match done {
            Ok(()) if is_end => AudienceFileState::Ready,
            Ok(()) => AudienceFileState::Uploading,
            Err(_) => AudienceFileState::Failed,
        },
        failure: done.err(),
        most_problems: MOST_PROBLEMS,
        most_lines: MOST_LINES,
        expires_at: at(EXPIRES),
        now: at(20),
    }
}

async fn append(world: &World, number: u128, piece: &str, is_end: bool) -> AudienceFile {
    let part = read(&found(world, number).await, piece, is_end);
    let outcome = world.store.append(part).await.unwrap();
    let AppendOutcome::Added(audience) = outcome else {
        panic!("not added: {outcome:?}");
    };
    audience
}

/// Makes an audience of the shop with these lines.
pub(super) async fn fill(world: &World, number: u128, file: &str) -> AudienceFile {
    let created = create(world, &shop(), number).await;
    assert!(matches!(created, CreateOutcome::Created(_)), "{created:?}");
    append(world, number, file, true).await
}

pub async fn an_audience_is_filled_in_parts(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    create(&world, &shop(), 1).await;
    let first = append(&world, 1, "user,email\nanna,\n,bert@a.exa", false).await;
    assert_eq!(
        (first.state.known(), first.good),
        (Some(AudienceFileState::Uploading), 1)
    );
    // The reader is found where it was, in the middle of a line.
    let world = world.reopened(fixture, 15);
    let part = read(
        &found(&world, 1).await,
        "mple\nanna,\n,\n,bert@a.example\nc,c@a.b",
        true,
    );
    let done = world.store.append(part.clone()).await.unwrap();
    let AppendOutcome::Added(view) = done else {
        panic!("{done:?}");
    };
    assert_eq!(
        (view.lines, view.good, view.bad, view.duplicates),
        (6, 2, 2, 2)
    );
    assert_eq!(view.bytes, part.state.offset);
    assert_eq!(
        (view.state.known(), view.ready_at),
        (Some(AudienceFileState::Ready), Some(at(20)))
    );
    assert_eq!(
        world.store.audience(shop(), audience(1)).await,
        Ok(Some(view.clone()))
    );
    // The same bytes again, as after an answer that was lost, change nothing.
    let again = world.store.append(part).await;
    assert_eq!(again, Ok(AppendOutcome::Elsewhere(view)));
    world.is_sound().await;
}

pub async fn a_file_goes_on_at_its_offset_only(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    create(&world, &shop(), 1).await;
    let begun = found(&world, 1).await;
    let first = read(&begun, "user\nanna\n", false);
    let other = read(&begun, "user\nbert\n", false);
    assert!(matches!(
        world.store.append(first.clone()).await,
        Ok(AppendOutcome::Added(_))
    ));
    for late in [first, other] {
        let outcome = world.store.append(late.clone()).await.unwrap();
        let AppendOutcome::Elsewhere(view) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!((view.bytes, view.good), (10, 1));
        let unknown = Append {
            app: bank(),
            ..late
        };
        assert_eq!(
            world.store.append(unknown).await,
            Ok(AppendOutcome::Unknown)
        );
    }
    world.is_sound().await;
}

pub async fn problems_are_listed_in_pages_and_counted_whole(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    create(&world, &shop(), 1).await;
    append(&world, 1, "user\n\u{200b}\nanna\n\u{200b}\n", false).await;
    let view = append(&world, 1, "\u{200b}\n\u{200b}\n", true).await;
    assert_eq!(view.bad, 4);
    let problems = async |after: Option<&str>| {
        let page = world
            .store
            .line_problems(shop(), audience(1), page(after, 2));
        page.await.unwrap().unwrap()
    };
    let first = problems(None).await;
    let lines: Vec<_> = first.data.iter().map(|problem| problem.line).collect();
    assert_eq!((lines, first.total), (vec![2, 4], 4));
    let rest = problems(first.next_cursor.as_deref()).await;
    assert_eq!(rest.data.len(), 1, "so many are kept");
    assert_eq!((rest.data[0].line, rest.next_cursor), (5, None));
    let unknown = world
        .store
        .line_problems(bank(), audience(1), page(None, 2));
    assert_eq!(unknown.await, Ok(None));
    world.is_sound().await;
}

/// Lines of every kind: two people share an address, one has three devices, an address and a device are nobody's.
async fn everybody(world: &World) -> AudienceRequest {
    for (who, address) in [("anna", "anna@a.example"), ("bert", "bert@a.example")] {
        world.email(who, address, 1).await;
    }
    world.email("berta", "bert@a.example", 1).await;
    for (who, number) in [("carl", 1), ("carl", 2), ("carl", 3), ("anna", 4)] {
        world.login(who, number).await;
    }
    let devices = [1, 2, 4, 9].map(|number| format!(",,{}\n", installation(number)));
    let names = "user,email,installation\nanna,,\ndora,,\neve,,\n";
    let addresses = ",bert@a.example,\n,anna@a.example,\n,nobody@a.example,\n";
    let file = format!("{names}{addresses}{}", devices.concat());
    assert_eq!(fill(world, 1, &file).await.good, 10);
    fill(world, 2, "user\ndora\nfrank\n").await;
    AudienceRequest {
        exclude_users: vec![user("eve")],
        ..uploaded(&[1, 2])
    }
}

pub async fn everybody_whom_a_line_names_is_reached_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let to = everybody(&world).await;
    for (number, rows) in [(1, 1), (2, 2), (3, 3), (4, 100)] {
        world.publish(number, to.clone()).await;
        world.work(WorkKind::Expand, rows, 30).await;
        let mut reached = world.deliveries(number).await;
        reached.sort_by(|one, other| one.user.cmp(&other.user));
        let names: Vec<_> = reached.iter().map(|view| view.user.as_str()).collect();
        let expected = ["anna", "bert", "berta", "carl", "dora", "frank"];
        assert_eq!(names, expected, "{rows}");
    }
    // Who is meant as a whole is not narrowed; who is named by devices only is notified on all of these.
    let anna = world.stretch("anna").await;
    assert_eq!(anna.entries[0].candidate.only, None);
    let mut carl = world
        .stretch("carl")
        .await
        .entries
        .remove(0)
        .candidate
        .only
        .unwrap();
    carl.sort();
    assert_eq!(carl, [installation(1), installation(2)]);
    world.is_sound().await;
}

pub async fn a_device_of_the_request_and_one_of_a_line_are_one_candidate(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for number in 1..=3 {
        world.login("anna", number).await;
    }
    fill(&world, 1, &format!("installation\n{}\n", installation(2))).await;
    let to = AudienceRequest {
        installations: vec![installation(1)],
        ..uploaded(&[1])
    };
    world.publish(1, to).await;
    world.work(WorkKind::Expand, 10, 30).await;
    let mut only = world
        .stretch("anna")
        .await
        .entries
        .remove(0)
        .candidate
        .only
        .unwrap();
    only.sort();
    assert_eq!(only, [installation(1), installation(2)]);
    world.is_sound().await;
}

pub async fn an_uploaded_audience_is_counted_before_anything_is_sent(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let to = everybody(&world).await;
    world.taken();
    for (limit, expected) in [
        (6, (6, true)),
        (100, (6, true)),
        (5, (5, false)),
        (2, (2, false)),
    ] {
        let ReachOutcome::Reach { reach, is_exact } = reach(&world, to.clone(), limit).await else {
            panic!("the audiences are ready");
        };
        assert_eq!((reach.users, is_exact), expected);
    }
    assert!(world.taken().is_empty(), "nothing was changed");
    world.is_sound().await;
}

pub async fn an_audience_that_is_not_ready_is_named(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    create(&world, &shop(), 1).await;
    append(&world, 1, "user\nanna\n", false).await;
    create(&world, &bank(), 2).await;
    create(&world, &shop(), 3).await;
    let failed = append(&world, 3, "name\nanna\n", true).await;
    let failure = failed.failure.and_then(|failure| failure.known());
    assert_eq!(failure, Some(FileFault::ColumnsMissing));
    let unusable = [(1, true), (2, false), (3, true)];
    let unusable = unusable.map(|(number, is_known)| Unusable {
        id: audience(number),
        is_known,
    });
    let to = || AudienceRequest {
        users: vec![user("bert")],
        ..uploaded(&[1, 2, 3])
    };
    let refused = world.store.publish(new(&shop(), 1, to())).await;
    assert_eq!(
        refused,
        Ok(PublishOutcome::UnusableAudiences(unusable.to_vec()))
    );
    let refused = reach(&world, to(), 9).await;
    assert_eq!(refused, ReachOutcome::UnusableAudiences(unusable.to_vec()));
    assert_eq!(world.log("bert").await, [""; 0]);
    world.is_sound().await;
}

pub async fn an_erased_user_leaves_uploaded_audiences(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for (who, address) in [("anna", "anna@a.example"), ("bert", "both@a.example")] {
        world.email(who, address, 1).await;
    }
    world.email("carl", "both@a.example", 1).await;
    world.login("anna", 1).await;
    let device = installation(1);
    fill(&world, 1, "user\nanna\nbert\ndora\n").await;
    let file = format!("email,installation\nanna@a.example,\nboth@a.example,\n,{device}\n");
    fill(&world, 2, &file).await;
    assert!(world.erase("anna").await);
    assert!(world.erase("bert").await);
    // Others have the name, the address and the device next.
    world.email("anna", "anna@a.example", 101).await;
    world.login("eve", 1).await;
    for rows in [1, 100] {
        world.publish(rows, uploaded(&[1, 2])).await;
        world.work(WorkKind::Expand, rows, 110).await;
        let mut names: Vec<_> = world.deliveries(rows).await;
        names.sort_by(|one, other| one.user.cmp(&other.user));
        let names: Vec<_> = names.iter().map(|view| view.user.as_str()).collect();
        assert_eq!(
            names,
            ["carl", "dora"],
            "an address that carl has too is still his"
        );
        world.work(WorkKind::EraseUser, 1, 110).await;
    }
    world.is_sound().await;
}

pub async fn an_audience_stays_while_it_is_expanded(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    fill(&world, 1, "user\nanna\nbert\n").await;
    let delete = async || {
        let deleted = world.store.delete_audience(shop(), audience(1), at(40));
        deleted.await.unwrap()
    };
    world
        .store
        .publish(scheduled(1, uploaded(&[1]), 500))
        .await
        .unwrap();
    world.publish(2, uploaded(&[1])).await;
    assert_eq!(delete().await, DeleteOutcome::InUse);
    assert!(
        world
            .store
            .cancel(shop(), notification(1), at(30))
            .await
            .unwrap()
    );
    assert_eq!(delete().await, DeleteOutcome::InUse);
    world.work(WorkKind::Expand, 10, 35).await;
    world.taken();
    assert_eq!(delete().await, DeleteOutcome::Deleted);
    assert_eq!(due(&world.taken()), [(WorkKind::DeleteAudience, 40)]);
    assert_eq!(delete().await, DeleteOutcome::Unknown);
    assert_eq!(world.deliveries(2).await.len(), 2);
    world.is_sound().await;
}

pub async fn an_audience_is_deleted_in_parts(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let devices = [1, 2, 3].map(|number| format!(",,{}\n", installation(number)));
    let lines = "user,email,installation\na,,\nb,,\nc,,\n,a@a.a,\n,b@b.b,\n,,\n,,x\n";
    fill(&world, 1, &format!("{lines}{}", devices.concat())).await;
    let deleted = world.store.delete_audience(shop(), audience(1), at(40));
    assert_eq!(deleted.await, Ok(DeleteOutcome::Deleted));
    // It is gone at once, and room for another one is free.
    assert_eq!(world.store.audience(shop(), audience(1)).await, Ok(None));
    assert_eq!(world.store.audiences(shop()).await, Ok(vec![]));
    assert_eq!(world.store.upload(shop(), audience(1)).await, Ok(None));
    let parts = world.work(WorkKind::DeleteAudience, 2, 40).await;
    assert!((4..=7).contains(&parts), "{parts}");
    assert_eq!(world.claim(WorkKind::DeleteAudience, 1_000).await, []);
    world.is_sound().await;
}

pub async fn an_audience_goes_when_its_time_is_over(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    fill(&world, 1, "user\nanna\n").await;
    fill(&world, 2, "user\nanna\n").await;
    let mut new = scheduled(1, uploaded(&[1]), EXPIRES + 500);
    new.notification.expires_at = at(EXPIRES + 900);
    world.store.publish(new).await.unwrap();
    let left = async |second| {
        // A part of one row: the audience that is in use comes first and does not take it.
        world.work(WorkKind::Sweep, 1, second).await;
        world.work(WorkKind::DeleteAudience, 100, second).await;
        let left = world.store.audiences(shop()).await.unwrap();
        left.into_iter().map(|view| view.id).collect::<Vec<_>>()
    };
    assert_eq!(left(EXPIRES - 1).await, [audience(2), audience(1)]);
    // One is still to be sent to.
    assert_eq!(left(EXPIRES + 4_000).await, [audience(1)]);
    world.work(WorkKind::Expand, 10, EXPIRES + 4_100).await;
    assert_eq!(left(EXPIRES + 8_000).await, []);
}

pub async fn an_app_has_so_many_audiences_of_its_own(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for number in [1, 2] {
        let created = create(&world, &shop(), number).await;
        assert!(matches!(created, CreateOutcome::Created(_)));
    }
    assert_eq!(create(&world, &shop(), 3).await, CreateOutcome::TooMany);
    let of_bank = create(&world, &bank(), 4).await;
    assert!(matches!(of_bank, CreateOutcome::Created(_)));
    let newest = world.store.audiences(shop()).await.unwrap();
    let newest: Vec<_> = newest.into_iter().map(|view| view.id).collect();
    assert_eq!(newest, [audience(2), audience(1)]);
    assert_eq!(world.store.audience(bank(), audience(1)).await, Ok(None));
    let deleted = world.store.delete_audience(bank(), audience(1), at(30));
    assert_eq!(deleted.await, Ok(DeleteOutcome::Unknown));
    world.is_sound().await;
}
