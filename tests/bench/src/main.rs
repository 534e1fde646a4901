//! The load generator: `cargo xtask bench signalr`.

fn main() -> anyhow::Result<()> {
    vestnik_bench::run()
}
