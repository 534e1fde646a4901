use proptest::prelude::*;
use serde_json::{Map, json};
use uuid::Uuid;

use super::*;

const EPOCH: Epoch = Epoch(42);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn installation(number: u128) -> InstallationId {
    InstallationId::from_uuid(Uuid::from_u128(number))
}

fn cursor(text: &str) -> Cursor {
    Cursor::parse(text).unwrap()
}

#[test]
fn one_place_has_one_text() {
    let place = Place {
        epoch: EPOCH,
        seq: 17,
        tag: Tag(0xc0ff_ee00),
    };
    assert_eq!(Place::read(&cursor("0000002a:17:c0ffee00")), Some(place));
    for other in [
        "2a:17:c0ffee00",
        "0000002A:17:c0ffee00",
        "+000002a:17:c0ffee00",
        "0000002a:+17:c0ffee00",
        "0000002a:017:c0ffee00",
        "0000002a::c0ffee00",
        "0000002a:-1:c0ffee00",
        "0000002a:17:c0ffee0",
        "0000002a:17:c0ffee00:",
        "0000002a:17",
        "0000002a:9223372036854775808:c0ffee00",
        "v2.c2hvcA==",
    ] {
        assert_eq!(Place::read(&cursor(other)), None, "{other}");
    }
}

proptest! {
    #[test]
    fn a_place_reads_back(epoch in any::<u32>(), seq in 0..=i64::MAX as u64, tag in any::<u32>()) {
        let place = Place { epoch: Epoch(epoch), seq, tag: Tag(tag) };
        prop_assert_eq!(Place::read(&place.cursor()), Some(place));
    }

    #[test]
    fn no_cursor_panics(text in "[!-~]{1,64}") {
        let cursor = cursor(&text);
        if let Some(place) = Place::read(&cursor) {
            prop_assert_eq!(place.cursor(), cursor);
        }
    }
}

/// A log in memory: the tag of each entry.
#[derive(Debug, Clone)]
struct Log {
    tags: Vec<Tag>,
    /// How many of the oldest entries retention took away.
    gone: usize,
}

impl Log {
    fn place(&self, seq: usize) -> Place {
        match seq.checked_sub(1) {
            None => Place::start(EPOCH),
            Some(index) => Place {
                epoch: EPOCH,
                seq: seq as u64,
                tag: self.tags[index],
            },
        }
    }

    fn standing(&self, cursor: Option<&Cursor>) -> Standing {
        standing(cursor, self.place(self.tags.len()), |seq| {
            let index = seq as usize - 1;
            (index >= self.gone).then(|| self.tags[index])
        })
    }
}

fn tags(seed: u8, count: usize) -> Vec<Tag> {
    (0..count)
        .map(|number| tag_of(&[seed; 32], &number.to_be_bytes()))
        .collect()
}

proptest! {
    /// A backup was restored, or a volume set back: both histories go on from `shared` entries, each
    /// with its own. Whether the new log has overtaken the old one or not, every place of the old one
    /// behind the fork is found out, and no place before it.
    #[test]
    fn a_cursor_of_another_history_is_found_out(shared in 0..20_usize, old in 0..20_usize, new in 0..20_usize) {
        let common = tags(1, shared);
        let lost = Log { tags: [common.clone(), tags(2, old)].concat(), gone: 0 };
        let log = Log { tags: [common, tags(3, new)].concat(), gone: 0 };
        for seq in 0..=shared + old {
            let place = lost.place(seq);
            let expected = if seq <= shared { Standing::Known(place) } else { Standing::OtherHistory };
            prop_assert_eq!(log.standing(Some(&place.cursor())), expected);
        }
    }

    #[test]
    fn a_place_of_the_log_is_known_whatever_retention_took(count in 0..20_usize, gone in 0..30_usize) {
        let log = Log { tags: tags(1, count), gone };
        for seq in 0..=count {
            let place = log.place(seq);
            prop_assert_eq!(log.standing(Some(&place.cursor())), Standing::Known(place));
        }
    }
}

#[test]
fn a_device_of_another_epoch_or_without_a_cursor_reads_from_the_beginning() {
    let log = Log {
        tags: tags(1, 3),
        gone: 0,
    };
    let other = Place {
        epoch: Epoch(43),
        ..log.place(2)
    };
    assert_eq!(log.standing(None), Standing::None);
    assert_eq!(log.standing(Some(&other.cursor())), Standing::None);
    assert_eq!(log.standing(Some(&cursor("v2.c2hvcA=="))), Standing::None);
    let empty = Log {
        tags: Vec::new(),
        gone: 0,
    };
    assert_eq!(
        empty.standing(Some(&log.place(1).cursor())),
        Standing::OtherHistory
    );
    // The number of the beginning with a tag, or another's tag with a right number.
    for wrong in [
        Place {
            seq: 0,
            ..log.place(1)
        },
        Place {
            seq: 3,
            ..log.place(1)
        },
    ] {
        assert_eq!(log.standing(Some(&wrong.cursor())), Standing::OtherHistory);
    }
}

#[test]
fn an_epoch_is_renewed_at_most_once_a_minute() {
    #[track_caller]
    fn check(last: Option<i64>, expected: bool) {
        assert_eq!(may_renew(last.map(at), at(1_000)), expected);
    }
    check(None, true);
    check(Some(1_000), false);
    check(Some(941), false);
    check(Some(940), true);
    check(Some(9_999), true);
}

#[test]
fn every_renewal_and_every_life_is_another_epoch() {
    let epochs: std::collections::BTreeSet<_> =
        (0..5_000).map(|count| epoch_of(7, count)).collect();
    assert_eq!(epochs.len(), 5_000);
    assert_ne!(epoch_of(7, 3), epoch_of(8, 3));
}

#[test]
fn a_tag_follows_from_seed_and_salt() {
    assert_eq!(tag_of(&[1; 32], b"a"), tag_of(&[1; 32], b"a"));
    assert_ne!(tag_of(&[1; 32], b"a"), tag_of(&[1; 32], b"b"));
    assert_ne!(tag_of(&[1; 32], b"a"), tag_of(&[2; 32], b"a"));
    assert!((0..10_000_u32).all(|salt| tag_of(&[1; 32], &salt.to_be_bytes()) != Tag(0)));
}

#[test]
fn what_a_device_cannot_apply_is_withheld() {
    #[track_caller]
    fn check(entry: serde_json::Value, expected: Option<Feature>) {
        let entry: Entry = serde_json::from_value(entry).unwrap();
        assert_eq!(needs(&entry), expected, "{entry:?}");
    }
    let id = "ntf_00000000000000000000000000000001";
    let at = "2026-11-28T09:00:00Z";
    check(
        json!({"kind": "recall", "id": id, "at": at}),
        Some(Feature::Recall),
    );
    for (flag, expected) in [
        ("read", None),
        ("archived", Some(Feature::Flags)),
        ("deleted", Some(Feature::Flags)),
        ("pinned", Some(Feature::Flags)),
    ] {
        let entry =
            json!({"kind": "state", "id": id, "at": at, "flag": flag, "value": true, "version": 1});
        check(entry, expected);
    }
    assert_eq!(needs(&Entry::read(Map::new())), None);
}

fn reader() -> Reader<'static> {
    Reader {
        installation: installation(1),
        features: &[Open::Known(Feature::Recall)],
        now: at(100),
    }
}

prop_compose! {
    fn candidates()(
        rows in prop::collection::vec(
            (
                prop::option::of(prop::collection::vec(1..3_u128, 0..3)),
                prop::option::of(prop::sample::select(vec![99, 100, 101])),
                prop::option::of(prop::sample::select(&Feature::ALL[..])),
                0..60_usize,
            ),
            0..40,
        )
    ) -> Vec<Candidate> {
        (1..).zip(rows).map(|(seq, (only, expires_at, needs, bytes))| Candidate {
            place: Place { epoch: EPOCH, seq, tag: Tag(7) },
            only: only.map(|only| only.into_iter().map(installation).collect()),
            expires_at: expires_at.map(at),
            needs,
            bytes,
        }).collect()
    }
}

proptest! {
    /// A device reads page after page, each cut from a stretch of the log under bounds of its own.
    #[test]
    fn reading_on_ends_and_gives_each_entry_once(
        candidates in candidates(),
        bounds in prop::collection::vec((0..9_u32, 0..150_usize), 1..6),
        stretch in 1..12_usize,
    ) {
        let (mut read, mut given) = (0, Vec::new());
        let mut bounds = bounds.into_iter().cycle();
        while read < candidates.len() {
            let (entries, bytes) = bounds.next().unwrap();
            let end = candidates.len().min(read + stretch);
            let page = cut(&candidates[read..end], &reader(), PageBound { entries, bytes });
            prop_assert!(page.covered >= 1 && page.covered <= entries.max(1) as usize);
            prop_assert!(page.given.iter().all(|index| *index < page.covered));
            let size: usize = page.given.iter().map(|index| candidates[read + index].bytes).sum();
            prop_assert!(size <= bytes || page.given.len() == 1);
            given.extend(page.given.iter().map(|index| read + index));
            read += page.covered;
        }
        let expected: Vec<_> = candidates.iter().enumerate().filter(|(_, candidate)| {
            candidate.only.as_ref().is_none_or(|only| only.contains(&installation(1)))
                && candidate.expires_at != Some(at(99)) && candidate.expires_at != Some(at(100))
                && candidate.needs != Some(Feature::Flags)
        }).map(|(index, _)| index).collect();
        prop_assert_eq!(given, expected);
    }
}

#[test]
fn nothing_to_read_is_an_empty_page() {
    let page = cut(
        &[],
        &reader(),
        PageBound {
            entries: 9,
            bytes: 9,
        },
    );
    assert_eq!(
        page,
        Cut {
            given: Vec::new(),
            covered: 0
        }
    );
}
