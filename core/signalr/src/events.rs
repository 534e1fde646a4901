//! Server-Sent Events, as far as hubs need them: events of data alone (`TransportProtocols.md`,
//! Server-Sent Events; the format is the HTML Standard's, section 9.2).

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::framing::FrameTooLarge;

const FIELD: &[u8] = b"data: ";
const END: &[u8] = b"\r\n";

/// Writes one event, a `data` field for each line.
///
/// Readers put a line feed between the fields, so that a line break of any
/// kind comes out as one; in JSON it is nothing but space.
pub fn encode(data: &[u8]) -> Bytes {
    let mut event = BytesMut::with_capacity(FIELD.len() + data.len() + 2 * END.len());
    let mut rest = data;
    loop {
        let end = rest.iter().position(is_line_break).unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        event.put_slice(FIELD);
        event.put_slice(line);
        event.put_slice(END);
        let line_break = if tail.starts_with(END) { END.len() } else { 1 };
        match tail.get(line_break..) {
            Some(next) => rest = next,
            None => break,
        }
    }
    event.put_slice(END);
    event.freeze()
}

fn is_line_break(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Reads the data of events from a stream of bytes, however the transport chunked it.
///
/// Push what arrives, then iterate until `None`; push again. After an error
/// the stream has no more events. What is held is at most one chunk, one line
/// and one event.
#[derive(Debug)]
pub struct EventReader {
    limit: usize,
    buffer: BytesMut,
    /// How much of the buffer is known to hold no line break.
    searched: usize,
    /// The last line ended with a carriage return, which a line feed may complete.
    after_return: bool,
    /// The event's lines so far, each with a line feed.
    data: BytesMut,
    failed: bool,
}

impl EventReader {
    /// Makes a reader for events of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            buffer: BytesMut::new(),
            searched: 0,
            after_return: false,
            data: BytesMut::new(),
            failed: false,
        }
    }

    /// Takes bytes from the transport.
    pub fn push(&mut self, chunk: &[u8]) {
        if !self.failed {
            self.buffer.extend_from_slice(chunk);
        }
    }

    /// Cuts off the next whole line, without its line break.
    fn next_line(&mut self) -> Option<BytesMut> {
        if self.after_return && self.buffer.has_remaining() {
            self.after_return = false;
            if self.buffer.first() == Some(&b'\n') {
                self.buffer.advance(1);
            }
        }
        let unsearched = self.buffer.get(self.searched..)?;
        let Some(offset) = unsearched.iter().position(is_line_break) else {
            self.searched = self.buffer.len();
            return None;
        };
        let line = self.buffer.split_to(self.searched + offset);
        self.after_return = self.buffer.first() == Some(&b'\r');
        self.buffer.advance(1);
        self.searched = 0;
        Some(line)
    }

    /// Takes a line; gives the event that it ends.
    fn on_line(&mut self, line: &[u8]) -> Option<Bytes> {
        if line.is_empty() {
            let mut data = self.data.split();
            // Fields have a line feed between them, and none after the last.
            data.truncate(data.len().saturating_sub(1));
            return (!data.is_empty()).then(|| data.freeze());
        }
        let value = match line.strip_prefix(b"data:") {
            Some(value) => value.strip_prefix(b" ").unwrap_or(value),
            None if line == b"data" => b"",
            // Comments, and fields that mean nothing to a hub.
            None => return None,
        };
        self.data.put_slice(value);
        self.data.put_u8(b'\n');
        None
    }

    /// Judges a line, whole or not yet, so that chunks make no difference.
    fn is_too_long(&self, line: usize) -> bool {
        line > self.limit + FIELD.len()
    }

    fn fail(&mut self) -> Option<Result<Bytes, FrameTooLarge>> {
        *self = Self {
            failed: true,
            ..Self::new(self.limit)
        };
        Some(Err(FrameTooLarge { limit: self.limit }))
    }
}

impl Iterator for EventReader {
    type Item = Result<Bytes, FrameTooLarge>;

    /// Cuts off the data of the next event that has some.
    fn next(&mut self) -> Option<Self::Item> {
        while let Some(line) = self.next_line() {
            if self.is_too_long(line.len()) {
                return self.fail();
            }
            if let Some(event) = self.on_line(&line) {
                return Some(Ok(event));
            }
            // The last line feed is not part of the event.
            if self.data.len() > self.limit + 1 {
                return self.fail();
            }
        }
        if self.is_too_long(self.searched) {
            return self.fail();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_a_field_for_each_line() {
        for (data, expected) in [
            ("{}\x1e", "data: {}\x1e\r\n\r\n"),
            (
                "a\nb\r\nc\rd",
                "data: a\r\ndata: b\r\ndata: c\r\ndata: d\r\n\r\n",
            ),
            ("a\n\n", "data: a\r\ndata: \r\ndata: \r\n\r\n"),
        ] {
            assert_eq!(encode(data.as_bytes()), expected, "{data:?}");
        }
    }

    fn read(limit: usize, chunks: &[&str]) -> Vec<Result<Bytes, FrameTooLarge>> {
        let mut reader = EventReader::new(limit);
        let mut events = Vec::new();
        for chunk in chunks {
            reader.push(chunk.as_bytes());
            events.extend(&mut reader);
        }
        events
    }

    #[test]
    fn reads_the_data_of_events_alone() {
        for (stream, expected) in [
            (":\r\ndata: a\r\n\r\n", vec!["a"]),
            (
                "data:a\n\ndata:  b\r\rdata: c\r\n\r\n",
                vec!["a", " b", "c"],
            ),
            ("data: a\ndata\ndata: b\n\n", vec!["a\n\nb"]),
            (
                "event: x\nid: 7\ndatax: no\nretry: 5\ndata: a\n\n",
                vec!["a"],
            ),
            // Without data there is no event, and without its end neither.
            ("\n\nevent: x\n\ndata\n\ndata: a\n", vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|it| Ok(it.into())).collect();
            assert_eq!(read(100, &[stream]), expected, "{stream:?}");
            let single: Vec<&str> = stream.split_inclusive(|_| true).collect();
            assert_eq!(read(100, &single), expected, "{stream:?} by the byte");
        }
    }

    #[test]
    fn refuses_an_event_that_is_too_large_before_it_is_whole() {
        let failure = [Err(FrameTooLarge { limit: 4 })];
        assert_eq!(read(4, &["data: abcd\n\n"]), [Ok("abcd".into())]);
        assert_eq!(read(4, &["data: abcde\n\n"]), failure);
        assert_eq!(read(4, &["data: ab\ndata: cd\n", "\n"]), failure);
        assert_eq!(read(4, &["data: abcdefgh", "\n\ndata: a\n\n"]), failure);
        assert_eq!(read(4, &[&":".repeat(100)]), failure);
    }

    proptest! {
        #[test]
        fn reads_what_was_written_in_any_chunking(
            events in prop::collection::vec("[a-z\n]{1,20}[a-z]", 0..10),
            size in 1_usize..9,
        ) {
            let stream: Vec<u8> = events.iter().flat_map(|event| encode(event.as_bytes())).collect();
            let mut reader = EventReader::new(100);
            let mut read = Vec::new();
            for chunk in stream.chunks(size) {
                reader.push(chunk);
                read.extend((&mut reader).map(Result::unwrap));
            }
            prop_assert_eq!(read, events);
        }

        #[test]
        fn never_holds_more_than_a_line_and_an_event(chunks in prop::collection::vec(any::<Vec<u8>>(), 0..20)) {
            let mut reader = EventReader::new(16);
            for chunk in &chunks {
                reader.push(chunk);
                for event in reader.by_ref() {
                    prop_assert!(event.is_err() || event.is_ok_and(|event| event.len() <= 16));
                }
                prop_assert!(reader.buffer.len() + reader.data.len() <= 16 + FIELD.len() + 17);
            }
        }
    }
}
