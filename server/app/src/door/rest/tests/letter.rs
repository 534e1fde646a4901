//! Letters to Anna.

use serde_json::json;
use vestnik_model::{AppId, NotificationId};
use vestnik_rules::work::{LEASE, WorkKind};
use vestnik_store::{
    dispatch::{Begun, Recipient},
    recipients::Reader,
    work::{ClaimQuery, Part},
};

use super::world::{World, text};

/// Anna's address.
pub(super) const ADDRESS: &str = "anna@shop.example";

pub(super) fn shop() -> AppId {
    AppId::parse("shop").unwrap()
}

/// Publishes a notification by letter to Anna, whose sending begins.
pub(super) async fn begin(world: &World) -> (NotificationId, Begun) {
    let account = json!({"host": "127.0.0.1", "security": "none", "from": "news@shop.example"});
    let put = world.admin("PUT /v1/providers/email", Some(account)).await;
    assert_eq!(put.status, 204, "{put:?}");
    let body = json!({"address": ADDRESS});
    let put = world.admin("PUT /v1/users/anna/email", Some(body)).await;
    assert_eq!(put.status, 204, "{put:?}");
    let publish = json!({
        "to": {"users": ["anna"]}, "notification": {"title": "PLANTED"},
        "steps": [{"channel": "email"}],
    });
    let accepted = world.admin("POST /v1/notifications", Some(publish)).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let id = text(&accepted.body["id"]).parse().unwrap();
    (id, dispatch(world).await)
}

async fn dispatch(world: &World) -> Begun {
    let (store, now) = (&world.state.store, world.state.clock.now());
    let asked = ClaimQuery {
        kind: WorkKind::Dispatch,
        behind: None,
        except: Vec::new(),
        limit: 1,
        lease_until: now + LEASE,
        now,
    };
    let claim = store.claim(asked).await.unwrap().claims.remove(0);
    let part = Part {
        claim,
        rows: 10,
        seed: [1; 32],
        now,
    };
    store.dispatch(part).await.unwrap().begun.remove(0)
}

/// The reader of a letter that has begun.
pub(super) fn reader(begun: &Begun) -> Reader {
    let Recipient::Mailbox { number, .. } = begun.recipient else {
        panic!("it is no letter: {begun:?}");
    };
    Reader {
        app: shop(),
        user: begun.user.clone(),
        number,
    }
}
