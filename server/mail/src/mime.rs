//! As much of MIME as a bounce needs, read leniently and within bounds.

/// The most headers of a part that are looked at.
const MAX_HEADERS: usize = 200;
/// The most parts that are looked at.
const MAX_PARTS: usize = 16;

/// A name, and a value with the lines that continue it.
pub(crate) type Field<'a> = (&'a [u8], &'a [u8]);

/// A message or a part of one.
pub(crate) struct Entity<'a> {
    pub(crate) headers: Vec<Field<'a>>,
    pub(crate) body: &'a [u8],
}

impl<'a> Entity<'a> {
    /// Reads headers up to the first empty line; what follows is the body.
    pub(crate) fn read(bytes: &'a [u8]) -> Self {
        let (headers, body) = fields(bytes);
        Self { headers, body }
    }

    /// The first header of a name, unfolded.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        field(&self.headers, name)
    }

    /// The type in small letters, without parameters.
    pub(crate) fn content_type(&self) -> Option<String> {
        let value = self.header("Content-Type")?;
        let kind = value.split(';').next()?.trim();
        Some(kind.to_ascii_lowercase())
    }

    /// The parts of a `multipart`; none of anything else.
    pub(crate) fn parts(&self) -> Vec<Self> {
        let boundary = self
            .header("Content-Type")
            .and_then(|value| parameter(&value, "boundary"));
        let Some(boundary) = boundary.filter(|boundary| !boundary.is_empty()) else {
            return Vec::new();
        };
        let delimiter = format!("--{boundary}");
        parts(self.body, delimiter.as_bytes())
    }
}

/// A header or a field of a name, unfolded and trimmed.
pub(crate) fn field(fields: &[Field<'_>], name: &str) -> Option<String> {
    let (_, value) = fields
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes()))?;
    let text = String::from_utf8_lossy(value);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Some(lines.collect::<Vec<_>>().join(" "))
}

/// Fields up to the first empty line, and what follows it. A line that is no field is passed over.
pub(crate) fn fields(bytes: &[u8]) -> (Vec<Field<'_>>, &[u8]) {
    let (mut fields, mut rest) = (Vec::new(), bytes);
    while let Some((line, after)) = folded_line(rest) {
        rest = after;
        if line.trim_ascii().is_empty() {
            break;
        }
        let colon = memchr::memchr(b':', line);
        if let Some(colon) = colon.filter(|_| fields.len() < MAX_HEADERS) {
            fields.push((line[..colon].trim_ascii(), &line[colon + 1..]));
        }
    }
    (fields, rest)
}

/// A line with those that continue it, and what follows.
fn folded_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if bytes.is_empty() {
        return None;
    }
    let mut end = line_end(bytes, 0);
    // An empty line continues nothing and is continued by nothing.
    while !bytes[..end].trim_ascii().is_empty() && matches!(bytes.get(end), Some(b' ' | b'\t')) {
        let next = line_end(bytes, end);
        if bytes[end..next].trim_ascii().is_empty() {
            break;
        }
        end = next;
    }
    Some(bytes.split_at(end))
}

/// Where the line that begins at `from` ends, its line end included.
fn line_end(bytes: &[u8], from: usize) -> usize {
    memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |end| from + end + 1)
}

fn parts<'a>(body: &'a [u8], delimiter: &[u8]) -> Vec<Entity<'a>> {
    let (mut found, mut start, mut at) = (Vec::new(), None, 0);
    while at < body.len() && found.len() < MAX_PARTS {
        let next = line_end(body, at);
        let line = body[at..next].trim_ascii_end();
        let rest = line.strip_prefix(delimiter);
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || *rest == b"--") {
            if let Some(start) = start {
                found.push(Entity::read(&body[start..at]));
            }
            start = (rest != b"--").then_some(next);
        }
        at = next;
    }
    // A cut message has no last delimiter.
    if let Some(start) = start.filter(|_| found.len() < MAX_PARTS) {
        found.push(Entity::read(&body[start..]));
    }
    found
}

/// A parameter of a header such as `multipart/report; boundary="x"`.
pub(crate) fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|parameter| {
        let (own, value) = parameter.split_once('=')?;
        let is_it = own.trim().eq_ignore_ascii_case(name);
        is_it.then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_unfolded_and_parts_found() {
        let entity = Entity::read(
            b"Subject: a\r\n b\r\nContent-Type: multipart/report;\r\n\tboundary=\"x y\"\r\nodd\r\n\r\n\
              preamble\r\n--x y\r\nA: 1\r\n\r\none\r\n--x y\r\n\r\ntwo\r\n--x y--\r\nafter",
        );
        assert_eq!(entity.header("subject").as_deref(), Some("a b"));
        assert_eq!(entity.content_type().as_deref(), Some("multipart/report"));
        let parts = entity.parts();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].header("a").as_deref(), Some("1"));
        assert_eq!(
            (parts[0].body, parts[1].body),
            (&b"one\r\n"[..], &b"two\r\n"[..])
        );
    }

    #[test]
    fn a_message_that_was_cut_keeps_its_last_part() {
        let entity =
            Entity::read(b"Content-Type: multipart/x; boundary=b\n\n--b\n\none\n--b\n\ntw");
        assert_eq!(entity.parts()[1].body, b"tw");
    }
}
