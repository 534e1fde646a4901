//! Rust source, taken apart into code and string literals.

/// Rust source taken apart.
#[derive(Debug, Default)]
pub(crate) struct RustText {
    /// The source with every comment and the inside of every literal blanked; lines stay lines.
    pub(crate) code: String,
    /// Every string literal, as it stands between its quotes.
    pub(crate) literals: Vec<Literal>,
}

/// A string literal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    pub(crate) line: usize,
    pub(crate) text: String,
}

impl RustText {
    pub(crate) fn of(source: &str) -> Self {
        let mut reader = Reader {
            rest: source,
            line: 1,
            text: Self::default(),
        };
        while !reader.rest.is_empty() {
            reader.step();
        }
        reader.text
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    text: RustText,
}

impl Reader<'_> {
    fn step(&mut self) {
        if self.rest.starts_with("//") {
            self.blank(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.blank(block_comment(self.rest));
        } else if let Some((open, close)) = self.string() {
            self.keep(open);
            let end = end_of_string(self.rest, &close);
            let literal = Literal {
                line: self.line,
                text: self.rest[..end].to_owned(),
            };
            self.text.literals.push(literal);
            self.blank(end);
            self.keep(close.len().min(self.rest.len()));
        } else if let Some(length) = character(self.rest) {
            self.blank(length);
        } else {
            let first = self.rest.chars().next().map_or(0, char::len_utf8);
            self.keep(first);
        }
    }

    /// How a string literal that begins here opens and closes.
    fn string(&self) -> Option<(usize, String)> {
        if self.rest.starts_with('"') {
            return Some((1, "\"".to_owned()));
        }
        let in_word = |c: char| c.is_alphanumeric() || c == '_';
        if self.text.code.ends_with(in_word) {
            return None;
        }
        let after_kind = self.rest.strip_prefix(['b', 'c']).unwrap_or(self.rest);
        let hashes_on = after_kind.strip_prefix('r')?;
        let quote_on = hashes_on.trim_start_matches('#');
        quote_on.starts_with('"').then(|| {
            let hashes = hashes_on.len() - quote_on.len();
            let open = self.rest.len() - quote_on.len() + 1;
            (open, format!("\"{}", "#".repeat(hashes)))
        })
    }

    fn keep(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.text.code.push_str(taken);
        self.rest = rest;
    }

    fn blank(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        let blanks = taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' });
        self.text.code.extend(blanks);
        self.rest = rest;
    }
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut index = 0;
    while index < text.len() {
        let rest = &text.as_bytes()[index..];
        if rest.starts_with(b"/*") {
            depth += 1;
            index += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            index += 2;
            if depth == 0 {
                return index;
            }
        } else {
            index += 1;
        }
    }
    text.len()
}

fn end_of_string(text: &str, close: &str) -> usize {
    if close.len() > 1 {
        return text.find(close).unwrap_or(text.len());
    }
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match c {
            '"' if !escaped => return index,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The length of a character literal that begins here; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    if let Some(escape) = inside.strip_prefix('\\') {
        let skipped = escape.chars().next()?.len_utf8();
        let end = escape[skipped..].find('\'')?;
        return Some(2 + skipped + end + 1);
    }
    let first = inside.chars().next()?.len_utf8();
    inside[first..].starts_with('\'').then_some(first + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(source: &str) -> Vec<(usize, String)> {
        let literals = RustText::of(source).literals;
        literals
            .into_iter()
            .map(|one| (one.line, one.text))
            .collect()
    }

    #[test]
    fn strings_are_found_and_comments_are_not() {
        let source =
            "// \"no\"\nlet a = \"one\"; /* \"no\" /* \"no\" */ */\nlet b = r#\"two \" three\"#;";
        let expected = [(2, "one".to_owned()), (3, "two \" three".to_owned())];
        assert_eq!(literals(source), expected);
    }

    #[test]
    fn quotes_escaped_or_in_characters_begin_nothing() {
        let source = r#"fn f<'a>(c: char) { c == '"' || c == '\''; "a\"b\\"; for"x"; }"#;
        let expected = [(1, r#"a\"b\\"#.to_owned()), (1, "x".to_owned())];
        assert_eq!(literals(source), expected);
    }

    #[test]
    fn code_keeps_its_lines_and_loses_its_words() {
        let text = RustText::of("a(\"b\nc\"); // d\ne");
        assert_eq!(text.code, "a(\" \n \");     \ne");
    }
}
