//! The bounds that an operator sets, held against those that the wire and each other demand.
//!
//! The sizes of the wire are derived in [`vestnik_model::limits`]; here is what the settings must keep
//! of them, so that no page can be made that a frame cannot carry and no notification can be published
//! that a page cannot hold.

use vestnik_model::limits::{
    ENVELOPE_BYTES, FRAME_BYTES, MAX_PAGE_BYTES, MIN_HUB_MESSAGE_BYTES, MIN_PAGE_BYTES,
    PUBLISH_BYTES,
};

/// What a connection may have waiting before it counts as too slow: twice the largest frame, a page
/// and what is queued beside it.
pub(crate) const WRITE_BUFFER_BYTES: usize = 2 * FRAME_BYTES;

/// The sizes that are set, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The largest hub message that the server reads.
    pub(crate) hub_message: usize,
    /// The largest page.
    pub(crate) page: usize,
    /// The largest request body.
    pub(crate) body: usize,
    /// What a connection may have waiting.
    pub(crate) write_buffer: usize,
}

/// A size that does not go with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {bound}, is {found} bytes")]
pub struct BoundsError {
    what: &'static str,
    bound: Bound,
    found: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    AtLeast(usize),
    AtMost(usize),
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(bytes) => write!(f, "at least {bytes}"),
            Self::AtMost(bytes) => write!(f, "at most {bytes}"),
        }
    }
}

/// Checks the sizes against each other.
///
/// # Errors
/// The first that does not hold.
pub(crate) fn check(bounds: Bounds) -> Result<(), BoundsError> {
    let Bounds {
        hub_message,
        page,
        body,
        write_buffer,
    } = bounds;
    let wrong = |what, bound, found| Err(BoundsError { what, bound, found });
    if hub_message < MIN_HUB_MESSAGE_BYTES {
        return wrong(
            "limits.hub_message_bytes",
            Bound::AtLeast(MIN_HUB_MESSAGE_BYTES),
            hub_message,
        );
    }
    if page < MIN_PAGE_BYTES {
        return wrong("limits.page_bytes", Bound::AtLeast(MIN_PAGE_BYTES), page);
    }
    if page > MAX_PAGE_BYTES {
        return wrong("limits.page_bytes", Bound::AtMost(MAX_PAGE_BYTES), page);
    }
    if body < PUBLISH_BYTES {
        return wrong("limits.body_bytes", Bound::AtLeast(PUBLISH_BYTES), body);
    }
    if write_buffer <= page + ENVELOPE_BYTES {
        return wrong(
            "the write buffer",
            Bound::AtLeast(page + ENVELOPE_BYTES + 1),
            write_buffer,
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use vestnik_model::limits::DEFAULT_PAGE_BYTES;

    use super::*;

    const GOOD: Bounds = Bounds {
        hub_message: MIN_HUB_MESSAGE_BYTES,
        page: DEFAULT_PAGE_BYTES,
        body: PUBLISH_BYTES,
        write_buffer: WRITE_BUFFER_BYTES,
    };

    #[test]
    fn each_bound_is_checked_and_named() {
        assert_eq!(check(GOOD), Ok(()));
        let bad = [
            (
                Bounds {
                    hub_message: GOOD.hub_message - 1,
                    ..GOOD
                },
                "hub_message_bytes must be at least",
            ),
            (
                Bounds {
                    page: MIN_PAGE_BYTES - 1,
                    ..GOOD
                },
                "page_bytes must be at least",
            ),
            (
                Bounds {
                    page: MAX_PAGE_BYTES + 1,
                    ..GOOD
                },
                "page_bytes must be at most",
            ),
            (
                Bounds {
                    body: GOOD.body - 1,
                    ..GOOD
                },
                "body_bytes must be at least",
            ),
            (
                Bounds {
                    write_buffer: GOOD.page,
                    ..GOOD
                },
                "write buffer must be at least",
            ),
        ];
        for (bounds, expected) in bad {
            let text = check(bounds).unwrap_err().to_string();
            assert!(text.contains(expected), "{text}");
        }
    }
}
