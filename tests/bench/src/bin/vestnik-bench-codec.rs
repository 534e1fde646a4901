//! Measures the codec, or sealing, with an allocator that counts: `vestnik-bench-codec MILLISECONDS [sealing]`.

use std::{alloc::System, time::Duration};

use anyhow::Context as _;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use vestnik_bench::{Allocated, measure_codec, measure_sealing};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> anyhow::Result<()> {
    let millis = std::env::args().nth(1).context("for how long?")?;
    let duration = Duration::from_millis(millis.parse()?);
    match std::env::args().nth(2).as_deref() {
        Some("sealing") => measure_sealing(duration, allocated),
        _ => measure_codec(duration, allocated),
    }
}

fn allocated() -> Allocated {
    let stats = ALLOCATOR.stats();
    Allocated {
        count: stats.allocations + stats.reallocations,
        bytes: stats.bytes_allocated,
    }
}
