use proptest::prelude::*;

use super::*;

fn cut(framing: Framing, limit: usize, chunks: &[&[u8]]) -> Vec<Result<Bytes, FrameTooLarge>> {
    let mut deframer = Deframer::new(limit);
    deframer.set_framing(framing);
    let mut frames = Vec::new();
    for chunk in chunks {
        deframer.push(chunk);
        frames.extend(&mut deframer);
    }
    frames
}

fn frame(framing: Framing, message: &[u8]) -> Vec<u8> {
    match framing {
        Framing::RecordSeparator => [message, &[RECORD_SEPARATOR]].concat(),
        Framing::LengthPrefix => {
            let (prefix, count) = length_prefix(message.len());
            [&prefix[..count], message].concat()
        }
    }
}

#[test]
fn cuts_at_separators_only() {
    let chunks: [&[u8]; 3] = [b"{}\x1e{\"a\"", b":1}", b"\x1e\x1e"];
    let frames = cut(Framing::RecordSeparator, 100, &chunks);
    assert_eq!(
        frames,
        [Ok("{}".into()), Ok("{\"a\":1}".into()), Ok("".into())]
    );
}

#[test]
fn cuts_by_length_only() {
    let chunks: [&[u8]; 3] = [b"\x02\x91\x06\x03a", b"\x1e", b"b\x00\x81\x00x\x80"];
    let frames = cut(Framing::LengthPrefix, 100, &chunks);
    assert_eq!(
        frames,
        [
            Ok("\u{91}\x06".chars().map(|char| char as u8).collect()),
            Ok("a\x1eb".into()),
            Ok("".into()),
            Ok("x".into())
        ]
    );
}

#[test]
fn writes_lengths_as_the_specification_does() {
    for (length, expected) in [
        (0, &[0x00][..]),
        (0x7F, &[0x7F]),
        (0x80, &[0x80, 0x01]),
        (0x3FFF, &[0xFF, 0x7F]),
        (0x4000, &[0x80, 0x80, 0x01]),
        (LONGEST_MESSAGE, &[0xFF, 0xFF, 0xFF, 0xFF, 0x07]),
    ] {
        let (prefix, count) = length_prefix(length);
        assert_eq!(&prefix[..count], expected);
    }
}

#[test]
fn switches_after_the_handshake_within_a_chunk() {
    let mut deframer = Deframer::new(100);
    deframer.push(b"{}\x1e\x02\x91\x06\x01");
    assert_eq!(deframer.next(), Some(Ok("{}".into())));
    deframer.set_framing(Framing::LengthPrefix);
    assert_eq!(deframer.next().unwrap().unwrap(), [0x91, 0x06][..]);
    assert_eq!(deframer.next(), None);
    deframer.push(b"x");
    assert_eq!(deframer.next(), Some(Ok("x".into())));
    assert!(deframer.is_empty());
}

#[test]
fn refuses_a_long_message_as_soon_as_it_is_too_long() {
    let too_large = [Err(FrameTooLarge { limit: 3 })];
    let texts = |chunks: &[&[u8]]| cut(Framing::RecordSeparator, 3, chunks);
    assert_eq!(texts(&[b"abc\x1e"]), [Ok("abc".into())]);
    assert_eq!(texts(&[b"abcd\x1e"]), too_large);
    assert_eq!(texts(&[b"ab", b"cd", b"\x1eab\x1e"]), too_large);
    let binaries = |chunks: &[&[u8]]| cut(Framing::LengthPrefix, 3, chunks);
    assert_eq!(binaries(&[b"\x03abc"]), [Ok("abc".into())]);
    assert_eq!(binaries(&[b"\x04"]), too_large);
    assert_eq!(binaries(&[b"\x83\x80", b"\x80\x80", b"\x01a"]), too_large);
    // No length ends in the fifth byte's high bit.
    assert_eq!(binaries(&[b"\x80\x80\x80\x80\x80"]), too_large);
}

#[test]
fn a_small_message_does_not_hold_what_came_with_it() {
    let mut deframer = Deframer::new(100);
    deframer.push(&[&b"{}\x1e".repeat(100)[..], b"{\"last\":1}\x1e"].concat());
    let frames: Vec<Bytes> = deframer.by_ref().map(Result::unwrap).collect();
    assert_eq!(frames.len(), 101);
    assert!(frames.iter().all(Bytes::is_unique));
    // One that fills most of it is not copied.
    let chunk = [&[b'x'; 90][..], b"\x1e{"].concat();
    deframer.push(&chunk);
    let large = deframer.next().unwrap().unwrap();
    assert!(!large.is_unique());
}

#[test]
fn no_length_is_above_the_official_limit_whatever_ours() {
    let just_above = [0x80, 0x80, 0x80, 0x80, 0x08];
    assert!(matches!(
        cut(Framing::LengthPrefix, usize::MAX, &[&just_above])[..],
        [Err(_)]
    ));
    let largest = [0xFF, 0xFF, 0xFF, 0xFF, 0x07];
    assert_eq!(cut(Framing::LengthPrefix, usize::MAX, &[&largest]), []);
}

/// Cuts a stream into chunks of these sizes, again and again.
fn chunked<'a>(mut stream: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    for size in sizes.iter().cycle() {
        if stream.is_empty() {
            break;
        }
        let (chunk, rest) = stream.split_at((*size).min(stream.len()));
        chunks.push(chunk);
        stream = rest;
    }
    chunks
}

proptest! {
    #[test]
    fn gives_the_same_frames_for_any_chunking(
        messages in prop::collection::vec("[a-z]{0,200}", 0..20),
        sizes in prop::collection::vec(1_usize..90, 1..40),
    ) {
        for framing in [Framing::RecordSeparator, Framing::LengthPrefix] {
            let stream: Vec<u8> = messages
                .iter()
                .flat_map(|message| frame(framing, message.as_bytes()))
                .collect();
            let frames = cut(framing, 200, &chunked(&stream, &sizes));
            let frames: Vec<Bytes> = frames.into_iter().map(Result::unwrap).collect();
            prop_assert_eq!(&frames, &messages);
        }
    }

    #[test]
    fn takes_any_bytes(
        stream in prop::collection::vec(any::<u8>(), 0..300),
        sizes in prop::collection::vec(1_usize..20, 1..10),
    ) {
        for framing in [Framing::RecordSeparator, Framing::LengthPrefix] {
            let whole = cut(framing, 50, &[&stream]);
            prop_assert_eq!(cut(framing, 50, &chunked(&stream, &sizes)), whole);
        }
    }
}
