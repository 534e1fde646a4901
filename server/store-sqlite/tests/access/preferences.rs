//! Opt-outs that a later version wrote: they are no longer known here, and nothing that is said now erases them.

use serde_json::{Value, json};
use vestnik_store::{
    Recipients as _,
    recipients::{OptOutOutcome, Whose},
};

use crate::world::{World, app, user};

fn written(world: &World) -> Value {
    let file = rusqlite::Connection::open(world.path()).unwrap();
    let text: String = file
        .query_row("SELECT opt_out FROM user", [], |row| row.get(0))
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn change(world: &World, change: Value) -> OptOutOutcome {
    let change = serde_json::from_value(change).unwrap();
    let whose = Whose::User(app("shop"), user("anna"));
    let changed = world.store.change_opt_outs(whose, change, world.now());
    changed.await.unwrap()
}

#[tokio::test]
async fn what_a_later_version_wrote_is_kept() {
    let world = World::new().await;
    change(&world, json!({"categories": {"news": true}})).await;
    let later = json!({"categories": ["news", ""], "senders": ["bank"]}).to_string();
    let file = rusqlite::Connection::open(world.path()).unwrap();
    file.execute("UPDATE user SET opt_out = ?1", [later])
        .unwrap();
    let all = json!({"all": true, "categories": {"news": false}});
    let OptOutOutcome::Now(known) = change(&world, all).await else {
        panic!("there is room");
    };
    assert!(known.all && known.categories.is_empty());
    let kept = json!({"all": true, "categories": [""], "topics": [], "senders": ["bank"]});
    assert_eq!(written(&world), kept);
    change(&world, json!({"all": false})).await;
    let kept = json!({"all": false, "categories": [""], "topics": [], "senders": ["bank"]});
    assert_eq!(written(&world), kept, "it wants something less, still");
    world.close().await;
}
