use serde::de::DeserializeOwned;
use serde_json::json;

use super::*;
use crate::{
    installation::{Permission, Platform},
    key::{KeyCreated, KeyView, Scope},
    subscription::Topic,
};

fn time() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) -> Value {
    let mut json = serde_json::to_value(value).unwrap();
    let written = json.clone();
    json["from_a_later_version"] = json!([1]);
    assert_eq!(serde_json::from_value::<T>(json).unwrap(), *value);
    written
}

fn notification() -> NotificationView {
    NotificationView {
        id: "ntf_00000000000000000000000000000001".parse().unwrap(),
        status: NotificationStatus::Sent,
        is_recalled: true,
        legacy_status: NotificationStatus::Sent.legacy_status().to_owned(),
        outcome: Some(Outcome::Partial.into()),
        settled_at: Some(time()),
        paused_at: Some(time()),
        schedule: Some(ScheduleView {
            send_at: Some("2026-11-21T09:00:00Z".to_owned()),
            ..ScheduleView::default()
        }),
        opens_at: Some(time()),
        counts: Counts::default(),
        counts_by_channel: [(Channel::Fcm.into(), Counts::default())].into(),
        cost: Sums::default(),
        saved: Sums::default(),
        warnings: vec![Warning::AudienceEmpty.into()],
        notification: ContentView {
            title: "Order".to_owned(),
            body: String::new(),
            image: None,
            category: None,
            traffic_type: TrafficType::Service.into(),
            priority: Open::read("volcanic"),
            click: None,
            actions: vec![action()],
            data: None,
        },
        external_id: None,
        correlation_id: None,
        collapse_key: None,
        accepted_at: time(),
        expires_at: time(),
    }
}

fn delivery() -> DeliveryView {
    DeliveryView {
        id: "dlv_00000000000000000000000000000002".parse().unwrap(),
        notification_id: notification().id,
        user: UserId::parse("anna").unwrap(),
        status: DeliveryStatus::Undelivered,
        reason: Some(Reason::DeliveryUnconfirmed.into()),
        late: false,
        double_contact: true,
        channel: Some(Channel::Email.into()),
        step: Some(1),
        step_channel: Some(StepChannel::Email.into()),
        switched: Some(Reason::DeviceNoneActive.into()),
        engagement: vec![Engagement::Actioned],
        sent_at: Some(time()),
        delivered_at: None,
        read_at: None,
    }
}

#[test]
fn what_rest_shows() {
    let attempt = AttemptView {
        id: "att_00000000000000000000000000000003".parse().unwrap(),
        delivery_id: delivery().id,
        installation_id: Some("ins_00000000000000000000000000000004".parse().unwrap()),
        channel: Channel::Hub.into(),
        status: AttemptStatus::Sent.into(),
        reason: None,
        tries: 1,
        unproven: 0,
        said: None,
        provider: Some("backup".to_owned()),
        passed_over: vec![PassedOver {
            provider: "main".to_owned(),
            reason: Reason::ProviderUnavailable.into(),
            asked: true,
        }],
        until: None,
        started_at: time(),
        delivered_at: None,
        read_at: None,
        not_shown: Some(Reason::BlockedApp.into()),
        cost: Sums::default(),
    };
    let installation = InstallationView {
        id: "ins_00000000000000000000000000000004".parse().unwrap(),
        user: delivery().user,
        state: Some(InstallationState {
            platform: Platform::Web.into(),
            model: None,
            os_version: None,
            app_version: None,
            locale: None,
            time_zone: None,
            permission: Permission::NotAsked.into(),
            envelope_key: None,
            push_addresses: vec![],
        }),
        is_primary: true,
        opened_at: Some(time()),
        imported_at: None,
        created_at: time(),
        updated_at: time(),
    };
    let list = List {
        data: vec![1],
        next_cursor: Some("c".to_owned()),
    };
    insta::assert_json_snapshot!([
        check(&notification()),
        check(&delivery()),
        check(&attempt),
        check(&installation),
        check(&list),
    ]);
}

#[test]
fn what_an_administrator_sees() {
    let key = KeyView {
        id: "k1".to_owned(),
        name: "shop".to_owned(),
        scopes: vec![Scope::Publish.into(), Open::read("dance")],
        created_at: time(),
        last_used_at: None,
    };
    let created = KeyCreated {
        id: "k1".to_owned(),
        key: "vk_k1_geheim".to_owned(),
        name: "shop".to_owned(),
        scopes: vec![Scope::Admin.into()],
    };
    assert!(!format!("{created:?}").contains("geheim"));
    let topic = Topic {
        name: "orders".parse().unwrap(),
        self_subscribe: true,
        subscribers: 3,
    };
    insta::assert_json_snapshot!([check(&key), check(&created), check(&topic)]);
}

#[test]
fn other_versions_words_are_no_obstacle() {
    let mut newer = serde_json::to_value(delivery()).unwrap();
    newer["reason"] = json!("provider.throttled");
    newer["engagement"] = json!(["admired", "clicked", 7]);
    let read: DeliveryView = serde_json::from_value(newer).unwrap();
    assert_eq!(read.reason.unwrap().as_str(), "provider.throttled");
    assert_eq!(read.engagement, [Engagement::Clicked]);
}

fn action() -> Action {
    Action {
        id: "answer".to_owned(),
        kind: crate::ActionKind::Reply.into(),
        title: "Answer".to_owned(),
        url: None,
        placeholder: Some("Your message".to_owned()),
    }
}
