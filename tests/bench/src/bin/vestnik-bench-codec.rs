//! Measures the codec, with an allocator that counts: `vestnik-bench-codec MILLISECONDS`.

use std::{alloc::System, time::Duration};

use anyhow::Context as _;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use vestnik_bench::{Allocated, measure_codec};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> anyhow::Result<()> {
    let millis = std::env::args().nth(1).context("for how long?")?;
    measure_codec(Duration::from_millis(millis.parse()?), allocated)
}

fn allocated() -> Allocated {
    let stats = ALLOCATOR.stats();
    Allocated {
        count: stats.allocations + stats.reallocations,
        bytes: stats.bytes_allocated,
    }
}
