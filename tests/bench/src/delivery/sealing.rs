//! What one envelope costs, in a program whose allocator counts.

use std::{hint::black_box, time::Duration};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use vestnik_clock::{Clock as _, SystemClock};
use vestnik_envelope::{Context, KeyRing, PublicKey, seal, seal_by};
use vestnik_server::FastCurve;

use crate::{
    codec::{Allocated, Cost, Meter},
    say,
};

/// As many bytes as the notification of a mailing has in JSON.
const CONTENT: usize = 400;
const KEYS: usize = 64;

/// What sealing an envelope costs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sealed {
    /// By the library that the server seals with.
    pub(crate) server: Cost,
    /// By the one that devices have.
    pub(crate) device: Cost,
}

/// Seals for stretches of time and prints a line of JSON.
///
/// `allocated` reads the program's counting allocator.
///
/// # Errors
/// A key that nothing can be sealed for.
pub fn measure(duration: Duration, allocated: fn() -> Allocated) -> Result<()> {
    let ring = || KeyRing::new(SystemClock.now(), SystemClock.random()).public_key();
    let keys: Vec<PublicKey> = std::iter::repeat_with(ring).take(KEYS).collect();
    let context = Context {
        installation: "ins_00000000000000000000000000000001".parse()?,
        notification: "ntf_00000000000000000000000000000002".parse()?,
    };
    let content = [b'x'; CONTENT];
    let first = ring();
    seal(&content, &first, &context, [1; 32]).context("nothing can be sealed")?;
    let meter = Meter {
        duration,
        allocated,
    };
    let mut keys = keys.iter().cycle();
    let mut next = || (keys.next().unwrap_or(&first), SystemClock.random());
    let server = meter.cost(|| {
        let (key, random) = next();
        let sealed = seal_by(&FastCurve, black_box(&content), (key, &context), random);
        drop(black_box(sealed));
    });
    let device = meter.cost(|| {
        let (key, random) = next();
        drop(black_box(seal(black_box(&content), key, &context, random)));
    });
    say::out(serde_json::to_string(&Sealed { server, device })?);
    Ok(())
}
