//! What a person does not want: no delivery that they opted out of is made, released or tried.
//!
//! An opt-out of everything or of a category counts until a delivery is handed over: it is asked when the
//! delivery is made, when it is released, and before each try. One of a topic counts when an audience is
//! expanded, as that is when it is settled who is meant and why: a topic from which somebody opted out does
//! not name them. If nothing else in the audience does, they get a delivery that has ended, so that the
//! sender sees why. Nothing goes round an opt-out, neither urgency nor another channel.
//!
//! ```
//! use vestnik_model::preference::OptOuts;
//! use vestnik_rules::{consent::unwanted, hold::OptOut};
//!
//! let said: OptOuts = serde_json::from_str(r#"{"categories": ["promotions"]}"#)?;
//! let (promotions, orders) = ("promotions".parse()?, "orders".parse()?);
//! assert_eq!(unwanted(&said, Some(&promotions)), Some(OptOut::Category));
//! assert_eq!(unwanted(&said, Some(&orders)), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeSet;

use vestnik_model::{
    AudienceId, CategoryName, FieldProblem, InstallationId, TopicName,
    preference::{OptOutChange, OptOuts, StoredOptOuts},
};

use crate::{
    audience::{Members, Plan, Source},
    contact::ContactHash,
    hold::OptOut,
};

/// Why a person does not want a notification of a category, by what names them for it aside.
#[must_use]
pub fn unwanted(opt_outs: &OptOuts, category: Option<&CategoryName>) -> Option<OptOut> {
    if opt_outs.all {
        return Some(OptOut::All);
    }
    let is_category = category.is_some_and(|category| opt_outs.categories.contains(category));
    is_category.then_some(OptOut::Category)
}

/// What a person does not want after a change, whoever makes it; `None` if it is so already.
///
/// # Errors
/// Which lists would be too long; nothing changes then.
pub fn changed(
    stored: &StoredOptOuts,
    change: &OptOutChange,
) -> Result<Option<StoredOptOuts>, Vec<FieldProblem>> {
    let changed = stored.changed(change)?;
    Ok((changed != *stored).then_some(changed))
}

/// What the reader of a letter does not want once they have unsubscribed from its category, or from everything;
/// `None` if it is so already. Who has no room for another category does not want anything: they said that they
/// want less, and not which category may stay.
#[must_use]
pub fn unsubscribed(
    stored: &StoredOptOuts,
    category: Option<CategoryName>,
) -> Option<StoredOptOuts> {
    let everything = OptOutChange {
        all: Some(true),
        ..OptOutChange::default()
    };
    let change = category.map_or_else(
        || everything.clone(),
        |category| OptOutChange {
            categories: [(category, true)].into(),
            ..OptOutChange::default()
        },
    );
    let unsubscribed = changed(stored, &change).or_else(|_| changed(stored, &everything));
    unsubscribed.ok().flatten()
}

/// What else than listed users can name a person for a notification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ways {
    /// The topics that they subscribe to.
    pub topics: BTreeSet<TopicName>,
    /// What their addresses are found by.
    pub contacts: Vec<ContactHash>,
    /// Their installations.
    pub installations: Vec<InstallationId>,
    /// The uploaded audiences of the plan with a line that names them.
    pub audiences: Vec<AudienceId>,
}

/// What a source of an audience is to a person whom it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// It names them.
    Open,
    /// They opted out of it, and another source names them.
    Elsewhere,
    /// They opted out of it, and nothing else names them.
    Refused,
}

/// Whether a person opted out of a source of an audience.
#[must_use]
pub fn is_left(members: &Members, opt_outs: &OptOuts) -> bool {
    match members {
        Members::Topic(topic) => opt_outs.topics.contains(topic),
        Members::Users(_)
        | Members::Contacts(_)
        | Members::Installations(_)
        | Members::Uploaded(..) => false,
    }
}

/// Decides what a source of a plan is to a person whom it names. Only the sources behind it count as others:
/// whom one before it named has a delivery already.
#[must_use]
pub fn passage(plan: &Plan, source: &Source, opt_outs: &OptOuts, ways: &Ways) -> Passage {
    if !is_left(&source.members, opt_outs) {
        return Passage::Open;
    }
    let wanted = |name: &TopicName| ways.topics.contains(name) && !opt_outs.topics.contains(name);
    let is_elsewhere = plan
        .topics_behind(source.position)
        .any(|name| wanted(&name))
        || plan.audiences().any(|id| ways.audiences.contains(&id))
        || ways.contacts.iter().any(|hash| plan.names_contact(hash))
        || ways
            .installations
            .iter()
            .any(|id| plan.names_installation(*id));
    if is_elsewhere {
        Passage::Elsewhere
    } else {
        Passage::Refused
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use vestnik_model::{AppId, Audience, preference::MAX_OPT_OUTS};

    use super::*;
    use crate::{
        audience::Position,
        contact::{Contact, ContactKey},
    };

    fn said(value: Value) -> OptOuts {
        serde_json::from_value(value).unwrap()
    }

    fn topic(name: &str) -> TopicName {
        TopicName::parse(name).unwrap()
    }

    #[test]
    fn everything_comes_before_a_category() {
        let promotions = "promotions".parse().unwrap();
        #[track_caller]
        fn check(said: &OptOuts, category: Option<&CategoryName>, expected: Option<OptOut>) {
            assert_eq!(unwanted(said, category), expected);
        }
        let category = said(json!({"categories": ["promotions", "news"]}));
        check(&category, Some(&promotions), Some(OptOut::Category));
        check(&category, Some(&"orders".parse().unwrap()), None);
        check(&category, None, None);
        let all = said(json!({"all": true, "categories": ["promotions"]}));
        check(&all, Some(&promotions), Some(OptOut::All));
        check(&all, None, Some(OptOut::All));
        check(
            &said(json!({"topics": ["promotions"]})),
            Some(&promotions),
            None,
        );
    }

    /// The source of a number.
    fn source(number: u32, members: Members) -> Source {
        let position = Position {
            source: number,
            ..Position::START
        };
        Source { position, members }
    }

    /// Of a person who opted out of news and gossip, at the first topic of the audience.
    #[track_caller]
    fn check(to: Value, ways: &Ways, expected: Passage) {
        let audience = Audience::parse(serde_json::from_value(to).unwrap()).unwrap();
        let app = AppId::parse("shop").unwrap();
        let plan = Plan::of(&app, &audience, &ContactKey::new([7; 32]));
        let first = plan.source(Position::START).unwrap();
        let said = said(json!({"topics": ["news", "gossip"]}));
        assert_eq!(passage(&plan, &first, &said, ways), expected);
    }

    #[test]
    fn a_topic_that_somebody_left_does_not_name_them() {
        let of = |names: &[&str]| Ways {
            topics: names.iter().map(|name| topic(name)).collect(),
            ..Ways::default()
        };
        check(
            json!({"topics": ["news"]}),
            &of(&["news"]),
            Passage::Refused,
        );
        let two = json!({"topics": ["news", "sports"]});
        check(two.clone(), &of(&["news", "sports"]), Passage::Elsewhere);
        check(two, &of(&["news"]), Passage::Refused);
        let both = json!({"topics": ["news", "gossip"]});
        check(both, &of(&["news", "gossip"]), Passage::Refused);
        // What the audience does not name is no way into it.
        check(
            json!({"topics": ["news"]}),
            &of(&["news", "sports"]),
            Passage::Refused,
        );
    }

    #[test]
    fn who_is_named_by_address_or_installation_is_meant() {
        let app = AppId::parse("shop").unwrap();
        let hash = |address: &str| {
            let address = vestnik_model::email::EmailAddress::parse(address).unwrap();
            ContactKey::new([7; 32]).hash(&app, Contact::Email(&address))
        };
        let mailbox = |address: &str| Ways {
            contacts: vec![hash(address)],
            ..Ways::default()
        };
        let to = json!({"topics": ["news"], "emails": ["anna@a.example"]});
        check(to.clone(), &mailbox("anna@a.example"), Passage::Elsewhere);
        check(to, &mailbox("bert@a.example"), Passage::Refused);
        let id = "ins_00000000000000000000000000000001";
        let phone = |id: &str| Ways {
            installations: vec![id.parse().unwrap()],
            ..Ways::default()
        };
        let to = json!({"topics": ["news"], "installations": [id]});
        check(to.clone(), &phone(id), Passage::Elsewhere);
        check(
            to,
            &phone("ins_00000000000000000000000000000002"),
            Passage::Refused,
        );
    }

    #[test]
    fn who_is_named_by_a_line_of_an_uploaded_audience_is_meant() {
        let id = "aud_00000000000000000000000000000001";
        let to = json!({"topics": ["news"], "audiences": [id]});
        let uploaded = |id: &str| Ways {
            audiences: vec![id.parse().unwrap()],
            ..Ways::default()
        };
        check(to.clone(), &uploaded(id), Passage::Elsewhere);
        let other = uploaded("aud_00000000000000000000000000000002");
        check(to, &other, Passage::Refused);
    }

    /// What the walk has passed names nobody any more: who came into it meanwhile has no delivery by it.
    #[test]
    fn only_the_sources_behind_count() {
        let plan: Plan = serde_json::from_value(json!({"topics": ["sports", "news"]})).unwrap();
        let ways = Ways {
            topics: [topic("sports"), topic("news")].into(),
            ..Ways::default()
        };
        let at = |number, name| source(number, Members::Topic(topic(name)));
        let no_news = said(json!({"topics": ["news"]}));
        let found = passage(&plan, &at(2, "news"), &no_news, &ways);
        assert_eq!(found, Passage::Refused);
        let no_sports = said(json!({"topics": ["sports"]}));
        let found = passage(&plan, &at(1, "sports"), &no_sports, &ways);
        assert_eq!(found, Passage::Elsewhere);
    }

    #[test]
    fn other_sources_are_open() {
        let said = said(json!({"topics": ["news"]}));
        for members in [
            Members::Topic(topic("sports")),
            Members::Users(Vec::new()),
            Members::Contacts(Vec::new()),
            Members::Installations(Vec::new()),
            Members::Uploaded(
                AudienceId::from_uuid(uuid::Uuid::from_u128(1)),
                crate::audience::Naming::User,
            ),
        ] {
            assert!(!is_left(&members, &said));
            let found = passage(
                &Plan::default(),
                &source(1, members),
                &said,
                &Ways::default(),
            );
            assert_eq!(found, Passage::Open);
        }
    }

    fn stored(value: Value) -> StoredOptOuts {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn every_change_is_put_into_what_is_there_and_keeps_what_is_not_known() {
        let before = stored(json!({"categories": ["news"], "senders": ["bank"]}));
        let change = serde_json::from_value(json!({"topics": {"gossip": true}})).unwrap();
        let after = json!({"categories": ["news"], "topics": ["gossip"], "senders": ["bank"]});
        let after = stored(after);
        assert_eq!(changed(&before, &change), Ok(Some(after.clone())));
        assert_eq!(changed(&after, &change), Ok(None));
        let promotions = || Some("promotions".parse().unwrap());
        let left = json!({
            "categories": ["news", "promotions"], "topics": ["gossip"], "senders": ["bank"],
        });
        let left = stored(left);
        assert_eq!(unsubscribed(&after, promotions()), Some(left.clone()));
        assert_eq!(unsubscribed(&left, promotions()), None);
    }

    #[test]
    fn who_unsubscribes_is_never_refused_for_want_of_room() {
        let name = |number: usize| Some(CategoryName::parse(format!("c{number}")).unwrap());
        let mut full = StoredOptOuts::default();
        for number in 0..MAX_OPT_OUTS {
            full = unsubscribed(&full, name(number)).unwrap();
        }
        assert_eq!((full.known.all, full.known.categories.len()), (false, 100));
        assert_eq!(unsubscribed(&full, name(0)), None);
        let nothing = unsubscribed(&full, name(MAX_OPT_OUTS)).unwrap();
        assert!(nothing.known.all && nothing.known.categories.len() == MAX_OPT_OUTS);
        assert_eq!(unsubscribed(&nothing, name(MAX_OPT_OUTS)), None);
        assert!(
            unsubscribed(&StoredOptOuts::default(), None)
                .unwrap()
                .known
                .all
        );
    }
}
