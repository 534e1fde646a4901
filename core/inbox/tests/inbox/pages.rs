//! Pages of the history.

use serde_json::json;
use vestnik_inbox::{Filter, HistoryPage, HistoryQuery, Place, Shelf, Start};
use vestnik_model::NotificationId;

use super::world::{World, at, id, notification, with};

fn page(world: &mut World, start: Start, limit: u32) -> HistoryPage {
    let query = HistoryQuery {
        start,
        limit,
        ..HistoryQuery::default()
    };
    world.read(|history| history.page(&query))
}

fn filtered(world: &mut World, filter: Filter) -> Vec<NotificationId> {
    let query = HistoryQuery {
        filter,
        ..HistoryQuery::default()
    };
    ids(&world.read(|history| history.page(&query)))
}

fn ids(page: &HistoryPage) -> Vec<NotificationId> {
    page.items.iter().map(|item| item.notification.id).collect()
}

#[test]
fn pages_neither_skip_nor_repeat_while_more_comes() {
    let mut world = World::new();
    world.page((1..=5).map(notification).collect());
    let (mut start, mut seen, mut number) = (Start::Newest, Vec::new(), 100);
    loop {
        let page = page(&mut world, start, 2);
        seen.extend(ids(&page));
        world.page(vec![notification(number)]);
        number += 1;
        if !page.has_more {
            break;
        }
        start = Start::Before(page.end.unwrap());
    }
    assert_eq!(seen, (1..=5).rev().map(id).collect::<Vec<_>>());
}

#[test]
fn pages_go_both_ways() {
    let mut world = World::new();
    world.page((1..=7).map(notification).collect());
    let oldest = page(&mut world, Start::Before("3".parse::<Place>().unwrap()), 50);
    assert_eq!(ids(&oldest), [id(2), id(1)]);
    let newer = page(&mut world, Start::After(oldest.items[0].place), 3);
    assert_eq!(ids(&newer), [id(5), id(4), id(3)]);
    assert!(newer.has_more);
    let newest = page(&mut world, Start::After(newer.end.unwrap()), 3);
    assert_eq!(ids(&newest), [id(7), id(6)]);
    assert!(!newest.has_more);
    let none = page(&mut world, Start::After(newest.end.unwrap()), 3);
    assert_eq!((none.end, none.has_more), (None, false));
}

#[test]
fn a_page_is_bounded_and_never_empty_by_its_limit() {
    let mut world = World::new();
    world.page((1..=300).map(notification).collect());
    assert_eq!(page(&mut world, Start::Newest, 0).items.len(), 1);
    assert_eq!(page(&mut world, Start::Newest, u32::MAX).items.len(), 200);
}

#[test]
fn filters_are_combined() {
    let mut world = World::new();
    world.page(vec![
        with(1, json!({"category": "orders"})),
        notification(2),
    ]);
    world.pass(100);
    world.page(vec![
        with(3, json!({"category": "orders"})),
        with(4, json!({"category": "promo"})),
    ]);
    world.write(|inbox| inbox.mark_read(&[id(3), id(2)]));
    // Whether only unread ones, the category, whether only since second 100.
    let cases = [
        ((false, None, false), vec![4, 3, 2, 1]),
        ((true, None, false), vec![4, 1]),
        ((false, Some("orders"), false), vec![3, 1]),
        ((false, None, true), vec![4, 3]),
        ((false, Some("orders"), true), vec![3]),
        ((true, Some("orders"), true), vec![]),
        ((false, Some("news"), false), vec![]),
    ];
    for ((unread_only, category, is_late), expected) in cases {
        let filter = Filter {
            unread_only,
            category: category.map(|name| name.parse().unwrap()),
            since: is_late.then(|| at(100)),
            ..Filter::default()
        };
        let expected: Vec<_> = expected.into_iter().map(id).collect();
        assert_eq!(filtered(&mut world, filter.clone()), expected, "{filter:?}");
    }
}

/// Reads all that a filter lists in pages of two, from a row on, in the order of the direction.
fn walk(world: &mut World, filter: &Filter, from: u64, is_newer: bool) -> Vec<NotificationId> {
    let mut place: Place = from.to_string().parse().unwrap();
    let mut seen = Vec::new();
    loop {
        let query = HistoryQuery {
            start: match is_newer {
                true => Start::After(place),
                false => Start::Before(place),
            },
            filter: filter.clone(),
            limit: 2,
        };
        let page = world.read(|history| history.page(&query));
        let mut found = ids(&page);
        if is_newer {
            found.reverse();
        }
        seen.extend(found);
        match page.end {
            Some(end) if page.has_more => place = end,
            Some(_) | None => return seen,
        }
    }
}

#[test]
fn a_category_is_read_both_ways_among_what_is_unread_or_archived() {
    let mut world = World::new();
    let is_order = |number: u64| (10..=40).contains(&number) && number.is_multiple_of(3);
    let category = |number| if is_order(number) { "orders" } else { "promo" };
    let arrived = |number| with(number, json!({"category": category(number)}));
    world.page((1..=60).map(arrived).collect());
    let (is_archived, is_read) = (
        |number: u64| number.is_multiple_of(4),
        |number: u64| number.is_multiple_of(5),
    );
    let all = |is: fn(u64) -> bool| {
        (1..=60)
            .filter(|number| is(*number))
            .map(id)
            .collect::<Vec<_>>()
    };
    world.write(|inbox| inbox.archive(&all(is_archived), true));
    world.write(|inbox| inbox.mark_read(&all(is_read)));
    for (shelf, unread_only) in [
        (Shelf::Inbox, true),
        (Shelf::All, true),
        (Shelf::Archive, false),
        (Shelf::Archive, true),
    ] {
        for wanted in ["orders", "promo", "news"] {
            let is_listed = |number: &u64| {
                let is_on_shelf = match shelf {
                    Shelf::Inbox => !is_archived(*number),
                    Shelf::Archive => is_archived(*number),
                    Shelf::All => true,
                };
                is_on_shelf && category(*number) == wanted && !(unread_only && is_read(*number))
            };
            let filter = Filter {
                shelf,
                unread_only,
                category: Some(wanted.parse().unwrap()),
                since: None,
            };
            for from in [1, 25, 61] {
                let older: Vec<_> = (1..from).rev().filter(is_listed).map(id).collect();
                let found = walk(&mut world, &filter, from, false);
                assert_eq!(found, older, "{filter:?} before {from}");
                let newer: Vec<_> = (from + 1..=60).filter(is_listed).map(id).collect();
                let found = walk(&mut world, &filter, from, true);
                assert_eq!(found, newer, "{filter:?} after {from}");
            }
        }
    }
}

#[test]
fn places_are_texts_for_shells() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    let place = world.history().items[0].place;
    assert_eq!(place.to_string().parse(), Ok(place));
    assert!("first".parse::<Place>().is_err());
}

#[test]
fn what_came_since_a_moment_is_found_among_many_also_when_the_clock_went_back() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    // Every 500th came while the clock was an hour ahead.
    world.raw(|db| {
        db.execute_batch(
            "WITH RECURSIVE n (x) AS (SELECT 2 UNION ALL SELECT x + 1 FROM n WHERE x < 7000)
             INSERT INTO notification (id, revision, accepted_at, received_at, expires_at, show, content)
             SELECT randomblob(16), 0, 0, 1800000000000 + (x + iif(x % 500 = 0, 3600, 0)) * 1000, 0,
                 'shown', (SELECT content FROM notification WHERE row = 1)
             FROM n",
        )
    });
    for since in [1, 1_000, 3_000, 6_990, 9_000, 99_999] {
        let query = HistoryQuery {
            filter: Filter {
                since: Some(at(since)),
                ..Filter::default()
            },
            limit: 200,
            ..HistoryQuery::default()
        };
        let page = world.read(|history| history.page(&query));
        let found: Vec<_> = page
            .items
            .iter()
            .map(|item| item.place.to_string())
            .collect();
        let is_since = |row: &i64| row + i64::from(row % 500 == 0) * 3_600 >= since;
        let expected: Vec<_> = (2..=7_000).rev().filter(is_since).collect();
        assert_eq!(page.has_more, expected.len() > 200, "{since}");
        let expected: Vec<_> = expected.iter().take(200).map(ToString::to_string).collect();
        assert_eq!(found, expected, "{since}");
    }
}
