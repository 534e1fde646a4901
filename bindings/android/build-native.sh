#!/usr/bin/env bash
# Builds the native library for each ABI into src/main/jniLibs. Needs `cargo install cargo-ndk`, the
# targets of rustup, and ANDROID_NDK_HOME with NDK r28 or newer. Not run by this project's tests, which
# have no NDK; `cargo xtask targets` type-checks the same code.
set -euo pipefail
cd "$(dirname "$0")"

abis=(arm64-v8a armeabi-v7a x86_64)
rustup target add aarch64-linux-android armv7-linux-androideabi x86_64-linux-android

# Nothing unwinds through C: panics of what it calls are caught there. The unstripped library has tables for
# debuggers all the same.
export CFLAGS="${CFLAGS:-} -fno-asynchronous-unwind-tables -fno-unwind-tables"

# Devices with pages of 16 KiB refuse a library whose segments are aligned to less.
export RUSTFLAGS="${RUSTFLAGS:-} -C link-arg=-Wl,-z,max-page-size=16384 -C link-arg=-Wl,--icf=all --remap-path-prefix=$(cd ../.. && pwd)=vestnik"
targets=()
for abi in "${abis[@]}"; do targets+=(--target "$abi"); done
cargo ndk "${targets[@]}" --platform 26 --output-dir src/main/jniLibs \
    build --locked --package vestnik-ffi --lib --profile dist

for abi in arm64-v8a x86_64; do
    library="src/main/jniLibs/$abi/libvestnik_ffi.so"
    readelf --program-headers --wide "$library" | awk -v library="$library" '
        $1 == "LOAD" && strtonum($NF) < 16384 { print library ": a segment is aligned to " $NF; bad = 1 }
        END { exit bad }'
done
