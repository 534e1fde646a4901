//! A load generator for our hub server and for any peer beside it.
//!
//! One epoll loop (the *sink*) holds all client connections and finds a time in the raw bytes that
//! come, whatever protocol is around it. A peer is one TOML file in `peers/`. Server and sink have a
//! core each; peers take turns; a plain TCP write of the same bytes to the same number of sockets is
//! the unit; a run with a loss is void. Linux only: it reads `/proc` and binds processes to cores.
//!
//! One part measures what a push costs the server, beside programs that do nothing but send it.
//! Beside the servers there is one part for a device: its inbox of a million notifications, beside plain
//! statements over the same tables.
//!
//! The program has more roles: the hub server under test, the raw loop, the whole server and the plain
//! work that it is compared with. Each runs in a process of its own.
#![expect(
    clippy::cast_precision_loss,
    reason = "figures are shown with three digits"
)]
#![forbid(unsafe_code)]

mod cli;
mod client;
mod clock;
mod codec;
mod delivery;
mod echo;
mod fanout;
mod figure;
mod machine;
mod marker;
mod peer;
mod process;
mod publish;
mod random;
mod role;
mod running;
mod say;
mod server;
mod setting;
mod signalr;
mod sink;
mod stall;
mod stat;
mod table;
mod unicast;
mod websocket;

pub use self::{
    cli::run,
    codec::{Allocated, measure_codec},
    delivery::measure_sealing,
};
