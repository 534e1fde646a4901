//! Words of texts and of searches, folded so that what means the same is the same.
//!
//! A word is a run of letters and digits. It is written in lower case, without the marks of Latin and
//! Greek letters (`é` is `e`), and with `е` for `ё`; `й` stays a letter of its own. A word of Latin or
//! of Cyrillic letters also has a stem, by the Snowball algorithm for English or Russian: `deliveries`
//! and `delivery` share one, as `заказы` and `заказов` do.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use rust_stemmers::{Algorithm, Stemmer};

/// The most characters of a word; the rest is cut off, in texts and in searches alike.
const MAX_CHARS: usize = 40;
/// The most words of a search; the rest is ignored.
const MAX_WORDS: usize = 16;

/// What a text is found by: its words and their stems, each once and in order.
pub(crate) fn terms(texts: &[&str]) -> Vec<String> {
    let stems = Stems::new();
    let mut terms = Vec::new();
    for word in texts.iter().flat_map(|text| words(text)) {
        if let Some(stem) = stems.stem(&word)
            && stem != word
        {
            terms.push(stem);
        }
        terms.push(word);
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// What a search asks for: every word of it, the last also as a beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The stems of all words but the last.
    pub(crate) stems: Vec<String>,
    /// The last word.
    pub(crate) last: String,
    /// Its stem.
    pub(crate) last_stem: String,
}

/// Reads a search; nothing if it has no word.
pub(crate) fn wanted(search: &str) -> Option<Wanted> {
    let stems = Stems::new();
    let stem = |word: &String| stems.stem(word).unwrap_or_else(|| word.clone());
    let mut words = words(search);
    words.truncate(MAX_WORDS);
    let last = words.pop()?;
    Some(Wanted {
        stems: words.iter().map(stem).collect(),
        last_stem: stem(&last),
        last,
    })
}

impl Wanted {
    /// Whether a text has the last word, or a word that begins with it.
    pub(crate) fn ends_in(&self, texts: &[&str]) -> bool {
        let Self {
            last, last_stem, ..
        } = self;
        let is_wanted = |word: &str| word == last_stem || word.starts_with(last.as_str());
        let words: Vec<_> = texts.iter().flat_map(|text| words(text)).collect();
        if words.iter().any(|word| is_wanted(word)) {
            return true;
        }
        // A stem begins as its word does.
        let begins = |word: &str| {
            let first = word.chars().next();
            first == last.chars().next() || first == last_stem.chars().next()
        };
        let stems = Stems::new();
        words
            .iter()
            .filter(|word| begins(word))
            .any(|word| stems.stem(word).is_some_and(|stem| is_wanted(&stem)))
    }
}

fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    folded
        .split(|letter: char| !is_in_word(letter))
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(MAX_CHARS).collect())
        .collect()
}

/// Most letters are decided without a look into the tables of Unicode.
fn is_in_word(letter: char) -> bool {
    is_small(letter) || letter.is_alphanumeric()
}

/// The small letters of English and Russian.
const fn is_small(letter: char) -> bool {
    matches!(letter, 'a'..='z' | 'а'..='я')
}

/// Composed first, so that `й` and `ё` are one letter each however they were typed.
fn fold(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    let decompose = DecomposingNormalizerBorrowed::new_nfd();
    let mut folded = String::with_capacity(text.len());
    for letter in composed.chars() {
        if is_small(letter) {
            folded.push(letter);
            continue;
        }
        for letter in letter.to_lowercase() {
            match letter {
                'ё' => folded.push('е'),
                // The form at the end of a word.
                'ς' => folded.push('σ'),
                _ if letter.is_ascii() || is_cyrillic(letter) => folded.push(letter),
                _ => folded.extend(
                    decompose
                        .normalize_iter(std::iter::once(letter))
                        .filter(|part| !is_mark(*part)),
                ),
            }
        }
    }
    folded
}

fn is_cyrillic(letter: char) -> bool {
    ('\u{400}'..='\u{52f}').contains(&letter)
}

/// The combining diacritical marks of Latin and Greek.
fn is_mark(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

struct Stems {
    english: Stemmer,
    russian: Stemmer,
}

impl Stems {
    fn new() -> Self {
        Self {
            english: Stemmer::create(Algorithm::English),
            russian: Stemmer::create(Algorithm::Russian),
        }
    }

    /// The stem of a folded word, if its letters are those of one of the two languages.
    fn stem(&self, word: &str) -> Option<String> {
        if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            Some(self.english.stem(word).into_owned())
        } else if word.chars().all(|letter| ('а'..='я').contains(&letter)) {
            Some(self.russian.stem(word).into_owned())
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_means_the_same_is_the_same() {
        for (left, right) in [
            ("ЗАКАЗ", "заказ"),
            ("Ёлка", "елка"),
            ("е\u{308}лка", "ёлка"),
            ("Café", "cafe"),
            ("Cafe\u{301}", "CAFÉ"),
            ("Straße", "straße"),
            ("ΆΓΙΟΣ", "αγιος"),
        ] {
            assert_eq!(fold(left), fold(right), "{left} {right}");
        }
        assert_ne!(fold("мой"), fold("мои"));
        assert_eq!(fold("мои\u{306}"), "мой");
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(
            words("№8812: «на-пути», 12:30 🚚 order_7"),
            ["8812", "на", "пути", "12", "30", "order", "7"]
        );
        assert!(words(" —… 🚚 ").is_empty());
        assert_eq!(words(&"я".repeat(99))[0].chars().count(), MAX_CHARS);
    }

    #[test]
    fn forms_of_a_word_share_its_stem() {
        let stem = |word: &str| Stems::new().stem(&fold(word)).unwrap();
        for (left, right) in [
            ("delivery", "deliveries"),
            ("shipped", "shipping"),
            ("заказ", "заказами"),
            ("доставка", "доставлен"),
            ("посылку", "посылки"),
        ] {
            let same = stem(left) == stem(right);
            // Snowball keeps a noun and the verb that it comes from apart.
            assert_eq!(same, left != "доставка", "{left} {right}");
        }
        assert_eq!(Stems::new().stem("8812"), None);
        assert_eq!(Stems::new().stem("вestnik"), None);
    }

    #[test]
    fn a_search_without_a_word_asks_for_nothing() {
        assert_eq!(wanted(" \"*\" — "), None);
        let many = "слово ".repeat(99);
        assert_eq!(wanted(&many).unwrap().stems.len(), MAX_WORDS - 1);
    }

    proptest! {
        #[test]
        fn any_text_has_terms(text: String) {
            let terms = terms(&[&text]);
            prop_assert!(terms.iter().all(|term| !term.is_empty()));
        }

        #[test]
        fn any_word_of_the_two_languages_has_a_stem(word in "[а-я]{1,45}|[a-z]{1,45}") {
            prop_assert!(Stems::new().stem(&word).is_some());
        }

        /// Looking at the words of a text finds what looking at its terms finds.
        #[test]
        fn a_text_ends_in_what_its_terms_say(
            text in "[а-вa-c]{1,3}[а-яa-z]{0,5}( [а-вa-c]{1,3}[а-яa-z]{0,5}){0,6}",
            search in "[а-вa-c]{1,3}(ами|ов|ing|ies|ed)?",
        ) {
            let wanted = wanted(&search).unwrap();
            let has = |term: &String| *term == wanted.last_stem || term.starts_with(&wanted.last);
            prop_assert_eq!(wanted.ends_in(&[&text]), terms(&[&text]).iter().any(has));
        }

        #[test]
        fn a_stem_begins_as_its_word(word in "[а-я]{1,12}|[a-z]{1,12}") {
            let stem = Stems::new().stem(&word).unwrap();
            prop_assert_eq!(stem.chars().next(), word.chars().next());
        }

        /// A text is found by each of its words, typed to the end or not.
        #[test]
        fn a_text_is_found_by_its_words(text in "[а-яёa-z]{1,12}( [а-яёa-z]{1,12}){0,4}") {
            let terms = terms(&[&text]);
            for word in text.split(' ') {
                let wanted = wanted(word).unwrap();
                prop_assert!(terms.contains(&wanted.last) && terms.contains(&wanted.last_stem));
                prop_assert!(wanted.ends_in(&[&text]));
            }
        }
    }
}
