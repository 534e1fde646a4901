//! What a message centre writes, by the foreign codec.

use rusmpp::{
    Command, CommandStatus, Pdu,
    encode::{Encode as _, Length as _},
    pdus::{BindTransceiverResp, BindTransmitterResp, DeliverSm, SubmitSmResp},
    types::{COctetString, OctetString},
    values::{EsmClass, InterfaceVersion},
};

use vestnik_model::AttemptId;

use crate::pdu::Status;

pub(crate) fn attempt() -> AttemptId {
    "att_0192f0c1000070008000000000000007".parse().unwrap()
}

pub(crate) fn pdu(pdu: impl Into<Pdu>, status: Status, sequence: u32) -> Vec<u8> {
    let command = Command::new(CommandStatus::from(status.0), sequence, pdu);
    let mut octets = vec![0; 4 + command.length()];
    let length = u32::try_from(octets.len()).unwrap();
    octets[..4].copy_from_slice(&length.to_be_bytes());
    command.encode(&mut octets[4..]);
    octets
}

pub(crate) fn bind_answer(sequence: u32, status: Status, version: Option<u8>) -> Vec<u8> {
    if status != Status::OK {
        return empty_of(0x8000_0009, status, sequence);
    }
    let answer = BindTransceiverResp::builder()
        .system_id("centre".parse().unwrap())
        .sc_interface_version(version.map(InterfaceVersion::from));
    pdu(answer.build(), status, sequence)
}

pub(crate) fn bind_transmitter_answer(sequence: u32, version: u8) -> Vec<u8> {
    let answer = BindTransmitterResp::builder()
        .system_id("centre".parse().unwrap())
        .sc_interface_version(Some(InterfaceVersion::from(version)));
    pdu(answer.build(), Status::OK, sequence)
}

pub(crate) fn submit_answer(sequence: u32, status: Status, id: &str) -> Vec<u8> {
    if status != Status::OK {
        return empty_of(0x8000_0004, status, sequence);
    }
    let id: COctetString<1, 65> = id.parse().unwrap();
    pdu(
        SubmitSmResp::builder().message_id(id).build(),
        status,
        sequence,
    )
}

pub(crate) fn receipt(sequence: u32, id: &str) -> Vec<u8> {
    let text = format!("id:{id} stat:DELIVRD err:000");
    let receipt = DeliverSm::builder()
        .esm_class(EsmClass::from(4))
        .short_message(OctetString::from_string(text).unwrap());
    pdu(receipt.build(), Status::OK, sequence)
}

pub(crate) fn empty(command: u32, sequence: u32) -> Vec<u8> {
    empty_of(command, Status::OK, sequence)
}

pub(crate) fn empty_of(command: u32, status: Status, sequence: u32) -> Vec<u8> {
    let head = [16, command, status.0, sequence];
    head.iter().flat_map(|field| field.to_be_bytes()).collect()
}
