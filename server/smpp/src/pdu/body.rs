//! The fields of a PDU that came.

/// A parameter behind the fixed fields (SMPP 3.4, 5.3.2; SMPP 5.0, 4.8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag(pub(crate) u16);

impl Tag {
    pub(crate) const RECEIPTED_MESSAGE_ID: Self = Self(0x001e);
    pub(crate) const SAR_MSG_REF_NUM: Self = Self(0x020c);
    pub(crate) const SAR_TOTAL_SEGMENTS: Self = Self(0x020e);
    pub(crate) const SAR_SEGMENT_SEQNUM: Self = Self(0x020f);
    pub(crate) const SC_INTERFACE_VERSION: Self = Self(0x0210);
    pub(crate) const NETWORK_ERROR_CODE: Self = Self(0x0423);
    pub(crate) const MESSAGE_PAYLOAD: Self = Self(0x0424);
    pub(crate) const MESSAGE_STATE: Self = Self(0x0427);
    pub(crate) const CONGESTION_STATE: Self = Self(0x0428);
}

/// What of a PDU's body is not read yet.
#[derive(Clone, Copy)]
pub(crate) struct Body<'a>(pub(crate) &'a [u8]);

impl<'a> Body<'a> {
    /// The next octet.
    pub(crate) fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The next octets.
    pub(crate) fn octets(&mut self, length: usize) -> Option<&'a [u8]> {
        let (read, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(read)
    }

    /// The octets up to the next null, which is read too.
    pub(crate) fn text(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|octet| *octet == 0)?;
        let read = self.octets(end)?;
        self.octet()?;
        Some(read)
    }

    /// The octets up to the next null, or all if there is none.
    pub(crate) fn text_or_rest(&mut self) -> &'a [u8] {
        self.text().unwrap_or_else(|| std::mem::take(&mut self.0))
    }

    /// The value of a parameter in what is left. What is malformed ends the parameters.
    pub(crate) fn parameter(&self, tag: Tag) -> Option<&'a [u8]> {
        let mut rest = *self;
        loop {
            let (own, length) = (rest.number()?, rest.number()?);
            let value = rest.octets(usize::from(length))?;
            if own == tag.0 {
                return Some(value);
            }
        }
    }

    /// The value of a parameter of one octet.
    pub(crate) fn octet_parameter(&self, tag: Tag) -> Option<u8> {
        self.parameter(tag)?.last().copied()
    }

    /// The value of a parameter of two octets.
    pub(crate) fn number_parameter(&self, tag: Tag) -> Option<u16> {
        let value = self.parameter(tag)?;
        Some(u16::from_be_bytes(*value.first_chunk()?))
    }

    fn number(&mut self) -> Option<u16> {
        let octets = self.octets(2)?;
        Some(u16::from_be_bytes(*octets.first_chunk()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_by_their_own_lengths() {
        // receipted_message_id without its null, an unknown one, message_state of two octets, a cut one.
        let octets =
            b"\x00\x1e\x00\x03abc\x14\x01\x00\x02zz\x04\x27\x00\x02\x00\x02\x04\x23\x00\x09\x01";
        let body = Body(octets);
        assert_eq!(body.parameter(Tag::RECEIPTED_MESSAGE_ID), Some(&b"abc"[..]));
        assert_eq!(body.octet_parameter(Tag::MESSAGE_STATE), Some(2));
        assert_eq!(body.parameter(Tag::NETWORK_ERROR_CODE), None);
        assert_eq!(body.parameter(Tag::MESSAGE_PAYLOAD), None);
    }

    #[test]
    fn fields_end_where_the_body_does() {
        let mut body = Body(b"id\0x");
        assert_eq!(body.text(), Some(&b"id"[..]));
        assert_eq!(body.text(), None);
        assert_eq!(body.text_or_rest(), b"x");
        assert_eq!((body.octet(), body.octets(1)), (None, None));
        assert_eq!(body.octets(0), Some(&b""[..]));
    }
}
