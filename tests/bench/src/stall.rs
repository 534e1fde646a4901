//! Some clients read nothing for a while: what it costs the server, and the others.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::{
    fanout::{Ground, paced},
    machine,
    peer::Peer,
    running::Running,
    setting::{Cores, Setting},
    sink::Latency,
};

/// Bytes of a payload here: small ones would all fit into the kernel's buffers.
const PAYLOAD: usize = 16 * 1024;

/// Deliveries offered per second.
const OFFERED: f64 = 10_000.0;

/// The figures of a stall.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stall {
    /// The others' latency before.
    pub(crate) before: Latency,
    /// The others' latency meanwhile.
    pub(crate) during: Latency,
    pub(crate) stalled: usize,
    /// Messages that each stalled client should have read.
    pub(crate) messages: usize,
    /// Growth of the server's resident memory in bytes.
    pub(crate) grown: f64,
    /// Growth of the kernel's memory for TCP, both ends, in bytes.
    pub(crate) kernel: f64,
    /// Stalled clients that the server cut.
    pub(crate) cut: usize,
    /// What the stalled clients read afterwards, all together.
    pub(crate) late: u64,
}

/// Starts a peer; one client of a hundred stalls.
pub(crate) fn visit(peer: &Peer, setting: &Setting, cores: Cores) -> Result<Stall> {
    let count = setting.stall_connections;
    let running = Running::start(peer, cores)?;
    let mut publisher = running.publisher()?;
    let mut sink = running.sink()?;
    running.connect(&mut sink, count)?;
    let rate = (OFFERED / count as f64).clamp(1.0, 50.0);
    let messages = (rate * setting.stall.as_secs_f64()).ceil() as usize;
    let interval = Duration::from_secs_f64(1.0 / rate);
    let mut phase = |sink: &mut _, readers: usize| {
        let mut ground = Ground {
            running: &running,
            sink,
            publisher: &mut publisher,
            count: readers,
            payload: PAYLOAD,
        };
        let expected = messages * readers;
        let publish = |publisher: &mut _, _: &_| paced(publisher, messages, interval, PAYLOAD);
        let log = ground.run(expected, publish)?;
        log.must_be_whole(expected as u64)?;
        anyhow::Ok(log.latency())
    };
    let before = phase(&mut sink, count).context("before the stall")?;
    let (memory, kernel) = (running.resting_memory(), machine::kernel_tcp_bytes());
    let stalled: Vec<usize> = (0..count).step_by(100).collect();
    sink.stall(&stalled);
    let during = phase(&mut sink, count - stalled.len()).context("during the stall")?;
    let grown = running.server.resident().saturating_sub(memory) as f64;
    let kernel = machine::kernel_tcp_bytes().saturating_sub(kernel) as f64;
    let resumed = sink.resume(Duration::from_secs(2))?;
    Ok(Stall {
        before,
        during,
        stalled: stalled.len(),
        messages,
        grown,
        kernel,
        cut: resumed.cut,
        late: resumed.received,
    })
}
