//! This version's own messages, one of every kind with every field set.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use vestnik_model::{
    Arrival, Channel, Click, ClickKind, Counts, Currency, Cursor, DeliveryStatus, Devices,
    Engagement, Entry, Fact, FactId, FactKind, FactRefusal, FactResult, Feature, FieldCode,
    FieldProblem, Flag, InstallationReport, InstallationSecret, InstallationState, KeyView, Money,
    Notification, NotificationStatus, Open, Outcome, Permission, Platform, Priority, Problem,
    ProblemCode, Publication, PublishAccepted, PublishRequest, PushAddress, PushAddressKind,
    PushEnvironment, Reason, Recall, Report, Scope, StateChange, Sums, TokenRequest, TokenResponse,
    UserId, Warning, Word,
    contract::{
        Answer, Behind, CONTRACT, DeliveryChange, Done, Drain, Entries, Hello,
        InstallationReplaced, Limits, OfNotification, Page, Published, Reported, SenderHello,
        StatusChange, Subscribe, Sync, UpdateState, Watch, Welcome,
    },
    limits,
    publish::{ErrorPolicy, StepChannel},
    token::TokenType,
    view::{
        AttemptStatus, AttemptView, DeliveryView, InstallationView, List, NotificationView,
        PassedOver,
    },
};

const NOTIFICATION: &str = "ntf_0192f0c1000070008000000000000001";
const DELIVERY: &str = "dlv_0192f0c1000070008000000000000002";
const INSTALLATION: &str = "ins_0192f0c1000070008000000000000003";
const AT: &str = "2026-11-28T09:00:00.25Z";

/// Every sample by its kind.
pub(crate) fn all() -> Vec<(&'static str, Value)> {
    [
        from_devices(),
        to_devices(),
        of_senders(),
        of_rest(),
        of_views(),
        of_costs(),
        stored(),
    ]
    .concat()
}

fn value(sample: impl Serialize) -> Value {
    serde_json::to_value(sample).unwrap()
}

/// A type that is read from its text.
fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn cursor(seq: u32) -> Cursor {
    parsed(&format!("0000002a:{seq}:c0ffee00"))
}

fn words<T: Word>() -> Vec<Open<T>> {
    T::WORDS.iter().copied().map(Open::Known).collect()
}

fn from_devices() -> Vec<(&'static str, Value)> {
    let hello = Hello {
        contract: CONTRACT,
        features: Feature::all(),
        installation_id: parsed(INSTALLATION),
        cursor: Some(cursor(17)),
        locale: Some("ru".to_owned()),
        time_zone: Some("Europe/Moscow".to_owned()),
        permission: Some(Permission::Granted.into()),
        app_version: Some("1.2.3".to_owned()),
    };
    let update = UpdateState {
        permission: Some(Permission::Denied.into()),
        time_zone: Some("Asia/Omsk".to_owned()),
        locale: Some("en-GB".to_owned()),
        app_version: Some("1.2.4".to_owned()),
        opened_seconds_ago: None,
    };
    let opened = UpdateState {
        opened_seconds_ago: Some(12),
        ..update.clone()
    };
    let sync = Sync {
        cursor: Some(cursor(17)),
        limit: Some(50),
    };
    let report = Report {
        facts: facts(),
        cursor: Some(cursor(20)),
    };
    let subscribe = Subscribe {
        topic: parsed("orders/eu:1"),
    };
    vec![
        ("hello", value(hello)),
        ("sync", value(sync)),
        ("report", value(report)),
        ("subscribe", value(subscribe)),
        ("update-state", value(update)),
        ("update-state-opened", value(opened)),
    ]
}

/// A fact of every kind.
fn facts() -> Vec<Fact> {
    let fact = |(index, kind): (usize, FactKind)| {
        let body = match kind {
            FactKind::Flag => Some(json!({"flag": "archived", "value": true})),
            FactKind::Reply => Some(json!({"text": "Да 👍", "action": "answer"})),
            FactKind::NotShown => Some(json!({"reason": "blocked.os"})),
            FactKind::Actioned => Some(json!({"action": "pay"})),
            FactKind::Delivered
            | FactKind::Displayed
            | FactKind::Read
            | FactKind::Clicked
            | FactKind::Dismissed
            | FactKind::ReadUpTo => None,
        };
        let is_by_cursor = kind == FactKind::ReadUpTo;
        Fact {
            id: format!("f-{index}"),
            kind: kind.into(),
            notification_id: (!is_by_cursor).then(|| NOTIFICATION.to_owned()),
            up_to: is_by_cursor.then(|| cursor(19).as_str().to_owned()),
            version: (kind == FactKind::Flag).then_some(3),
            at: parsed(AT),
            body,
        }
    };
    FactKind::ALL.into_iter().enumerate().map(fact).collect()
}

fn to_devices() -> Vec<(&'static str, Value)> {
    let welcome = Welcome {
        contract: CONTRACT,
        features: Feature::all(),
        cursor: Some(cursor(20)),
        behind_by: 3,
        server_time: parsed(AT),
        limits: Limits {
            page_bytes: limits::DEFAULT_PAGE_BYTES as u64,
            report_bytes: limits::REPORT_BYTES as u64,
            publish_bytes: limits::PUBLISH_BYTES as u64,
        },
    };
    let page = Page {
        after: cursor(17),
        cursor: cursor(20),
        entries: entries(),
        more: true,
    };
    let live = Entries {
        after: cursor(17),
        cursor: cursor(20),
        entries: entries(),
    };
    let replaced = InstallationReplaced {
        reason: "taken_over".to_owned(),
    };
    let refusal = Answer::<Done>::Refused {
        problem: problem().into(),
    };
    let drain = Drain {
        retry_after_ms: 750,
    };
    vec![
        ("welcome", value(welcome)),
        ("page", value(page)),
        ("reported", value(reported())),
        ("done", value(Done {})),
        ("refusal", value(refusal)),
        ("entries", value(live)),
        ("behind", value(Behind { cursor: cursor(20) })),
        ("installation-replaced", value(replaced)),
        ("drain", value(drain)),
    ]
}

fn reported() -> Reported {
    let id = FactId::parse("f-1").unwrap();
    let refused = FactRefusal::ALL.map(|why| FactResult::refused("f-2", why));
    let mut results = vec![FactResult::taken(&id, true), FactResult::taken(&id, false)];
    results.extend(refused);
    Reported { results }
}

/// An entry of every kind, and a state of every flag.
fn entries() -> Vec<Entry> {
    let (id, at) = (parsed(NOTIFICATION), parsed(AT));
    let state = |flag: Flag| {
        Entry::State(StateChange {
            id,
            at,
            flag: flag.into(),
            value: true,
            version: 3,
        })
    };
    let mut entries = vec![arrival(), Entry::Recall(Recall { id, at })];
    entries.extend(Flag::ALL.map(state));
    entries
}

fn arrival() -> Entry {
    Entry::Notification(Box::new(Arrival {
        id: parsed(NOTIFICATION),
        at: parsed(AT),
        delivery_id: parsed(DELIVERY),
        read_at: Some(parsed(AT)),
        notification: notification(),
    }))
}

fn notification() -> Notification {
    let publication = Publication::parse(publish()).unwrap();
    publication.accept(parsed(NOTIFICATION), parsed(AT))
}

fn publish() -> PublishRequest {
    serde_json::from_value(json!({
        "to": {"users": ["anna"], "topics": ["orders"], "installations": [INSTALLATION],
            "exclude_users": ["boris"]},
        "notification": {"title": "Заказ 8812", "body": "В пути 🚚\nСегодня", "category": "order_status",
            "image": "https://cdn.example/x.jpg", "traffic_type": "service", "priority": "critical",
            "click": {"type": "app", "url": "shop://orders/8812"},
            "data": {"order": {"id": 8812, "sum": 1999.99, "gift": null, "tags": ["a", true]}}},
        "ttl_seconds": 3600, "external_id": "8812", "correlation_id": "proc-77",
        "idempotency_key": "order-8812",
    }))
    .unwrap()
}

/// A request that asks for some of each person's devices.
fn publish_to_devices() -> PublishRequest {
    let mut request = publish();
    request.to.installations = Vec::new();
    request.to.devices = Devices::PrimaryThenAll;
    request
}

/// A request for devices with a new app.
fn publish_to_new_apps() -> PublishRequest {
    let mut request = publish();
    request.to.min_app_version = [("android", "3.1.0"), ("ios", "3.0")]
        .map(|(platform, version)| (platform.to_owned(), version.to_owned()))
        .into();
    request
}

fn publish_with_error_policy() -> PublishRequest {
    PublishRequest {
        error_policy: ErrorPolicy::Majority,
        ..publish()
    }
}

/// A request with a button of each kind.
fn publish_with_actions() -> PublishRequest {
    let mut request = publish();
    let actions = json!([
        {"id": "pay", "type": "link", "title": "Оплатить", "url": "https://shop.example/pay"},
        {"id": "answer", "type": "reply", "title": "Ответить", "placeholder": "Сообщение"},
        {"id": "ok", "type": "callback", "title": "Понятно"},
    ]);
    request.notification.actions = serde_json::from_value(actions).unwrap();
    request
}

/// What a notification with buttons is stored as.
fn stored_with_actions() -> Notification {
    let publication = Publication::parse(publish_with_actions()).unwrap();
    publication.accept(parsed(NOTIFICATION), parsed(AT))
}

fn of_senders() -> Vec<(&'static str, Value)> {
    let hello = SenderHello {
        contract: CONTRACT,
        features: Feature::all(),
    };
    let published = Published {
        id: parsed(NOTIFICATION),
        status: NotificationStatus::Sent,
        replayed: true,
        warnings: words::<Warning>(),
    };
    let change = StatusChange {
        version: 12,
        id: parsed(NOTIFICATION),
        status: NotificationStatus::Sending,
        is_recalled: false,
        counts: counts(),
        warnings: words::<Warning>(),
        deliveries: vec![DeliveryChange {
            id: parsed(DELIVERY),
            user: parsed("anna"),
            status: DeliveryStatus::Undelivered,
            reason: Some(Reason::DeliveryUnconfirmed.into()),
            late: true,
        }],
        at: parsed(AT),
    };
    let recalled = StatusChange {
        is_recalled: true,
        ..change.clone()
    };
    let watch = Watch {
        notification_id: parsed(NOTIFICATION),
        after: Some(12),
    };
    let named = OfNotification {
        notification_id: parsed(NOTIFICATION),
    };
    vec![
        ("sender-hello", value(hello)),
        ("publish", value(publish())),
        ("publish-with-actions", value(publish_with_actions())),
        (
            "publish-with-error-policy",
            value(publish_with_error_policy()),
        ),
        ("publish-to-devices", value(publish_to_devices())),
        ("publish-to-new-apps", value(publish_to_new_apps())),
        ("published", value(published)),
        ("watch", value(watch)),
        ("status-change", value(change)),
        ("status-change-recalled", value(recalled)),
        ("of-notification", value(named)),
    ]
}

fn counts() -> Counts {
    Counts {
        pending: 1,
        sent: 2,
        delivered: 3,
        read: 4,
        undelivered: 5,
        unconfirmed: 6,
        expired: 7,
        cancelled: 8,
        ..Counts::default()
    }
}

fn of_rest() -> Vec<(&'static str, Value)> {
    let secret = InstallationSecret::from_bytes([7; 32]);
    let by_identity = TokenRequest::IdentityToken {
        app: parsed("shop"),
        installation_id: parsed(INSTALLATION),
        installation_secret: secret.clone(),
        identity_token: "e30.e30.sig".to_owned(),
    };
    let by_refresh = TokenRequest::RefreshToken {
        refresh_token: "vr_1".to_owned(),
        installation_secret: Some(secret),
    };
    let tokens = TokenResponse {
        access_token: "va_1".to_owned(),
        token_type: TokenType::Bearer,
        expires_in: 900,
        refresh_token: "vr_2".to_owned(),
        user: user(),
        installation_id: Some(parsed(INSTALLATION)),
    };
    let accepted = PublishAccepted {
        id: parsed(NOTIFICATION),
        status: NotificationStatus::Accepted,
        replayed: true,
        warnings: words::<Warning>(),
    };
    vec![
        ("token-by-identity", value(by_identity)),
        ("token-by-refresh", value(by_refresh)),
        ("token-response", value(tokens)),
        ("installation-state", value(installation())),
        ("installation-state-with-key", value(installation())),
        (
            "installation-report",
            value(InstallationReport {
                state: installation(),
                opened_seconds_ago: Some(12),
            }),
        ),
        ("publish-accepted", value(accepted)),
        ("problem", value(problem())),
    ]
}

fn user() -> UserId {
    parsed("anna")
}

fn problem() -> Problem {
    let errors = FieldCode::ALL.map(|code| FieldProblem::new("/ttl_seconds", code, "is wrong"));
    let problem = Problem::invalid(errors.to_vec()).retry_after(7);
    Problem {
        code: ProblemCode::RequestInvalid.into(),
        ..problem
    }
}

fn installation() -> InstallationState {
    let address = |kind: PushAddressKind| PushAddress {
        environment: (kind == PushAddressKind::Apns).then_some(PushEnvironment::Sandbox.into()),
        ..PushAddress::new(kind, format!("address-{kind}"))
    };
    InstallationState {
        platform: Platform::Android.into(),
        model: Some("Pixel 9".to_owned()),
        os_version: Some("16".to_owned()),
        app_version: Some("1.2.3".to_owned()),
        locale: Some("ru".to_owned()),
        time_zone: Some("Europe/Moscow".to_owned()),
        permission: Permission::Provisional.into(),
        envelope_key: Some("k".repeat(43)),
        push_addresses: PushAddressKind::ALL.map(address).to_vec(),
    }
}

fn delivery() -> DeliveryView {
    DeliveryView {
        id: parsed(DELIVERY),
        notification_id: parsed(NOTIFICATION),
        user: user(),
        status: DeliveryStatus::Expired,
        reason: Some(Reason::ExpiredTtl.into()),
        late: true,
        double_contact: false,
        channel: None,
        step: None,
        step_channel: None,
        switched: None,
        engagement: Engagement::ALL.to_vec(),
        sent_at: Some(parsed(AT)),
        delivered_at: Some(parsed(AT)),
        read_at: Some(parsed(AT)),
    }
}

fn notification_view() -> NotificationView {
    NotificationView {
        id: parsed(NOTIFICATION),
        status: NotificationStatus::Error,
        is_recalled: false,
        legacy_status: NotificationStatus::Error.legacy_status().to_owned(),
        outcome: None,
        settled_at: None,
        paused_at: None,
        schedule: None,
        opens_at: None,
        counts: counts(),
        counts_by_channel: BTreeMap::new(),
        cost: Sums::default(),
        saved: Sums::default(),
        warnings: words::<Warning>(),
        notification: notification().into(),
        external_id: Some("8812".to_owned()),
        correlation_id: Some("proc-77".to_owned()),
        collapse_key: None,
        accepted_at: parsed(AT),
        expires_at: parsed(AT),
    }
}

fn installation_view() -> InstallationView {
    InstallationView {
        id: parsed(INSTALLATION),
        user: user(),
        state: Some(installation()),
        is_primary: true,
        opened_at: Some(parsed(AT)),
        imported_at: None,
        created_at: parsed(AT),
        updated_at: parsed(AT),
    }
}

fn of_views() -> Vec<(&'static str, Value)> {
    let notification_view = notification_view();
    let delivery = delivery();
    let by_channel = NotificationView {
        counts_by_channel: [(Channel::Email.into(), counts())].into(),
        ..notification_view.clone()
    };
    let recalled = NotificationView {
        is_recalled: true,
        ..notification_view.clone()
    };
    let paused = NotificationView {
        paused_at: Some(parsed(AT)),
        ..notification_view.clone()
    };
    let settled = NotificationView {
        outcome: Some(Outcome::Partial.into()),
        settled_at: Some(parsed(AT)),
        counts: Counts {
            double_contact: 1,
            late: 2,
            clicked: 3,
            ..counts()
        },
        ..notification_view.clone()
    };
    let at_step = DeliveryView {
        step: Some(1),
        step_channel: Some(StepChannel::Email.into()),
        switched: Some(Reason::DeviceNoneActive.into()),
        ..delivery.clone()
    };
    let by_letter = DeliveryView {
        double_contact: true,
        channel: Some(Channel::Email.into()),
        ..delivery.clone()
    };
    let attempt = attempt();
    let keys = List {
        data: vec![KeyView {
            id: "k1".to_owned(),
            name: "shop".to_owned(),
            scopes: words::<Scope>(),
            created_at: parsed(AT),
            last_used_at: Some(parsed(AT)),
        }],
        next_cursor: Some("c".to_owned()),
    };
    vec![
        ("notification-view", value(notification_view)),
        ("notification-view-by-channel", value(by_channel)),
        ("notification-view-recalled", value(recalled)),
        ("notification-view-settled", value(settled)),
        ("notification-view-paused", value(paused)),
        ("delivery-view", value(delivery)),
        ("delivery-view-by-channel", value(by_letter)),
        ("delivery-view-at-step", value(at_step)),
        ("attempt-view", value(attempt)),
        ("installation-view-primary", value(installation_view())),
        ("list-of-keys", value(keys)),
    ]
}

fn stored() -> Vec<(&'static str, Value)> {
    let link = Click {
        kind: ClickKind::Link.into(),
        url: "https://shop.example/8812".to_owned(),
    };
    let low = Notification {
        priority: Priority::Low.into(),
        click: Some(link),
        ..notification()
    };
    vec![
        ("stored-notification", value(low)),
        (
            "stored-notification-with-actions",
            value(stored_with_actions()),
        ),
        ("stored-entry", value(arrival())),
        ("stored-counts", value(counts())),
    ]
}

fn of_costs() -> Vec<(&'static str, Value)> {
    let costs = NotificationView {
        cost: sums(&["3.20"]),
        saved: sums(&["6.40", "0.0075"]),
        ..notification_view()
    };
    let paid = AttemptView {
        cost: sums(&["3.20"]),
        ..attempt()
    };
    let by_second = AttemptView {
        provider: Some("backup".to_owned()),
        passed_over: vec![PassedOver {
            provider: "main".to_owned(),
            reason: Reason::ProviderUnavailable.into(),
            asked: false,
        }],
        ..attempt()
    };
    vec![
        ("notification-view-costs", value(costs)),
        ("attempt-view-cost", value(paid)),
        ("attempt-view-passed-over", value(by_second)),
    ]
}

fn sums(amounts: &[&str]) -> Sums {
    let currency = Currency::parse("RUB").expect("a currency");
    let amounts = amounts.iter();
    let amounts = amounts.filter_map(|amount| Money::parse(amount, currency));
    amounts.collect()
}

fn attempt() -> AttemptView {
    AttemptView {
        id: parsed("att_0192f0c1000070008000000000000004"),
        delivery_id: parsed(DELIVERY),
        installation_id: Some(parsed(INSTALLATION)),
        channel: Channel::Hub.into(),
        status: AttemptStatus::Read.into(),
        reason: None,
        tries: 1,
        unproven: 0,
        said: None,
        provider: None,
        passed_over: Vec::new(),
        until: None,
        started_at: parsed(AT),
        delivered_at: Some(parsed(AT)),
        read_at: Some(parsed(AT)),
        cost: Sums::default(),
        not_shown: None,
    }
}
