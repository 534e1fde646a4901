//! Short messages over SMPP 3.4 and 5.0: a client (ESME) that binds as a transceiver.
//!
//! Start reading at [`Client`] (what sends) and [`outcome`] (what an answer means). [`account`] is what an
//! operator gives to send by; [`parts`] says how many short messages a text costs; [`session`] is the protocol
//! without a socket or a clock; [`Consumer`] is who takes receipts and the messages of people.
//!
//! # Hand-over and repetition
//! A message centre takes a message by its answer to each `submit_sm`. What was not written before the
//! connection ended was not handed over ([`Verdict::Retry`]); what was written and not answered may have been
//! ([`Verdict::Unproven`]), and SMPP has no way to repeat it so that the message centre would know it again.
//! What a message of several parts comes to is told in [`outcome`].
//!
//! # Receipts
//! A receipt is acknowledged after its [`Consumer`] kept it, and is otherwise repeated by the message centre.
//! Messages of people are handed to the same consumer, which says [`Answer::Never`] if nobody reads them.
//!
//! # Why the session is our own
//! Which submissions had been written when a connection ended decides about repetitions, and receipts must not
//! be acknowledged before they are kept; clients that exist hide the former and do the latter by themselves.
//! PDUs are encoded by `rusmpp`. What comes is read here, since message centres deviate from the
//! specification: a receipt whose id lacks its null, or whose parameter has another length, is a fact all the
//! same.
//!
//! # Features
//! `client`, on by default, has [`Client`]; `account` has [`Account`] alone, for whoever reads what an operator
//! gives. Without both nothing here knows a network.
//!
//! # What stays out of logs
//! `Debug` and errors show no text, number, name or password; message centres' texts are never shown.
//!
//! # Example
//! ```no_run
//! use std::sync::Arc;
//!
//! use vestnik_clock::SystemClock;
//! use vestnik_model::phone::PhoneNumber;
//! use vestnik_outbound::Reach;
//! use vestnik_smpp::{Account, Answer, Client, Consumer, Arrival, Message, Taking, Verdict};
//!
//! #[derive(Debug)]
//! struct Reports;
//!
//! impl Consumer for Reports {
//!     fn take(&self, arrival: Arrival) -> Taking<'_> {
//!         Box::pin(async move {
//!             match arrival {
//!                 // Kept durably before it is acknowledged.
//!                 Arrival::Receipt(receipt) => println!("{} {:?}", receipt.id, receipt.state),
//!                 Arrival::Message(_) => return Answer::Never,
//!             }
//!             Answer::Taken
//!         })
//!     }
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let account = Account::parse(
//!     r#"{"host": "smsc.example", "system_id": "shop", "password": "secret08", "source": "Shop"}"#,
//! )?;
//! let client = Client::start(&account, Reach::public(), Arc::new(SystemClock), Arc::new(Reports))?;
//! let message = Message {
//!     attempt: "att_0192f0c1000070008000000000000007".parse()?,
//!     to: &PhoneNumber::parse("+4930123456")?,
//!     text: "Заказ готов",
//!     expires_at: None,
//! };
//! match client.send(&message).await.verdict {
//!     Verdict::Accepted { id } => println!("{id:?}"),
//!     other => println!("{other:?}"),
//! }
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

#[cfg(feature = "account")]
pub mod account;
mod arrival;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
mod consumer;
#[cfg(test)]
mod fixture;
mod login;
mod message;
pub mod outcome;
mod pdu;
pub mod session;
mod source;
mod text;

#[cfg(feature = "account")]
pub use account::{Account, AccountError, Fault};
pub use arrival::{
    Answer, Arrival, Incoming, MessageId, Receipt, ReceiptIds, ReceiptParts, Segment, State,
    state_of_all,
};
#[cfg(feature = "client")]
pub use client::{Client, Condition, Place};
#[cfg(feature = "client")]
pub use consumer::{Consumer, Taking};
pub use login::{Login, LoginError, Role, Version};
pub use message::{BuildError, Form, Message, Receipts, Submission};
pub use outcome::{Outcome, Said, Verdict};
pub use pdu::{FrameFault, MAX_PDU, Status};
pub use session::{Closing, Config, Late, Patience, Trouble};
pub use source::{Source, SourceError};
pub use text::{Alphabet, Coding, Joining, Parts, parts};
