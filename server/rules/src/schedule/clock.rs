//! Whose clock a local time is read by, and where that is known from.

use jiff::tz::TimeZone;
use vestnik_model::publish::{OnNoTimeZone, ZoneRule};

use super::zone::zone;

/// What is known of a recipient's zone. A name that the database does not have counts as absent: a
/// device may know zones that are newer than it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ZoneFacts<'a> {
    /// The zone that their installation reported; of several, that of the one used last.
    pub installation: Option<&'a str>,
    /// The zone among their user's attributes.
    pub user_attribute: Option<&'a str>,
    /// The zone that their telephone number belongs to.
    pub phone: Option<&'a str>,
    /// The App's default zone.
    pub app_default: Option<&'a str>,
}

/// Where a zone is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZoneSource {
    /// The sender named it.
    Sender,
    /// The recipient's installation reported it.
    Installation,
    /// It is among their user's attributes.
    UserAttribute,
    /// Their telephone number's prefix belongs to it.
    NumberingPlan,
    /// It is the App's default.
    AppDefault,
    /// Nothing is known: UTC.
    Utc,
}

impl ZoneSource {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Installation => "installation",
            Self::UserAttribute => "user_attribute",
            Self::NumberingPlan => "numbering_plan",
            Self::AppDefault => "app_default",
            Self::Utc => "utc",
        }
    }
}

/// A zone and where it is known from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The zone.
    pub zone: TimeZone,
    /// Where it is known from.
    pub source: ZoneSource,
}

/// The clock by which a recipient's local times are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clock {
    /// That of a zone.
    Of(Located),
    /// None: the recipient's zone is not known, and they are notified without waiting for it.
    SendNow,
    /// None: the recipient's zone is not known, and they are not notified.
    Drop,
}

/// The clock that a sender's rule means for a recipient.
#[must_use]
pub fn clock(rule: &ZoneRule, facts: &ZoneFacts<'_>) -> Clock {
    let on_unknown = match rule {
        ZoneRule::Named(name) => {
            // Names are checked when a notification is accepted. One that a later version's database has
            // lost is read as UTC.
            let named = zone(name.as_str()).map(from(ZoneSource::Sender));
            return Clock::Of(named.unwrap_or_else(utc));
        }
        ZoneRule::Recipient(on_unknown) => *on_unknown,
    };
    match (known(facts), on_unknown) {
        (Some(located), _) => Clock::Of(located),
        (None, OnNoTimeZone::AppDefault) => Clock::Of(default_of(facts)),
        (None, OnNoTimeZone::SendNow) => Clock::SendNow,
        (None, OnNoTimeZone::Drop) => Clock::Drop,
    }
}

/// The clock of a recipient for what they want themselves: the App's default where theirs is not known.
#[must_use]
pub fn locate(facts: &ZoneFacts<'_>) -> Located {
    known(facts).unwrap_or_else(|| default_of(facts))
}

fn known(facts: &ZoneFacts<'_>) -> Option<Located> {
    let ZoneFacts {
        installation,
        user_attribute,
        phone,
        app_default: _,
    } = *facts;
    let reported = installation.and_then(zone);
    reported
        .map(from(ZoneSource::Installation))
        .or_else(|| {
            user_attribute
                .and_then(zone)
                .map(from(ZoneSource::UserAttribute))
        })
        .or_else(|| phone.and_then(zone).map(from(ZoneSource::NumberingPlan)))
}

fn default_of(facts: &ZoneFacts<'_>) -> Located {
    let default = facts.app_default.and_then(zone);
    default
        .map(from(ZoneSource::AppDefault))
        .unwrap_or_else(utc)
}

fn from(source: ZoneSource) -> impl Fn(TimeZone) -> Located {
    move |zone| Located { zone, source }
}

const fn utc() -> Located {
    Located {
        zone: TimeZone::UTC,
        source: ZoneSource::Utc,
    }
}

#[cfg(test)]
mod tests {
    use vestnik_model::publish::ZoneName;

    use super::*;

    const ALL: ZoneFacts<'_> = ZoneFacts {
        installation: Some("Asia/Tokyo"),
        user_attribute: Some("America/Lima"),
        phone: Some("Europe/Moscow"),
        app_default: Some("Europe/Berlin"),
    };

    #[track_caller]
    fn check(facts: ZoneFacts<'_>, expected: (&str, ZoneSource)) {
        let located = locate(&facts);
        let name = located.zone.iana_name().unwrap();
        assert_eq!((name, located.source), expected);
        let rule = ZoneRule::Recipient(OnNoTimeZone::AppDefault);
        assert_eq!(clock(&rule, &facts), Clock::Of(located));
    }

    #[test]
    fn the_nearest_source_gives_the_zone() {
        use ZoneSource::{AppDefault, Installation, NumberingPlan, UserAttribute, Utc};
        check(ALL, ("Asia/Tokyo", Installation));
        // A name that the database does not have is passed over.
        for installation in [None, Some("Mars/Olympus"), Some("Etc/Unknown"), Some("")] {
            let facts = ZoneFacts {
                installation,
                ..ALL
            };
            check(facts, ("America/Lima", UserAttribute));
        }
        let facts = ZoneFacts {
            installation: None,
            user_attribute: None,
            ..ALL
        };
        check(facts, ("Europe/Moscow", NumberingPlan));
        let mobile = ZoneFacts {
            phone: Some("Mars/Olympus"),
            ..facts
        };
        check(mobile, ("Europe/Berlin", AppDefault));
        check(ZoneFacts::default(), ("UTC", Utc));
    }

    #[test]
    fn an_unknown_zone_follows_the_senders_policy() {
        let unknown = ZoneFacts {
            app_default: ALL.app_default,
            ..ZoneFacts::default()
        };
        for (policy, expected) in [
            (OnNoTimeZone::SendNow, Clock::SendNow),
            (OnNoTimeZone::Drop, Clock::Drop),
        ] {
            let rule = ZoneRule::Recipient(policy);
            assert_eq!(clock(&rule, &unknown), expected);
            assert_eq!(clock(&rule, &ALL), Clock::Of(locate(&ALL)));
        }
    }

    #[test]
    fn a_named_zone_is_everybodys() {
        let rule = ZoneRule::Named(ZoneName::parse("Asia/Kathmandu").unwrap());
        let Clock::Of(located) = clock(&rule, &ALL) else {
            panic!("there is such a zone");
        };
        assert_eq!(located.zone.iana_name(), Some("Asia/Kathmandu"));
        assert_eq!(located.source, ZoneSource::Sender);
    }
}
