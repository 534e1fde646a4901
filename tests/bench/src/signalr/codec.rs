//! The codecs of both languages side by side.

use std::{collections::BTreeMap, process::Command, time::Duration};

use anyhow::{Context as _, Result, ensure};

use crate::{codec::Measured, peer, say, setting::own_program, table::Table};

/// Prints what each message costs in Rust and in the official JavaScript client.
pub(super) fn print(duration: Duration) -> Result<()> {
    let program = own_program()?.with_file_name("vestnik-bench-codec");
    let millis = duration.as_millis().to_string();
    let ours = measured(Command::new(program).arg(&millis)).context("our codec")?;
    let script = peer::folder().join("codec.mjs");
    let arguments = ["--expose-gc", "--max-semi-space-size=64"];
    let official = if peer::folder()
        .join("node_modules/@microsoft/signalr")
        .exists()
    {
        let mut node = Command::new("node");
        measured(node.args(arguments).arg(script).arg(&millis)).context("the official codec")?
    } else {
        say::out("official codec: not installed, skipped (npm ci --prefix tests/bench/peers)");
        Vec::new()
    };
    say::out(table(&ours, &official));
    let sound = ours.iter().all(Measured::is_sound);
    ensure!(sound && !ours.is_empty(), "no sound figures for the codec");
    Ok(())
}

fn measured(command: &mut Command) -> Result<Vec<Measured>> {
    let output = command.output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {errors}", output.status);
    let text = String::from_utf8(output.stdout)?;
    let lines = text.lines().map(|line| Ok(serde_json::from_str(line)?));
    lines.collect()
}

fn table(ours: &[Measured], official: &[Measured]) -> Table {
    let columns = [
        "protocol",
        "message",
        "encode ns",
        "allocations (bytes)",
        "JavaScript ns (bytes)",
        "decode ns",
        "allocations (bytes)",
        "JavaScript ns (bytes)",
    ];
    let mut table = Table::new("Each message, encoded and decoded", &columns);
    let official: BTreeMap<_, _> = official.iter().map(|line| (line.place(), line)).collect();
    for line in ours {
        let there = official.get(&line.place());
        let cell = |cost: Option<&crate::codec::Cost>| {
            cost.map_or_else(
                || "-".to_owned(),
                |cost| format!("{:.0} ({:.0})", cost.nanos, cost.bytes),
            )
        };
        let allocations =
            |cost: &crate::codec::Cost| format!("{:.0} ({:.0})", cost.allocations, cost.bytes);
        table.row(vec![
            line.protocol.clone(),
            line.message.clone(),
            format!("{:.0}", line.encode.nanos),
            allocations(&line.encode),
            cell(there.map(|line| &line.encode)),
            format!("{:.0}", line.decode.nanos),
            allocations(&line.decode),
            cell(there.map(|line| &line.decode)),
        ]);
    }
    table
}
