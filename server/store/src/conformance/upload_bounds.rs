//! What is bounded of audiences that are uploaded as files.

use vestnik_rules::{reach::MOST_LINES, work::WorkKind};

use super::{
    Fixture,
    name::{at, bank, installation, shop},
    reach::reach,
    uploads::{audience, create, fill, found, read, uploaded},
    world::World,
};
use crate::{
    audience_files::{Append, AppendOutcome, DeleteOutcome},
    audiences::ReachOutcome,
};

pub async fn an_address_of_many_users_is_expanded_in_parts(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for (second, who) in (1..).zip(["anna", "bert", "carl", "dora", "eve"]) {
        world.email(who, "all@a.example", second).await;
    }
    world.email("frank", "frank@a.example", 9).await;
    fill(
        &world,
        1,
        "user,email\n,all@a.example\n,nobody@a.example\n,frank@a.example\n",
    )
    .await;
    for (number, rows) in [(1, 1), (2, 2), (3, 3), (4, 5)] {
        world.publish(number, uploaded(&[1])).await;
        let held = world.claim_one(WorkKind::Expand, 30).await;
        world.perform(&held, rows, 30).await;
        assert_eq!(world.deliveries(number).await.len(), rows as usize);
        world.work(WorkKind::Expand, rows, 300).await;
        assert_eq!(world.deliveries(number).await.len(), 6, "{rows}");
    }
    world.is_sound().await;
}

pub async fn a_line_that_goes_while_it_is_expanded_takes_nobody_else_with_it(
    fixture: &impl Fixture,
) {
    let world = World::begin(fixture).await;
    for (second, who) in [(1, "anna"), (2, "bert")] {
        world.email(who, "both@a.example", second).await;
    }
    for (second, who) in [(3, "carl"), (4, "dora")] {
        world.email(who, "two@a.example", second).await;
    }
    fill(&world, 1, "email\nboth@a.example\ntwo@a.example\n").await;
    world.publish(1, uploaded(&[1])).await;
    let held = world.claim_one(WorkKind::Expand, 30).await;
    world.perform(&held, 1, 30).await;
    // Nobody has the first address any more.
    for who in ["anna", "bert"] {
        assert!(world.erase(who).await);
    }
    world.work(WorkKind::Expand, 1, 300).await;
    let names = world.deliveries(1).await;
    let names: Vec<_> = names.iter().map(|view| view.user.as_str()).collect();
    assert!(
        names.contains(&"carl") && names.contains(&"dora"),
        "{names:?}"
    );
    world.work(WorkKind::EraseUser, 10, 400).await;
    world.is_sound().await;
}

pub async fn a_preview_reads_so_many_lines(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let nobody: Vec<_> = (0..MOST_LINES + 1)
        .map(|number| format!("n{number}@a.example\n"))
        .collect();
    world.email("anna", "anna@a.example", 1).await;
    let file = format!("email\n{}anna@a.example\n", nobody.concat());
    fill(&world, 1, &file).await;
    let ReachOutcome::Reach { reach, is_exact } = reach(&world, uploaded(&[1]), 9).await else {
        panic!("the audience is ready");
    };
    assert_eq!((reach.users, is_exact), (0, false));
    world.is_sound().await;
}

pub async fn an_app_has_so_many_lines_of_its_own(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    fill(&world, 1, "user\nanna\nbert\n").await;
    create(&world, &shop(), 2).await;
    let room = |part: &Append, most_lines| Append {
        most_lines,
        ..part.clone()
    };
    let part = read(&found(&world, 2).await, "user\ncarl\ndora\n", true);
    let full = world.store.append(room(&part, 3)).await.unwrap();
    let AppendOutcome::Full(view) = full else {
        panic!("{full:?}");
    };
    assert_eq!((view.bytes, view.good), (0, 0), "nothing was added");
    let added = world.store.append(room(&part, 4)).await.unwrap();
    assert!(matches!(added, AppendOutcome::Added(_)), "{added:?}");
    // What is deleted makes room, and what another App has takes none.
    let deleted = world.store.delete_audience(shop(), audience(1), at(40));
    assert_eq!(deleted.await, Ok(DeleteOutcome::Deleted));
    create(&world, &shop(), 3).await;
    let part = read(&found(&world, 3).await, "user\neve\nfrank\n", true);
    let added = world.store.append(room(&part, 4)).await.unwrap();
    assert!(matches!(added, AppendOutcome::Added(_)), "{added:?}");
    world.is_sound().await;
}

pub async fn an_installation_of_another_app_stays_in_its_audiences(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("anna", 1).await;
    create(&world, &bank(), 1).await;
    let line = format!("{}\n", installation(1));
    let append = async |piece: String| {
        let upload = world.store.upload(bank(), audience(1)).await.unwrap();
        let part = Append {
            app: bank(),
            ..read(&upload.unwrap(), &piece, false)
        };
        match world.store.append(part).await.unwrap() {
            AppendOutcome::Added(view) => (view.good, view.duplicates),
            other @ (AppendOutcome::Elsewhere(_)
            | AppendOutcome::Full(_)
            | AppendOutcome::Unknown) => panic!("{other:?}"),
        }
    };
    assert_eq!(append(format!("installation\n{line}")).await, (1, 0));
    assert!(world.erase("anna").await);
    assert_eq!(append(line).await, (1, 1), "it is named still");
    world.is_sound().await;
}
