//! What a search finds: fifty searches over forty notifications in two languages.

use serde_json::json;
use vestnik_inbox::SearchQuery;

use super::world::{World, id, notification, with};

/// Titles and texts, as senders write them.
const TEXTS: [(&str, &str); 40] = [
    (
        "Заказ №8812 отправлен",
        "Курьер доставит его завтра с 10:00 до 14:00",
    ),
    (
        "Заказ 8813 доставлен",
        "Спасибо за покупку! Оцените доставку",
    ),
    ("Заказы этой недели", "Посмотрите, что вы заказывали"),
    ("Ёлка ждёт вас", "Ёлочные игрушки со скидкой 30%"),
    (
        "Оплата прошла",
        "Платёж на 1 299 ₽ принят, чек отправлен на почту",
    ),
    (
        "Не удалось списать оплату",
        "Проверьте карту и повторите платёж",
    ),
    ("Код подтверждения 450912", "Никому не сообщайте этот код"),
    (
        "Вход с нового устройства",
        "Москва, Chrome на Windows. Если это не вы, смените пароль",
    ),
    (
        "Встреча перенесена",
        "Совещание в переговорной начнётся в 16:30",
    ),
    (
        "Напоминание о встрече",
        "Через 15 минут: планирование спринта",
    ),
    (
        "Посылка прибыла",
        "Заберите посылку в пункте выдачи до пятницы",
    ),
    (
        "Возврат денег",
        "Деньги вернутся на карту в течение трёх дней",
    ),
    ("Новые сообщения", "У вас 3 непрочитанных сообщения"),
    ("Рейс задержан", "Вылет рейса SU 1402 перенесён на два часа"),
    ("Регистрация на рейс открыта", "Выберите место в самолёте"),
    ("Погода", "Сегодня сильный ветер и дождь, возьмите зонт"),
    (
        "Счёт за электричество",
        "Сумма к оплате 2 340 ₽, срок до 25 ноября",
    ),
    (
        "Запись к врачу",
        "Терапевт Соловьёва, кабинет 12, завтра в 9:15",
    ),
    ("Книга вернулась в библиотеку", "Вы можете взять её снова"),
    ("Мой дом", "Датчик открыл входную дверь"),
    (
        "Order 9001 shipped",
        "Your package is on its way and arrives on Monday",
    ),
    (
        "Order 9002 delivered",
        "Thanks for shopping with us, rate the delivery",
    ),
    (
        "Deliveries this week",
        "Two packages are waiting at the pickup point",
    ),
    (
        "Payment failed",
        "We could not charge your card, please update it",
    ),
    ("Payment received", "Thank you! We received $49.90"),
    (
        "Your verification code is 731204",
        "Never share this code with anyone",
    ),
    ("New sign-in", "Someone signed in from Berlin using Firefox"),
    (
        "Meeting moved",
        "The planning meeting starts at 4:30 pm in room Café",
    ),
    ("Reminder", "Dentist appointment tomorrow at 9 o'clock"),
    (
        "Flight delayed",
        "LH 1452 departs two hours late from gate B17",
    ),
    ("Check-in is open", "Choose your seats before boarding"),
    ("Weather alert", "Strong winds and heavy rain are expected"),
    ("Battery low", "Connect the charger, 10% remaining"),
    (
        "Build failed",
        "Pipeline main: 3 tests failing in core/inbox",
    ),
    (
        "Deployment finished",
        "Version 2.14.0 is running in production",
    ),
    (
        "Invoice 2026-117",
        "Your invoice for November is ready to download",
    ),
    (
        "Subscription renewed",
        "Your subscription was renewed until 2027",
    ),
    ("Naïve résumé", "Señor Müller uploaded a document"),
    (
        "Sale 🎉",
        "Children's shoes and running gear, up to 50% off",
    ),
    (
        "Vestnik обновлён",
        "Новая версия push-сервиса Vestnik установлена",
    ),
];

/// A search, and the numbers of what it finds, the newest first.
const SEARCHES: [(&str, &[u64]); 50] = [
    // Forms of Russian words.
    ("заказ", &[3, 2, 1]),
    ("заказы", &[3, 2, 1]),
    ("заказов", &[3, 2, 1]),
    ("ЗАКАЗАМИ", &[3, 2, 1]),
    ("посылки", &[11]),
    ("посылкой", &[11]),
    ("встречи", &[10, 9]),
    ("встречу перенесена", &[9]),
    ("рейса", &[15, 14]),
    ("рейсы открыты", &[15]),
    ("деньгами", &[12]),
    ("сообщение", &[13]),
    ("платежи", &[6, 5]),
    ("оплаты", &[17, 6, 5]),
    ("книгу", &[19]),
    ("двери", &[20]),
    ("паролем", &[8]),
    ("врача", &[18]),
    // Letters.
    ("елка", &[4]),
    ("Ёлка", &[4]),
    ("елочные", &[4]),
    ("счет", &[17]),
    ("Соловьева", &[18]),
    ("мой", &[20]),
    ("мои", &[20]),
    ("cafe", &[28]),
    ("CAFÉ", &[28]),
    ("naive resume", &[38]),
    ("senor muller", &[38]),
    // Forms of English words.
    ("delivery", &[23, 22]),
    ("deliveries", &[23, 22]),
    ("packages", &[23, 21]),
    ("meetings", &[28]),
    ("shipping", &[21]),
    ("failing", &[34, 24]),
    ("fails", &[34, 24]),
    ("wind", &[32, 8]),
    ("renew subscriptions", &[37]),
    // Numbers.
    ("8812", &[1]),
    ("№ 8812", &[1]),
    ("order 9002", &[22]),
    ("450912", &[7]),
    ("16:30", &[9]),
    // Beginnings.
    ("deliv", &[23, 22]),
    ("регистр", &[15]),
    ("731", &[26]),
    // Several words, in any order and in either part; two languages.
    ("карту деньги", &[12]),
    ("monday order", &[21]),
    ("vestnik версия", &[40]),
    ("order посылка", &[]),
];

fn world() -> World {
    let mut world = World::new();
    let entries = (1..)
        .zip(TEXTS)
        .map(|(number, (title, body))| with(number, json!({"title": title, "body": body})));
    world.page(entries.collect());
    world
}

#[test]
fn fifty_searches_find_what_they_should() {
    let mut world = world();
    let mut wrong = Vec::new();
    for (search, expected) in SEARCHES {
        let found = world.search(search);
        let expected: Vec<_> = expected.iter().copied().map(id).collect();
        if found != expected {
            wrong.push(format!("{search}: {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What stems are worth: without them, so many of the fifty would find less than they should.
#[test]
fn stems_earn_their_place() {
    let fold = |text: &str| -> Vec<String> {
        let text = text.to_lowercase().replace('ё', "е");
        let words = text.split(|c: char| !c.is_alphanumeric());
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let texts = TEXTS.map(|(title, body)| fold(&format!("{title} {body}")));
    let is_found = |search: &str, number: u64| {
        let (words, text) = (fold(search), &texts[usize::try_from(number).unwrap() - 1]);
        let (last, others) = words.split_last().unwrap();
        others.iter().all(|word| text.contains(word))
            && text.iter().any(|word| word.starts_with(last.as_str()))
    };
    let missed = SEARCHES
        .iter()
        .filter(|(search, numbers)| !numbers.iter().all(|number| is_found(search, *number)));
    let missed: Vec<_> = missed.map(|(search, _)| search).collect();
    assert!(missed.len() >= 20, "{}: {missed:?}", missed.len());
}

#[test]
fn operators_and_quotes_are_no_language() {
    let mut world = world();
    for search in [
        "",
        " ",
        "\"",
        "заказ\"",
        "* OR *",
        "words:x",
        "NEAR(a b)",
        "a\0b",
        "-заказ",
        "(",
        "🎉",
        "заказ AND",
        "^order",
        "'; DROP TABLE notification; --",
    ] {
        world.search(search);
    }
    assert_eq!(world.search("заказ\""), world.search("заказ"));
    assert_eq!(world.search("order OR 9001"), [], "a word like any other");
}

#[test]
fn pages_of_a_search_follow_each_other() {
    let mut world = World::new();
    world.page((1..=25).map(notification).collect());
    let (mut before, mut found) = (None, Vec::new());
    loop {
        let query = SearchQuery {
            text: "orders".to_owned(),
            before,
            limit: 10,
        };
        let page = world.read(|history| history.search(&query));
        found.extend(page.items.iter().map(|item| item.notification.id));
        if !page.has_more {
            break;
        }
        before = page.end;
    }
    assert_eq!(found, (1..=25).rev().map(id).collect::<Vec<_>>());
}

#[test]
fn a_beginning_is_found_among_many_others_whether_it_is_frequent_or_rare() {
    let mut world = World::new();
    let words = ["delivery", "delivered", "delta", "delegate", "delight"];
    for begin in (0..2_000).step_by(500) {
        let title = |number: u64| match number {
            7 => "delirium".to_owned(),
            _ => words[(number % 5) as usize].to_owned(),
        };
        let content = |number| with(number, json!({"title": title(number)}));
        world.page((begin + 1..=begin + 500).map(content).collect());
    }
    let mut search = |text: &str, before: Option<vestnik_inbox::Place>| {
        let query = SearchQuery {
            text: text.to_owned(),
            before,
            limit: 150,
        };
        world.read(|history| history.search(&query))
    };
    let found = |page: &vestnik_inbox::HistoryPage| -> Vec<_> {
        page.items.iter().map(|item| item.notification.id).collect()
    };
    // Frequent ones, page by page: each once, newest first. Of the second, the rows that are looked at one by
    // one do not fill a page.
    let is_two_fifths = |number: &u64| number % 5 < 2 && *number != 7;
    let is_a_fifth = |number: &u64| number % 5 == 2 && *number != 7;
    for (text, is_expected) in [
        ("deliv", &is_two_fifths as &dyn Fn(&u64) -> bool),
        ("delt", &is_a_fifth),
    ] {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = search(text, before);
            all.extend(found(&page));
            before = page.end;
            if !page.has_more {
                break;
            }
        }
        let expected = (1..=2_000).rev().filter(is_expected);
        assert_eq!(all, expected.map(id).collect::<Vec<_>>(), "{text}");
    }
    // A rare one, far behind the newest, and none.
    assert_eq!(found(&search("deliri", None)), [id(7)]);
    assert_eq!(found(&search("delirx", None)), []);
    // A form of a word that begins otherwise than its stem.
    assert_eq!(found(&search("delegating", None)).len(), 150);
}
