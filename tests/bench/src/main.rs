//! The load generator: `cargo xtask bench signalr` and `cargo xtask bench server`.

fn main() -> anyhow::Result<()> {
    vestnik_bench::run()
}
