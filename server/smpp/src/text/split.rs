//! A text cut into parts.

use super::alphabet::{Alphabet, Coding};

/// The user data of a short message, in octets.
const USER_DATA: usize = 140;

/// How the parts of a text are said to belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Joining {
    /// By a header in the user data with a reference of 8 bits, 6 octets long (3GPP TS 23.040, 9.2.3.24.1).
    /// Every phone reads it.
    #[default]
    Udh8,
    /// By a header with a reference of 16 bits, 7 octets long (9.2.3.24.8).
    Udh16,
    /// By the parameters `sar_msg_ref_num`, `sar_total_segments` and `sar_segment_seqnum`, from which the
    /// message centre makes a header. It may be one of 7 octets, so room for that is left.
    Sar,
    /// Not at all: the message centre is given the whole text in `message_payload` and cuts it. The count of
    /// parts supposes headers of 6 octets.
    Payload,
}

impl Joining {
    const fn header(self) -> usize {
        match self {
            Self::Udh8 | Self::Payload => 6,
            Self::Udh16 | Self::Sar => 7,
        }
    }
}

/// What a text comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// What it is written in.
    pub alphabet: Alphabet,
    /// Its length: septets of [`Alphabet::Gsm7`], where one of the extension table counts twice; characters
    /// of [`Alphabet::Latin1`]; 16-bit units of [`Alphabet::Ucs2`].
    pub units: usize,
    /// How many short messages it is sent and charged as, at least 1.
    pub count: usize,
}

/// How many short messages a text costs.
///
/// ```
/// use vestnik_smpp::{Alphabet, Coding, Joining, parts};
///
/// let price = parts("10 € each", Coding::Gsm7, Joining::Udh8);
/// assert_eq!((price.alphabet, price.units, price.count), (Alphabet::Gsm7, 10, 1));
/// let ready = parts(&"Заказ готов. ".repeat(6), Coding::Gsm7, Joining::Udh8);
/// assert_eq!((ready.alphabet, ready.units, ready.count), (Alphabet::Ucs2, 78, 2));
/// ```
#[must_use]
pub fn parts(text: &str, coding: Coding, joining: Joining) -> Parts {
    let (alphabet, cut) = split(text, coding, joining);
    let octets: usize = cut.iter().map(Vec::len).sum();
    Parts {
        alphabet,
        units: octets / alphabet.unit(),
        count: cut.len(),
    }
}

/// The user data of each part, without a header: one part if the text fits into one. Neither an escape and
/// its septet nor the halves of a surrogate pair are cut apart.
pub(crate) fn split(text: &str, coding: Coding, joining: Joining) -> (Alphabet, Vec<Vec<u8>>) {
    let alphabet = Alphabet::of(text, coding);
    let whole = cut(text, alphabet, alphabet.units(USER_DATA));
    if whole.len() == 1 {
        return (alphabet, whole);
    }
    let room = alphabet.units(USER_DATA - joining.header());
    (alphabet, cut(text, alphabet, room))
}

fn cut(text: &str, alphabet: Alphabet, room: usize) -> Vec<Vec<u8>> {
    let room = room * alphabet.unit();
    let (mut done, mut part, mut character) = (Vec::new(), Vec::new(), Vec::with_capacity(4));
    for written in text.chars() {
        character.clear();
        alphabet.write(written, &mut character);
        if part.len() + character.len() > room {
            done.push(std::mem::take(&mut part));
        }
        part.extend_from_slice(&character);
    }
    done.push(part);
    done
}
