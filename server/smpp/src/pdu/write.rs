//! PDUs as bytes.

use bytes::Bytes;
use rusmpp::{
    CommandStatus, Pdu,
    encode::{Encode as _, Length as _},
    pdus::{BindTransceiver, BindTransmitter},
    types::COctetString,
    values::InterfaceVersion,
};
use secrecy::ExposeSecret as _;

use super::{Command, Status, frame::HEADER};
use crate::login::{Login, Role, Version};

/// A PDU with its header.
pub(crate) fn encode(pdu: Pdu, status: Status, sequence: u32) -> Bytes {
    let command = rusmpp::Command::new(CommandStatus::from(status.0), sequence, pdu);
    let size = 4 + command.length();
    let mut octets = vec![0; size];
    let length = u32::try_from(size).unwrap_or(u32::MAX);
    octets[..4].copy_from_slice(&length.to_be_bytes());
    command.encode(&mut octets[4..]);
    octets.into()
}

/// A PDU without a body.
pub(crate) fn encode_empty(command: Command, status: Status, sequence: u32) -> Bytes {
    let length = u32::try_from(HEADER).unwrap_or(u32::MAX);
    let head = [length, command.0, status.0, sequence];
    head.iter().flat_map(|field| field.to_be_bytes()).collect()
}

/// The request to bind.
pub(crate) fn bind(login: &Login) -> Pdu {
    let version = match login.version {
        Version::V3_4 => InterfaceVersion::Smpp3_4,
        Version::V5_0 => InterfaceVersion::Smpp5_0,
    };
    let system_id = string(login.system_id());
    let password = string(login.password().expose_secret());
    let system_type = string(login.system_type());
    match login.role {
        Role::Transceiver => BindTransceiver::builder()
            .system_id(system_id)
            .password(password)
            .system_type(system_type)
            .interface_version(version)
            .build()
            .into(),
        Role::Transmitter => BindTransmitter::builder()
            .system_id(system_id)
            .password(password)
            .system_type(system_type)
            .interface_version(version)
            .build()
            .into(),
    }
}

/// A text that was checked to fit when it was parsed; nothing if it does not.
pub(crate) fn string<const MAX: usize>(text: &str) -> COctetString<1, MAX> {
    text.parse().unwrap_or_default()
}
