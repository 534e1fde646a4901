use crate::protocol::TransferFormat;

/// What a machine must know of the transport that carries its bytes (`TransportProtocols.md`,
/// Transfer Formats).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carrier {
    /// Whether it carries bytes that are no text.
    pub binary: bool,
    /// Whether it is seen to live by itself, so that no pings are sent and nobody is missed for silence.
    /// The official server and clients ping on any transport but long polling.
    pub keeps_alive: bool,
}

impl Carrier {
    /// One socket for both ways and any bytes.
    pub const WEB_SOCKETS: Self = Self {
        binary: true,
        keeps_alive: false,
    };
    /// An endless answer of text.
    pub const SERVER_SENT_EVENTS: Self = Self {
        binary: false,
        keeps_alive: false,
    };
    /// A request for each answer: each shows that both ends are there.
    pub const LONG_POLLING: Self = Self {
        binary: true,
        keeps_alive: true,
    };

    /// Says whether it carries what a protocol writes.
    pub const fn carries(self, format: TransferFormat) -> bool {
        match format {
            TransferFormat::Text => true,
            TransferFormat::Binary => self.binary,
        }
    }
}
