use bytes::Bytes;
use rmp::{Marker, decode};

use super::{MAX_DEPTH, NIL};
use crate::{
    message::{Arguments, Headers, InvocationId},
    payload::Payload,
    protocol::{DecodeError, Protocol},
};

/// The items of a message's array that were not read yet.
pub(super) struct Fields<'a> {
    frame: &'a Bytes,
    rest: &'a [u8],
    left: u32,
}

impl<'a> Fields<'a> {
    pub(super) fn open(frame: &'a Bytes) -> Result<Self, DecodeError> {
        let mut rest = frame.as_ref();
        let left = decode::read_array_len(&mut rest).map_err(|_| wrong("message"))?;
        Ok(Self { frame, rest, left })
    }

    pub(super) fn number(&mut self, name: &'static str) -> Result<u64, DecodeError> {
        self.begin(name)?;
        decode::read_int(&mut self.rest).map_err(|_| wrong(name))
    }

    pub(super) fn text(&mut self, name: &'static str) -> Result<String, DecodeError> {
        self.begin(name)?;
        self.read_text(name).map(str::to_owned)
    }

    pub(super) fn optional_text(
        &mut self,
        name: &'static str,
    ) -> Result<Option<String>, DecodeError> {
        self.begin(name)?;
        if self.take_nil() {
            return Ok(None);
        }
        self.read_text(name).map(|text| Some(text.to_owned()))
    }

    pub(super) fn optional_id(&mut self) -> Result<Option<InvocationId>, DecodeError> {
        let text = self.optional_text("invocationId")?;
        Ok(text.and_then(InvocationId::new))
    }

    pub(super) fn id(&mut self) -> Result<InvocationId, DecodeError> {
        self.optional_id()?
            .ok_or(DecodeError::Missing("invocationId"))
    }

    /// Reads a truth that may be absent, which it is when it is false.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, DecodeError> {
        if self.left == 0 {
            return Ok(false);
        }
        self.begin(name)?;
        if self.take_nil() {
            return Ok(false);
        }
        decode::read_bool(&mut self.rest).map_err(|_| wrong(name))
    }

    pub(super) fn headers(&mut self) -> Result<Headers, DecodeError> {
        const NAME: &str = "headers";
        self.begin(NAME)?;
        let mut headers = Headers::new();
        if self.take_nil() {
            return Ok(headers);
        }
        let count = decode::read_map_len(&mut self.rest).map_err(|_| wrong(NAME))?;
        for _ in 0..count {
            let name = self.read_text(NAME)?.to_owned();
            let value = self.read_text(NAME)?.to_owned();
            headers.insert(name, value);
        }
        Ok(headers)
    }

    pub(super) fn payload(&mut self, name: &'static str) -> Result<Payload, DecodeError> {
        self.begin(name)?;
        self.read_payload()
    }

    pub(super) fn arguments(&mut self) -> Result<Arguments, DecodeError> {
        let count = self.begin_array("arguments")?;
        let arguments = (0..count).map(|_| self.read_payload());
        arguments.collect::<Result<_, _>>().map(Arguments::new)
    }

    /// Reads the stream ids, which writers leave out when there are none.
    pub(super) fn stream_ids(&mut self) -> Result<Vec<String>, DecodeError> {
        const NAME: &str = "streamIds";
        if self.left == 0 {
            return Ok(Vec::new());
        }
        if self.rest.first() == Some(&NIL) {
            return Ok(Vec::new());
        }
        let count = self.begin_array(NAME)?;
        let ids = (0..count).map(|_| self.read_text(NAME).map(str::to_owned));
        ids.collect()
    }

    /// Counts an item, if there is one more.
    fn begin(&mut self, name: &'static str) -> Result<(), DecodeError> {
        self.left = self.left.checked_sub(1).ok_or(DecodeError::Missing(name))?;
        Ok(())
    }

    fn begin_array(&mut self, name: &'static str) -> Result<u32, DecodeError> {
        self.begin(name)?;
        decode::read_array_len(&mut self.rest).map_err(|_| wrong(name))
    }

    fn take_nil(&mut self) -> bool {
        let is_nil = self.rest.first() == Some(&NIL);
        if is_nil {
            self.rest = &self.rest[1..];
        }
        is_nil
    }

    fn read_text(&mut self, name: &str) -> Result<&'a str, DecodeError> {
        let (text, rest) = decode::read_str_from_slice(self.rest).map_err(|_| wrong(name))?;
        self.rest = rest;
        Ok(text)
    }

    fn read_payload(&mut self) -> Result<Payload, DecodeError> {
        let after = end_of_value(self.rest)?;
        let raw = &self.rest[..self.rest.len() - after.len()];
        self.rest = after;
        Ok(Payload::from_raw(
            Protocol::MessagePack,
            self.frame.slice_ref(raw),
        ))
    }
}

/// Gives what follows the first value.
pub(super) fn end_of_value(mut bytes: &[u8]) -> Result<&[u8], DecodeError> {
    skip(&mut bytes, MAX_DEPTH)?;
    Ok(bytes)
}

/// Passes over one value. Lengths are believed only as far as there are bytes.
fn skip(bytes: &mut &[u8], depth: usize) -> Result<(), DecodeError> {
    let marker = decode::read_marker(bytes).map_err(|_| cut_off())?;
    let (length, values) = extent(marker, bytes)?;
    *bytes = bytes.get(length..).ok_or_else(cut_off)?;
    if values > 0 && depth == 0 {
        return Err(DecodeError::Syntax("nested too deeply".to_owned()));
    }
    (0..values).try_for_each(|_| skip(bytes, depth - 1))
}

/// Says how many bytes and then how many values follow a marker, and passes over the length itself.
fn extent(marker: Marker, bytes: &mut &[u8]) -> Result<(usize, u64), DecodeError> {
    Ok(match marker {
        Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False => {
            (0, 0)
        }
        Marker::U8 | Marker::I8 => (1, 0),
        Marker::U16 | Marker::I16 | Marker::FixExt1 => (2, 0),
        Marker::FixExt2 => (3, 0),
        Marker::U32 | Marker::I32 | Marker::F32 => (4, 0),
        Marker::FixExt4 => (5, 0),
        Marker::U64 | Marker::I64 | Marker::F64 => (8, 0),
        Marker::FixExt8 => (9, 0),
        Marker::FixExt16 => (17, 0),
        Marker::FixStr(length) => (length.into(), 0),
        Marker::Str8 | Marker::Bin8 => (length(bytes, 1)?, 0),
        Marker::Str16 | Marker::Bin16 => (length(bytes, 2)?, 0),
        Marker::Str32 | Marker::Bin32 => (length(bytes, 4)?, 0),
        Marker::Ext8 => (length(bytes, 1)?.saturating_add(1), 0),
        Marker::Ext16 => (length(bytes, 2)?.saturating_add(1), 0),
        Marker::Ext32 => (length(bytes, 4)?.saturating_add(1), 0),
        Marker::FixArray(count) => (0, count.into()),
        Marker::Array16 => (0, length(bytes, 2)? as u64),
        Marker::Array32 => (0, length(bytes, 4)? as u64),
        Marker::FixMap(count) => (0, 2 * u64::from(count)),
        Marker::Map16 => (0, 2 * length(bytes, 2)? as u64),
        Marker::Map32 => (0, 2 * length(bytes, 4)? as u64),
        Marker::Reserved => return Err(DecodeError::Syntax("a byte has no meaning".to_owned())),
    })
}

/// Reads a length of so many bytes.
fn length(bytes: &mut &[u8], width: usize) -> Result<usize, DecodeError> {
    let (length, rest) = bytes.split_at_checked(width).ok_or_else(cut_off)?;
    *bytes = rest;
    Ok(length
        .iter()
        .fold(0, |length, byte| length << 8 | usize::from(*byte)))
}

fn cut_off() -> DecodeError {
    DecodeError::Syntax("a value is cut off".to_owned())
}

fn wrong(name: &str) -> DecodeError {
    DecodeError::Syntax(format!("'{name}' is of another type or cut off"))
}
