//! Events of one commit, in their order.

use vestnik_model::{Channel, DeliveryState, DeliveryStatus, NotificationStatus, Reason, UserId};

use vestnik_store::events::Names;

use super::*;

fn happened(what: What) -> Happened {
    Happened {
        number: 7,
        at: "2026-11-28T09:00:00Z".parse().unwrap(),
        names: Names {
            external_id: Some("8812".to_owned()),
            correlation_id: None,
        },
        what,
    }
}

fn changes() -> Changed {
    Changed {
        notification: "ntf_0192f0c1000070008000000000000001".parse().unwrap(),
        deliveries: Vec::new(),
        reached: Vec::new(),
        became: None,
    }
}

fn changed(number: u8, status: DeliveryStatus) -> ChangedDelivery {
    ChangedDelivery {
        id: format!("dlv_0192f0c100007000800000000000000{number}")
            .parse()
            .unwrap(),
        user: UserId::parse(format!("u{number}")).unwrap(),
        summary: Summary {
            status,
            ..Summary::of(&DeliveryState::pending())
        },
    }
}

fn told(changed: Changed) -> Vec<String> {
    let told = |view: EventView| {
        let user = view
            .data
            .user
            .map(|user| user.to_string())
            .unwrap_or_default();
        assert_eq!(view.data.external_id.as_deref(), Some("8812"));
        format!("{} {user} {:?}", view.kind, view.data.reached)
            .trim()
            .to_owned()
    };
    let happened = happened(What::Changed(changed));
    views(happened).into_iter().map(told).collect()
}

#[test]
fn deliveries_come_first_and_in_the_order_of_their_ids() {
    let all = Changed {
        deliveries: vec![
            changed(3, DeliveryStatus::Sent),
            changed(1, DeliveryStatus::Read),
            changed(2, DeliveryStatus::Pending),
        ],
        reached: vec![(DeliveryStatus::Sent, 1)],
        became: Some(NotificationStatus::Sent),
        ..changes()
    };
    let happened = happened(What::Changed(all.clone()));
    let ids: Vec<_> = views(happened).iter().map(|view| view.id).collect();
    assert!(ids.is_sorted());
    assert_eq!(
        told(all),
        [
            "delivery.read u1 {}",
            "delivery.sent u3 {}",
            "notification.sent  {}"
        ]
    );
}

#[test]
fn a_delivery_is_told_with_what_explains_it() {
    let lost = changed(1, DeliveryStatus::Undelivered);
    let lost = ChangedDelivery {
        summary: Summary {
            reason: Some(Reason::TokenDead.into()),
            channel: Some(Channel::Fcm),
            ..lost.summary
        },
        ..lost
    };
    let late = changed(2, DeliveryStatus::Read);
    let late = ChangedDelivery {
        summary: Summary {
            late: true,
            double_contact: true,
            ..late.summary
        },
        ..late
    };
    let all = Changed {
        deliveries: vec![lost, late, changed(3, DeliveryStatus::Sent)],
        ..changes()
    };
    let happened = happened(What::Changed(all));
    let told = |view: EventView| {
        let mut data = serde_json::to_value(view.data).unwrap();
        let about = ["notification_id", "external_id", "delivery_id", "reached"];
        data.as_object_mut()
            .unwrap()
            .retain(|name, _| !about.contains(&name.as_str()));
        data
    };
    let told: Vec<_> = views(happened).into_iter().map(told).collect();
    assert_eq!(
        told,
        [
            serde_json::json!({"user": "u1", "reason": "token.dead", "channel": "fcm"}),
            serde_json::json!({"user": "u2", "late": true, "double_contact": true}),
            serde_json::json!({"user": "u3"}),
        ]
    );
}

#[test]
fn a_part_that_changed_alike_is_progress_or_comes_with_the_status() {
    let part = Changed {
        reached: vec![(DeliveryStatus::Sent, 200)],
        ..changes()
    };
    assert_eq!(
        told(part.clone()),
        ["notification.progress  {\"sent\": 200}"]
    );
    let last = Changed {
        became: Some(NotificationStatus::Sent),
        ..part
    };
    assert_eq!(told(last), ["notification.sent  {\"sent\": 200}"]);
    assert!(told(changes()).is_empty());
}
