use proptest::prelude::*;

use super::{read as read_octets, *};

/// The default alphabet as 3GPP TS 23.038 prints it: a row for each low half of the septet, a column for
/// each high half. `E` in the second column of row 11 is the escape.
const PRINTED: [&str; 16] = [
    "@Δ 0¡P¿p",
    "£_!1AQaq",
    "$Φ\"2BRbr",
    "¥Γ#3CScs",
    "èΛ¤4DTdt",
    "éΩ%5EUeu",
    "ùΠ&6FVfv",
    "ìΨ'7GWgw",
    "òΣ(8HXhx",
    "ÇΘ)9IYiy",
    "\nΞ*:JZjz",
    "ØE+;KÄkä",
    "øÆ,<LÖlö",
    "\ræ-=MÑmñ",
    "Åß.>NÜnü",
    "åÉ/?O§oà",
];

/// Reads septets by the printed table.
fn by_the_book(octets: &[u8]) -> String {
    let mut text = String::new();
    let mut octets = octets.iter();
    while let Some(octet) = octets.next() {
        let (row, column) = (usize::from(octet & 0xf), usize::from(octet >> 4));
        if *octet != 27 {
            text.extend(PRINTED[row].chars().nth(column));
            continue;
        }
        text.push(match octets.next() {
            Some(10) => '\u{c}',
            Some(20) => '^',
            Some(40) => '{',
            Some(41) => '}',
            Some(47) => '\\',
            Some(60) => '[',
            Some(61) => '~',
            Some(62) => ']',
            Some(64) => '|',
            Some(101) => '€',
            other => panic!("{other:?}"),
        });
    }
    text
}

fn by_the_book_of(alphabet: Alphabet, octets: &[u8]) -> String {
    match alphabet {
        Alphabet::Gsm7 => by_the_book(octets),
        Alphabet::Latin1 => octets.iter().map(|octet| *octet as char).collect(),
        Alphabet::Ucs2 => {
            let units: Vec<_> = octets
                .chunks_exact(2)
                .map(|pair| u16::from(pair[0]) << 8 | u16::from(pair[1]))
                .collect();
            // A cut pair would not be UTF-16.
            String::from_utf16(&units).unwrap()
        }
    }
}

fn any_joining() -> impl Strategy<Value = Joining> {
    prop::sample::select(vec![
        Joining::Udh8,
        Joining::Udh16,
        Joining::Sar,
        Joining::Payload,
    ])
}

fn any_coding() -> impl Strategy<Value = Coding> {
    prop::sample::select(vec![
        Coding::Gsm7,
        Coding::Latin1,
        Coding::Latin1Default,
        Coding::Ucs2,
    ])
}

/// Texts of each alphabet, around the lengths at which they are cut.
fn any_text() -> impl Strategy<Value = String> {
    let gsm = "[A-Za-z@£$¥èΔΩΞÆß¤¡ÄÖÑÜ§¿à \n\r€\\[\\]{}~^|\\\\]{0,330}";
    prop_oneof![gsm, "[ -~À-ÿ]{0,300}", "[а-яё🎉👩 ]{0,150}", ".{0,200}"]
}

proptest! {
    #[test]
    fn a_text_is_read_as_it_was_written(
        text in any_text(), coding in any_coding(), joining in any_joining(),
    ) {
        let (alphabet, cut) = split(&text, coding, joining);
        let read: String = cut.iter().map(|part| by_the_book_of(alphabet, part)).collect();
        prop_assert_eq!(&read, &text);
        let joined = cut.concat();
        let own = read_octets(&joined, alphabet.data_coding(coding), coding);
        prop_assert_eq!(own, Some(text));
    }

    #[test]
    fn parts_are_as_few_as_can_be_and_none_is_too_long(
        text in any_text(), coding in any_coding(), joining in any_joining(),
    ) {
        let counted = parts(&text, coding, joining);
        let (alphabet, cut) = split(&text, coding, joining);
        let (whole, each) = match (alphabet, joining) {
            (Alphabet::Gsm7, Joining::Udh8 | Joining::Payload) => (160, 153),
            (Alphabet::Gsm7, _) => (160, 152),
            (Alphabet::Latin1, Joining::Udh8 | Joining::Payload) => (140, 134),
            (Alphabet::Latin1, _) => (140, 133),
            (Alphabet::Ucs2, Joining::Udh8 | Joining::Payload) => (70, 67),
            (Alphabet::Ucs2, _) => (70, 66),
        };
        let of = |part: &Vec<u8>| part.len() / if alphabet == Alphabet::Ucs2 { 2 } else { 1 };
        prop_assert_eq!(counted.count, cut.len());
        prop_assert_eq!(counted.units, cut.iter().map(of).sum::<usize>());
        prop_assert_eq!(counted.count == 1, counted.units <= whole);
        if counted.count > 1 {
            let (last, full) = cut.split_last().unwrap();
            prop_assert!(of(last) <= each && of(last) > 0);
            // Only what must not be cut apart leaves a unit of room.
            prop_assert!(full.iter().all(|part| (each - 1..=each).contains(&of(part))));
        }
    }

    #[test]
    fn only_what_a_better_alphabet_lacks_is_ucs2(text in any_text()) {
        let printed = PRINTED.concat();
        let is_gsm = text.chars().all(|c| printed.contains(c) || "\u{c}^{}\\[~]|€".contains(c));
        let alphabet = parts(&text, Coding::Gsm7, Joining::Udh8).alphabet;
        prop_assert_eq!(alphabet, if is_gsm { Alphabet::Gsm7 } else { Alphabet::Ucs2 });
    }

    #[test]
    fn anything_is_read_without_a_panic(octets in prop::collection::vec(any::<u8>(), 0..300), code: u8) {
        read_octets(&octets, code, Coding::Gsm7);
    }
}

#[test]
fn lengths_are_counted_as_phones_count_them() {
    for (text, wanted) in [
        (String::new(), (Alphabet::Gsm7, 0, 1)),
        ("a".repeat(160), (Alphabet::Gsm7, 160, 1)),
        ("a".repeat(161), (Alphabet::Gsm7, 161, 2)),
        ("€".repeat(80), (Alphabet::Gsm7, 160, 1)),
        ("€".repeat(81), (Alphabet::Gsm7, 162, 2)),
        // An escape does not stay behind at the end of a part: 152 septets, and the euro in the next.
        (
            "a".repeat(152) + "€" + &"a".repeat(152),
            (Alphabet::Gsm7, 306, 3),
        ),
        ("я".repeat(70), (Alphabet::Ucs2, 70, 1)),
        ("я".repeat(71), (Alphabet::Ucs2, 71, 2)),
        ("🎉".repeat(35), (Alphabet::Ucs2, 70, 1)),
        // 67 units hold 33 whole pairs.
        ("🎉".repeat(66), (Alphabet::Ucs2, 132, 2)),
        ("🎉".repeat(67), (Alphabet::Ucs2, 134, 3)),
        ("a\tb".to_owned(), (Alphabet::Ucs2, 3, 1)),
        ("ç".to_owned(), (Alphabet::Ucs2, 1, 1)),
        ("\u{1b}".to_owned(), (Alphabet::Ucs2, 1, 1)),
    ] {
        let counted = parts(&text, Coding::Gsm7, Joining::Udh8);
        let counted = (counted.alphabet, counted.units, counted.count);
        assert_eq!(counted, wanted, "{text}");
    }
    let latin = parts(&"é¼".repeat(71), Coding::Latin1, Joining::Udh16);
    assert_eq!((latin.alphabet, latin.count), (Alphabet::Latin1, 2));
}

#[test]
fn the_alphabet_is_said_in_data_coding() {
    for (text, coding, wanted) in [
        ("a", Coding::Gsm7, 0),
        ("é", Coding::Latin1, 3),
        ("é", Coding::Latin1Default, 0),
        ("a", Coding::Ucs2, 8),
        ("я", Coding::Latin1, 8),
        ("\u{85}", Coding::Latin1, 8),
    ] {
        let (alphabet, _) = split(text, coding, Joining::Udh8);
        assert_eq!(alphabet.data_coding(coding), wanted, "{text} {coding:?}");
    }
}

#[test]
fn octets_that_are_no_text_are_none() {
    assert_eq!(read_octets(&[1, 2], 4, Coding::Gsm7), None);
    assert_eq!(read_octets(&[0xff], 1, Coding::Gsm7), None);
    assert_eq!(
        read_octets(&[0x04, 0x4f, 0xd8], 8, Coding::Gsm7).as_deref(),
        Some("я\u{fffd}")
    );
    // An escape before nothing known is a space.
    assert_eq!(
        read_octets(&[0x1b, 0x01, 0x1b], 0, Coding::Gsm7).as_deref(),
        Some("  ")
    );
}
