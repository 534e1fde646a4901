use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;
use vestnik_model::{AudienceRequest, DeliveryStatus, email::EmailAddress};

use super::*;

fn user(number: i64) -> UserId {
    UserId::parse(format!("u{number}")).unwrap()
}

fn installation(number: u128) -> InstallationId {
    InstallationId::from_uuid(Uuid::from_u128(number))
}

fn uploaded(number: u128) -> AudienceId {
    AudienceId::from_uuid(Uuid::from_u128(number))
}

fn topic(number: usize) -> TopicName {
    TopicName::parse(format!("t{number}")).unwrap()
}

fn email(number: usize) -> EmailAddress {
    EmailAddress::parse(&format!("m{number}@a.example")).unwrap()
}

fn shop() -> AppId {
    AppId::parse("shop").unwrap()
}

fn key() -> ContactKey {
    ContactKey::new([7; 32])
}

fn plan(request: AudienceRequest) -> Plan {
    Plan::of(&shop(), &Audience::parse(request).unwrap(), &key())
}

#[test]
fn a_hundred_explicit_recipients_are_expanded_at_once() {
    #[track_caller]
    fn check(users: i64, installations: u128, topics: usize, expected: bool) {
        let plan = plan(AudienceRequest {
            users: (0..users).map(user).collect(),
            installations: (0..installations).map(installation).collect(),
            topics: (0..topics).map(topic).collect(),
            exclude_users: Vec::new(),
            ..AudienceRequest::default()
        });
        assert_eq!(plan.is_first_part(), expected);
    }
    check(1, 0, 0, true);
    check(100, 0, 0, true);
    check(60, 40, 0, true);
    check(101, 0, 0, false);
    check(60, 41, 0, false);
    check(1, 0, 1, false);
    let uploads = AudienceRequest {
        audiences: vec![uploaded(1)],
        ..AudienceRequest::default()
    };
    assert!(!plan(uploads).is_first_part());
    let mailboxes = |count| {
        let request = AudienceRequest {
            emails: (0..count).map(email).collect(),
            ..AudienceRequest::default()
        };
        plan(request).is_first_part()
    };
    assert!(mailboxes(100));
    assert!(!mailboxes(101));
}

#[test]
fn a_stored_plan_names_nobodys_mailbox() {
    let plan = plan(AudienceRequest {
        emails: vec![email(1)],
        ..AudienceRequest::default()
    });
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(!stored.contains("a.example"), "{stored}");
    assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan);
    let source = plan.source(Position::START).unwrap();
    let hash = key().hash(&shop(), Contact::Email(&email(1)));
    assert_eq!(source.members, Members::Contacts(vec![hash]));
}

#[test]
fn a_plan_of_another_version_is_read_as_far_as_it_is_understood() {
    let stored = json!({
        "users": ["anna", "", "bert"], "topics": ["", "news"], "segments": ["vip"],
        "exclude_users": ["", "eve"]
    });
    let plan: Plan = serde_json::from_value(stored).unwrap();
    let source = plan.source(Position::START).unwrap();
    let Members::Users(users) = source.members else {
        panic!("no users")
    };
    let keys: Vec<_> = users
        .iter()
        .map(|listed| (listed.key, listed.user.as_str()))
        .collect();
    assert_eq!(keys, [(0, "anna"), (2, "bert")]);

    // The first topic cannot be read: the walk goes on at the second, under its own number.
    let source = plan.source(source.position.end()).unwrap();
    assert_eq!(
        source.position,
        Position {
            source: 2,
            after: None,
            within: None
        }
    );
    assert!(matches!(source.members, Members::Topic(name) if name.as_str() == "news"));
    assert_eq!(plan.source(source.position.end()), None);
    assert_eq!(plan.topics().count(), 1);

    let eve = UserId::parse("eve").unwrap();
    let candidate = Candidate {
        user: &eve,
        addressed: Addressed::ALL,
        has_installation: true,
    };
    assert_eq!(admit(&plan, candidate, Timestamp::UNIX_EPOCH), None);
}

#[test]
fn the_plan_is_stored_as_it_was() {
    let plan = plan(AudienceRequest {
        users: vec![user(1)],
        installations: vec![installation(7)],
        topics: vec![topic(1)],
        exclude_users: vec![user(2)],
        ..AudienceRequest::default()
    });
    let stored = json!({
        "users": ["u1"], "topics": ["t1"], "exclude_users": ["u2"],
        "installations": ["ins_00000000000000000000000000000007"]
    });
    assert_eq!(serde_json::to_value(&plan).unwrap(), stored);
    assert_eq!(serde_json::from_value::<Plan>(stored).unwrap(), plan);
    let position = json!({"source": 3, "after": 17});
    assert_eq!(
        serde_json::to_value(Position {
            source: 3,
            after: Some(17),
            within: None
        })
        .unwrap(),
        position
    );
    let within = json!({"source": 3, "after": 17, "within": 4});
    let position = Position::default().within(17, 4);
    let position = Position {
        source: 3,
        ..position
    };
    assert_eq!(serde_json::to_value(position).unwrap(), within);
}

#[test]
fn a_line_of_many_users_is_walked_in_parts() {
    let start = Position::START;
    for (position, expected) in [
        (start, [true, true, true, true]),
        (start.within(2, 5), [false, true, true, true]),
        (start.within(2, 6), [false, false, true, true]),
        (start.past(2), [false, false, true, true]),
        (start.within(3, 5), [false, false, false, true]),
    ] {
        let members = [(2, 5), (2, 6), (3, 5), (3, 6)];
        let left = members.map(|(line, user)| position.is_before(line, user));
        assert_eq!(left, expected, "{position:?}");
    }
}

#[test]
fn a_user_without_an_installation_begins_undelivered() {
    let (plan, anna) = (
        plan(AudienceRequest {
            users: vec![user(1)],
            ..Default::default()
        }),
        user(1),
    );
    let candidate = |has_installation| Candidate {
        user: &anna,
        addressed: Addressed::ALL,
        has_installation,
    };
    let member = |has| {
        admit(&plan, candidate(has), Timestamp::UNIX_EPOCH)
            .unwrap()
            .state
    };
    assert_eq!(member(true), DeliveryState::pending());
    assert_eq!(member(false).status, DeliveryStatus::Undelivered);
    assert_eq!(member(false).reason, Some(Reason::DeviceNoneActive.into()));
}

/// Who is where in a database: subscribers and mailboxes by the keys of their users, installations by their
/// owner's, lines of uploaded audiences by their numbers.
#[derive(Debug, Clone, Default)]
struct World {
    subscribers: BTreeMap<TopicName, BTreeSet<i64>>,
    mailboxes: BTreeMap<EmailAddress, BTreeSet<i64>>,
    owners: BTreeMap<InstallationId, i64>,
    uploads: BTreeMap<AudienceId, Vec<Upload>>,
}

/// A line of an uploaded audience.
#[derive(Debug, Clone)]
enum Upload {
    User(i64),
    Mailbox(usize),
    Installation(u128),
}

/// A candidate with the key of its place in its source.
type Named = (i64, UserId, Option<Vec<InstallationId>>);
type Deliveries = BTreeMap<UserId, Option<Vec<InstallationId>>>;

impl World {
    /// The candidates of a source behind a key, in the order of keys.
    fn candidates(&self, plan: &Plan, source: &Source) -> Vec<Named> {
        let is_left = |key: i64| source.position.after.is_none_or(|after| key > after);
        match &source.members {
            Members::Users(users) => {
                let listed = users
                    .iter()
                    .map(|listed| (listed.key, listed.user.clone(), None));
                listed.collect()
            }
            Members::Topic(name) => {
                let keys = self.subscribers.get(name).into_iter().flatten().copied();
                keys.filter(|key| is_left(*key))
                    .map(|key| (key, user(key), None))
                    .collect()
            }
            Members::Contacts(listed) => {
                let mailboxes = self.mailboxes.iter();
                let named = mailboxes.filter(|(address, _)| {
                    listed.contains(&key().hash(&shop(), Contact::Email(address)))
                });
                let keys: BTreeSet<i64> = named.flat_map(|(_, keys)| keys).copied().collect();
                let left = keys.into_iter().filter(|key| is_left(*key));
                left.map(|key| (key, user(key), None)).collect()
            }
            Members::Installations(listed) => {
                let owners = listed.iter().filter_map(|id| self.owners.get(id));
                let owners: BTreeSet<i64> = owners.copied().filter(|key| is_left(*key)).collect();
                let owners = owners.into_iter();
                owners
                    .map(|key| (key, user(key), Some(self.only(plan, key))))
                    .collect()
            }
            Members::Uploaded(id, naming) => {
                let mut named = self.named_by_lines(plan, *id, *naming);
                named.retain(|(key, _, _)| is_left(*key));
                named
            }
        }
    }

    /// Whom the lines of an uploaded audience name in one way, each with the number of the line, or of the user
    /// where it names one.
    fn named_by_lines(&self, plan: &Plan, id: AudienceId, naming: Naming) -> Vec<Named> {
        let mut named = Vec::new();
        for (number, line) in (0..).zip(self.uploads.get(&id).into_iter().flatten()) {
            match (naming, line) {
                (Naming::User, Upload::User(key)) => named.push((*key, user(*key), None)),
                (Naming::Contact, Upload::Mailbox(mailbox)) => {
                    let users = self.mailboxes.get(&email(*mailbox)).into_iter().flatten();
                    // A part holds all users of a line: one who is not there is passed over.
                    named.extend(users.map(|key| (number, user(*key), None)));
                }
                (Naming::Installation, Upload::Installation(id)) => {
                    let owner = self.owners.get(&installation(*id));
                    named.extend(
                        owner.map(|owner| (number, user(*owner), Some(self.only(plan, *owner)))),
                    );
                }
                (Naming::User | Naming::Contact | Naming::Installation, _) => {}
            }
        }
        named.sort_by_key(|(key, _, _)| *key);
        named.dedup();
        named
    }

    /// The installations of a user that the plan names, one by one or by a line.
    fn only(&self, plan: &Plan, owner: i64) -> Vec<InstallationId> {
        let lines = plan.audiences().filter_map(|id| self.uploads.get(&id));
        let uploaded: BTreeSet<_> = lines
            .flatten()
            .filter_map(|line| match line {
                Upload::Installation(id) => Some(installation(*id)),
                Upload::User(_) | Upload::Mailbox(_) => None,
            })
            .collect();
        let owned = self.owners.iter().filter(|(_, of)| **of == owner);
        owned
            .map(|(id, _)| *id)
            .filter(|id| plan.names_installation(*id) || uploaded.contains(id))
            .collect()
    }

    /// Expands an audience in parts of so many rows. Every part reads its position from JSON, and part
    /// `crashed` is done twice, as after a crash before its commit.
    fn expand(&self, plan: &Plan, rows: usize, crashed: usize) -> Deliveries {
        let (mut saved, mut deliveries, mut parts) = (json!({}), Deliveries::new(), 0);
        loop {
            let position: Position = serde_json::from_value(saved.clone()).unwrap();
            let Some(source) = plan.source(position) else {
                return deliveries;
            };
            parts += 1;
            assert!(parts < 200, "the walk does not end");
            let mut part = self.candidates(plan, &source);
            let is_last = part.len() < rows;
            // Those whom one line names are one part.
            let end = (rows..part.len()).find(|end| part[*end].0 != part[*end - 1].0);
            part.truncate(end.unwrap_or(part.len()));
            let last = part.last().map(|(key, _, _)| *key);
            for (_, user, only) in part {
                let candidate = Candidate {
                    user: &user,
                    addressed: Addressed::only(only),
                    has_installation: true,
                };
                if let Some(member) = admit(plan, candidate, Timestamp::UNIX_EPOCH) {
                    deliveries.entry(user).or_insert(member.addressed.only);
                }
            }
            if parts != crashed {
                let position = match last {
                    Some(key) if !is_last => source.position.past(key),
                    Some(_) | None => source.position.end(),
                };
                saved = serde_json::to_value(position).unwrap();
            }
        }
    }
}

fn lines() -> impl Strategy<Value = Upload> {
    prop_oneof![
        (0..30_i64).prop_map(Upload::User),
        (0..8_usize).prop_map(Upload::Mailbox),
        (0..12_u128).prop_map(Upload::Installation),
    ]
}

prop_compose! {
    fn worlds()(
        subscribers in prop::collection::vec(prop::collection::btree_set(0..30_i64, 0..15), 4),
        mailboxes in prop::collection::vec(prop::collection::btree_set(0..30_i64, 0..4), 6),
        owners in prop::collection::btree_map(0..12_u128, 0..30_i64, 0..12),
        uploads in prop::collection::btree_map(
            (0..4_u128).prop_map(uploaded), prop::collection::vec(lines(), 0..15), 0..4,
        ),
    ) -> World {
        World {
            subscribers: (0..).map(topic).zip(subscribers).collect(),
            mailboxes: (0..).map(email).zip(mailboxes).collect(),
            owners: owners.into_iter().map(|(id, owner)| (installation(id), owner)).collect(),
            uploads,
        }
    }
}

prop_compose! {
    fn audiences()(
        users in prop::collection::btree_set(0..30_i64, 0..8),
        topics in prop::collection::btree_set(0..5_usize, 0..4),
        emails in prop::collection::btree_set(0..8_usize, 0..4),
        installations in prop::collection::btree_set(0..12_u128, 1..8),
        uploads in prop::collection::btree_set(0..5_u128, 0..3),
        excluded in prop::collection::btree_set(0..30_i64, 0..5),
    ) -> AudienceRequest {
        AudienceRequest {
            users: users.into_iter().map(user).collect(),
            topics: topics.into_iter().map(topic).collect(),
            emails: emails.into_iter().map(email).collect(),
            installations: installations.into_iter().map(installation).collect(),
            audiences: uploads.into_iter().map(uploaded).collect(),
            exclude_users: excluded.into_iter().map(user).collect(),
            ..AudienceRequest::default()
        }
    }
}

/// Whom an audience means, said without parts.
fn meant(world: &World, request: &AudienceRequest) -> Deliveries {
    let mut meant = Deliveries::new();
    let lines: Vec<_> = request
        .audiences
        .iter()
        .filter_map(|id| world.uploads.get(id))
        .flatten()
        .collect();
    let mut installations: BTreeSet<_> = request.installations.iter().copied().collect();
    let (mut whole_users, mut mailboxes) = (request.users.clone(), request.emails.clone());
    for line in lines {
        match line {
            Upload::User(key) => whole_users.push(user(*key)),
            Upload::Mailbox(number) => mailboxes.push(email(*number)),
            Upload::Installation(number) => drop(installations.insert(installation(*number))),
        }
    }
    for id in installations {
        if let Some(owner) = world.owners.get(&id) {
            meant
                .entry(user(*owner))
                .or_insert_with(|| Some(Vec::new()))
                .as_mut()
                .unwrap()
                .push(id);
        }
    }
    let topics = request
        .topics
        .iter()
        .filter_map(|name| world.subscribers.get(name))
        .flatten();
    let named = mailboxes.iter();
    let named = named.filter_map(|address| world.mailboxes.get(address));
    let whole = topics
        .chain(named.flatten())
        .map(|key| user(*key))
        .chain(whole_users);
    meant.extend(whole.map(|user| (user, None)));
    meant.retain(|user, _| !request.exclude_users.contains(user));
    meant
}

proptest! {
    #[test]
    fn each_part_size_expands_the_same_audience(
        world in worlds(), request in audiences(), rows in 1..40_usize, crashed in 0..10_usize,
    ) {
        let deliveries = world.expand(&plan(request.clone()), rows, crashed);
        prop_assert_eq!(deliveries, meant(&world, &request));
    }
}
