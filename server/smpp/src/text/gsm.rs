//! The GSM 7-bit default alphabet with its extension table (3GPP TS 23.038, 6.2.1), a septet an octet.

/// What comes before a septet of the extension table.
pub(super) const ESCAPE: u8 = 0x1b;

/// The default alphabet; the septet is the index. What stands for the escape is never written.
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', //
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É', //
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', //
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', //
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', //
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', //
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', //
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à', //
];

/// The extension table: each takes an escape and a septet.
const EXTENDED: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// Appends a character; false if the alphabet does not have it.
pub(super) fn write(character: char, octets: &mut Vec<u8>) -> bool {
    if let Some((septet, _)) = EXTENDED.iter().find(|(_, own)| *own == character) {
        octets.extend([ESCAPE, *septet]);
        return true;
    }
    let septet = (0_u8..).zip(BASIC).find(|(_, own)| *own == character);
    match septet {
        Some((septet, _)) if septet != ESCAPE => {
            octets.push(septet);
            true
        }
        Some(_) | None => false,
    }
}

/// Reads septets, one an octet. An escape that nothing known follows is a space, as the standard says.
pub(super) fn read(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut octets = octets.iter().map(|octet| octet & 0x7f);
    while let Some(septet) = octets.next() {
        if septet != ESCAPE {
            text.push(BASIC[usize::from(septet)]);
            continue;
        }
        let after = octets.next();
        let extended = EXTENDED.iter().find(|(own, _)| Some(*own) == after);
        text.push(extended.map_or(' ', |(_, character)| *character));
    }
    text
}
