#!/usr/bin/env bash
# Builds VestnikFFIC.xcframework: the native library for iOS devices, simulators and macOS. Needs Xcode and
# rustup. Not run by this project's tests, which have no Apple SDK; `cargo xtask targets --only ios`
# type-checks the same code.
set -euo pipefail
cd "$(dirname "$0")"

root=$(cd ../.. && pwd)
build=${CARGO_TARGET_DIR:-$root/target}
export IPHONEOS_DEPLOYMENT_TARGET=15.0 MACOSX_DEPLOYMENT_TARGET=12.0
# It is linked into notification extensions too.
export RUSTFLAGS="${RUSTFLAGS:-} -C link-arg=-Wl,-application_extension --remap-path-prefix=$root=vestnik"

targets=(aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin x86_64-apple-darwin)
rustup target add "${targets[@]}"
for target in "${targets[@]}"; do
    (cd "$root" && cargo rustc --locked --package vestnik-ffi --lib --profile dist \
        --crate-type staticlib --target "$target")
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
library() { echo "$build/$1/dist/libvestnik_ffi.a"; }
mkdir -p "$work/simulator" "$work/macos" "$work/Headers/VestnikFFIC"
lipo -create "$(library aarch64-apple-ios-sim)" "$(library x86_64-apple-ios)" \
    -output "$work/simulator/libvestnik_ffi.a"
lipo -create "$(library aarch64-apple-darwin)" "$(library x86_64-apple-darwin)" \
    -output "$work/macos/libvestnik_ffi.a"
cp "$(library aarch64-apple-ios)" "$work/libvestnik_ffi.a"
strip -S "$work/libvestnik_ffi.a" "$work/simulator/libvestnik_ffi.a" "$work/macos/libvestnik_ffi.a"

# In a folder of its own: an app with another uniffi library has another module map there.
cp generated/VestnikFFIC.h "$work/Headers/VestnikFFIC/"
cp generated/VestnikFFIC.modulemap "$work/Headers/VestnikFFIC/module.modulemap"

rm -rf VestnikFFIC.xcframework
xcodebuild -create-xcframework \
    -library "$work/libvestnik_ffi.a" -headers "$work/Headers" \
    -library "$work/simulator/libvestnik_ffi.a" -headers "$work/Headers" \
    -library "$work/macos/libvestnik_ffi.a" -headers "$work/Headers" \
    -output VestnikFFIC.xcframework
