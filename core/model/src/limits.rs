//! The sizes of the wire, each derived from the others in this one place.
//!
//! ```text
//! entry ≤ 64 KiB ≤ page (256 KiB by default, never below one entry and its envelope)
//! page + envelope ≤ frame ≤ 1 MiB, the smallest default of an official client (pysignalr)
//! entry + 8 KiB ≤ the server's hub_message_bytes
//! ```
//!
//! An entry is measured when its notification is accepted, on the larger of its JSON and MessagePack
//! forms, so that no page can be made that a client's default refuses.

/// The most bytes of one entry of the log, in JSON and in MessagePack.
pub const ENTRY_BYTES: usize = 64 * 1_024;

/// What surrounds an entry or a page in a hub message: the call's envelope, cursors, flags.
pub const ENVELOPE_BYTES: usize = 8 * 1_024;

/// The most bytes of a page's entries unless the operator says otherwise.
pub const DEFAULT_PAGE_BYTES: usize = 256 * 1_024;

/// The fewest bytes a page may be bounded to: one entry always fits.
pub const MIN_PAGE_BYTES: usize = ENTRY_BYTES;

/// The most bytes a page may be bounded to: with its envelope it passes every official client's
/// default limit.
pub const MAX_PAGE_BYTES: usize = FRAME_BYTES - ENVELOPE_BYTES;

/// The most bytes of one message to a client: the default limit of pysignalr and of `vestnik-signalr`.
pub const FRAME_BYTES: usize = 1_024 * 1_024;

/// The fewest bytes that the server must read in one hub message: the largest entry, published
/// through the hub, and its envelope.
pub const MIN_HUB_MESSAGE_BYTES: usize = ENTRY_BYTES + ENVELOPE_BYTES;

/// The most entries of one page.
pub const PAGE_ENTRIES: u32 = 500;

/// The entries of a page when the device does not say.
pub const DEFAULT_PAGE_ENTRIES: u32 = 100;

/// The most facts of one report.
pub const REPORT_FACTS: usize = 500;

/// The most bytes of one report.
pub const REPORT_BYTES: usize = 64 * 1_024;

/// The most bytes of a fact's body as JSON: a reply's text is the largest.
pub const FACT_BODY_BYTES: usize = 8 * 1_024;

/// The most bytes of a publish request.
pub const PUBLISH_BYTES: usize = MIN_HUB_MESSAGE_BYTES;

/// As many bytes of a message are brought to the server as a bounce: the report stands before the copy of
/// the letter.
pub const BOUNCE_BYTES: usize = 64 * 1_024;

/// The most features that a side may name.
pub const FEATURES: usize = 64;

const _: () = assert!(
    ENTRY_BYTES <= MIN_PAGE_BYTES,
    "a page holds at least one entry"
);
const _: () = assert!(MIN_PAGE_BYTES <= DEFAULT_PAGE_BYTES && DEFAULT_PAGE_BYTES <= MAX_PAGE_BYTES);
const _: () = assert!(
    REPORT_BYTES <= MIN_HUB_MESSAGE_BYTES,
    "a report fits a hub message"
);
const _: () = assert!(
    BOUNCE_BYTES <= PUBLISH_BYTES,
    "a bounce fits the body of a request"
);
const _: () = assert!(
    FACT_BODY_BYTES < REPORT_BYTES,
    "a report holds at least one fact"
);
