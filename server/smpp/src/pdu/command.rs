//! What a PDU is.

/// The identifier of a command (SMPP 3.4, 5.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Command(pub(crate) u32);

impl Command {
    pub(crate) const GENERIC_NACK: Self = Self(0x8000_0000);
    pub(crate) const BIND_TRANSMITTER: Self = Self(0x0000_0002);
    pub(crate) const BIND_TRANSCEIVER: Self = Self(0x0000_0009);
    pub(crate) const SUBMIT_SM: Self = Self(0x0000_0004);
    pub(crate) const DELIVER_SM: Self = Self(0x0000_0005);
    pub(crate) const UNBIND: Self = Self(0x0000_0006);
    pub(crate) const OUTBIND: Self = Self(0x0000_000b);
    pub(crate) const ENQUIRE_LINK: Self = Self(0x0000_0015);
    pub(crate) const ALERT_NOTIFICATION: Self = Self(0x0000_0102);
    pub(crate) const DATA_SM: Self = Self(0x0000_0103);

    /// What answers it.
    pub(crate) const fn response(self) -> Self {
        Self(self.0 | 0x8000_0000)
    }

    pub(crate) const fn is_response(self) -> bool {
        self.0 & 0x8000_0000 != 0
    }
}
