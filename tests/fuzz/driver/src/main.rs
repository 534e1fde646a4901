//! Gives libFuzzer the target that `VESTNIK_FUZZ_TARGET` names.
#![no_main]

use std::{env, sync::LazyLock};

use vestnik_fuzz::TARGETS;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let wanted = env::var("VESTNIK_FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|(name, _)| *name == wanted);
    found.map_or_else(
        || panic!("VESTNIK_FUZZ_TARGET must name a target"),
        |(_, target)| *target,
    )
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
