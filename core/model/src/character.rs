//! Characters that hide, turn or break the text around them.

/// Whether a character can turn or hide the text around it: bidirectional controls, deprecated format
/// controls and zero-width spaces. They are taken out of texts, because they let one title pose as
/// another. The zero-width joiners stay: emoji and several scripts need them.
pub(crate) const fn is_deceptive(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
    )
}

/// Whether a character breaks the line.
pub(crate) const fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a character shows nothing by itself: white space, and the characters that Unicode's property
/// `Default_Ignorable_Code_Point` lists, with the blank ones that it does not.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_whitespace() || is_ignorable(c)
}

/// Whether a character has no width or no glyph of its own.
pub(crate) const fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            // Braille pattern blank.
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            // Musical symbols: the null notehead, and the invisible controls.
            | '\u{1d159}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
