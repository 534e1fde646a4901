// swift-tools-version: 6.0
// Not compiled by this project's tests, which have no Swift compiler.
import PackageDescription

let package = Package(
    name: "Vestnik",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [
        .library(name: "VestnikKit", targets: ["VestnikKit"]),
        .library(name: "VestnikNotificationService", targets: ["VestnikNotificationService"]),
    ],
    targets: [
        // Made by build-xcframework.sh.
        .binaryTarget(name: "VestnikFFIC", path: "VestnikFFIC.xcframework"),
        // Generated. Its locks and handles are not those of Swift 6.
        .target(
            name: "VestnikFFI",
            dependencies: ["VestnikFFIC"],
            path: "generated",
            exclude: ["VestnikFFIC.h", "VestnikFFIC.modulemap"],
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        .target(
            name: "VestnikKit",
            dependencies: ["VestnikFFI"],
            resources: [.copy("PrivacyInfo.xcprivacy")],
            swiftSettings: [.swiftLanguageMode(.v6)]
        ),
        .target(
            name: "VestnikNotificationService",
            dependencies: ["VestnikKit"],
            swiftSettings: [.swiftLanguageMode(.v6)]
        ),
    ]
)
