//! In what a text is written.

use super::gsm;

/// What a text is written in if it can be; what cannot is written in UCS-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Coding {
    /// The GSM 7-bit default alphabet, as the message centre's default (`data_coding` 0).
    #[default]
    Gsm7,
    /// Latin-1, said to be Latin-1 (`data_coding` 3).
    Latin1,
    /// Latin-1, for a message centre whose default alphabet it is (`data_coding` 0).
    Latin1Default,
    /// Nothing but UCS-2.
    Ucs2,
}

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// The GSM 7-bit default alphabet with its extension table.
    Gsm7,
    /// ISO 8859-1.
    Latin1,
    /// UTF-16 in network order: what phones make of UCS-2.
    Ucs2,
}

impl Alphabet {
    /// The alphabet of a text.
    pub(super) fn of(text: &str, coding: Coding) -> Self {
        let first = match coding {
            Coding::Gsm7 => Self::Gsm7,
            Coding::Latin1 | Coding::Latin1Default => Self::Latin1,
            Coding::Ucs2 => return Self::Ucs2,
        };
        let mut octets = Vec::new();
        let is_written = text.chars().all(|character| {
            octets.clear();
            first.write(character, &mut octets)
        });
        if is_written { first } else { Self::Ucs2 }
    }

    /// Appends a character; false if the alphabet does not have it.
    pub(super) fn write(self, character: char, octets: &mut Vec<u8>) -> bool {
        match self {
            Self::Gsm7 => gsm::write(character, octets),
            Self::Latin1 => match u8::try_from(character) {
                // 0x80 to 0x9f are controls, which phones take for other characters.
                Ok(octet) if !(0x80..0xa0).contains(&octet) => {
                    octets.push(octet);
                    true
                }
                Ok(_) | Err(_) => false,
            },
            Self::Ucs2 => {
                let mut units = [0; 2];
                let units = character.encode_utf16(&mut units);
                octets.extend(units.iter().flat_map(|unit| unit.to_be_bytes()));
                true
            }
        }
    }

    /// How many of its units an octet string of user data holds: septets, characters or 16-bit units.
    pub(super) const fn units(self, octets: usize) -> usize {
        match self {
            Self::Gsm7 => octets * 8 / 7,
            Self::Latin1 => octets,
            Self::Ucs2 => octets / 2,
        }
    }

    /// How many octets a unit has in an SMPP message, where a septet takes an octet.
    pub(super) const fn unit(self) -> usize {
        match self {
            Self::Gsm7 | Self::Latin1 => 1,
            Self::Ucs2 => 2,
        }
    }

    /// What says the alphabet in `data_coding` (SMPP 3.4, 5.2.19).
    pub(crate) const fn data_coding(self, coding: Coding) -> u8 {
        match (self, coding) {
            (Self::Gsm7, _) | (Self::Latin1, Coding::Latin1Default) => 0,
            (Self::Latin1, Coding::Gsm7 | Coding::Latin1 | Coding::Ucs2) => 3,
            (Self::Ucs2, _) => 8,
        }
    }
}

/// Reads a text that a message centre sent; none if it is no text.
pub(crate) fn read(octets: &[u8], data_coding: u8, coding: Coding) -> Option<String> {
    let latin1 = || octets.iter().copied().map(char::from).collect();
    match (data_coding, coding) {
        (0, Coding::Gsm7 | Coding::Latin1 | Coding::Ucs2) => Some(gsm::read(octets)),
        (0, Coding::Latin1Default) | (3, _) => Some(latin1()),
        (1, _) => octets.is_ascii().then(latin1),
        (8, _) => {
            let units = octets.chunks(2).map(|pair| match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0xfffd,
            });
            let characters = char::decode_utf16(units);
            Some(characters.map(|read| read.unwrap_or('\u{fffd}')).collect())
        }
        _ => None,
    }
}
