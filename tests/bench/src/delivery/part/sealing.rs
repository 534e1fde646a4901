//! What sealing an envelope costs.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::{super::Sealed, Bench};
use crate::{figure::Figure, setting::own_program, stat::Figures};

pub(in super::super) fn sealing(bench: &Bench) -> Result<Vec<Figure>> {
    let program = own_program()?.with_file_name("vestnik-bench-codec");
    let millis = bench.size.sealing.as_millis().to_string();
    let [mut rate, mut device, mut allocations, mut bytes] = [(); 4].map(|()| Figures::default());
    for _ in 0..bench.size.runs {
        let mut command = Command::new(&program);
        let output = command.args([&millis, "sealing"]).output();
        let output = output.with_context(|| format!("cannot start {}", program.display()))?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let sealed: Sealed = serde_json::from_slice(&output.stdout)?;
        rate.push(1e9 / sealed.server.nanos);
        device.push(1e9 / sealed.device.nanos);
        allocations.push(sealed.server.allocations);
        bytes.push(sealed.server.bytes);
    }
    Ok(vec![
        Figure::new("envelopes sealed a second on one core", "/s", rate),
        Figure::new("the same by the library that devices have", "/s", device),
        Figure::new("allocations for an envelope", "", allocations),
        Figure::new("bytes allocated for an envelope", "bytes", bytes),
    ])
}
