//! How Russian nouns are declined.

use vestnik_model::Platform;

use super::super::statement::DeviceName;

/// A case, as far as the sentences need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Genitive,
    Instrumental,
    Prepositional,
}

/// A device in a case: `устройством Android`, with the end of its id beside others.
pub(super) fn named(device: &DeviceName, case: Case) -> String {
    let (stem, system) = match device.platform {
        Some(Platform::Android) => ("устройств", " Android"),
        Some(Platform::Ios) => ("устройств", " iOS"),
        Some(Platform::Linux | Platform::Macos | Platform::Windows) => ("компьютер", ""),
        Some(Platform::Web) => ("браузер", ""),
        None => ("устройств", ""),
    };
    let ending = match case {
        Case::Genitive => "а",
        Case::Instrumental => "ом",
        Case::Prepositional => "е",
    };
    let mark = device.mark();
    let mark = mark.map(|mark| format!(" (…{mark})")).unwrap_or_default();
    format!("{stem}{ending}{system}{mark}")
}

/// The form of a noun that goes with a number: one, two to four, five and more.
pub(super) const fn plural(count: u32, [one, few, many]: [&str; 3]) -> &str {
    match (count % 10, count % 100) {
        (1, ..=10 | 12..) => one,
        (2..=4, ..=11 | 15..) => few,
        _ => many,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_go_with_their_number() {
        let forms = ["попытка", "попытки", "попыток"];
        for (count, expected) in [
            (0, forms[2]),
            (1, forms[0]),
            (3, forms[1]),
            (5, forms[2]),
            (11, forms[2]),
            (12, forms[2]),
            (21, forms[0]),
            (114, forms[2]),
            (122, forms[1]),
        ] {
            assert_eq!(plural(count, forms), expected, "{count}");
        }
    }
}
