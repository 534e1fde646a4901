// The AAR. Not run by this project's tests: see README.md for what they check instead.
import java.io.File

plugins {
    id("com.android.library") version "8.13.0"
    kotlin("android") version "2.4.20"
}

/** The version of the Java half must be that of the Rust half, which Cargo.lock names. */
val verifier: Provider<String> =
    providers.fileContents(layout.projectDirectory.file("../../Cargo.lock")).asText.map { lock ->
        val name = "rustls-platform-verifier-android"
        val found = Regex("name = \"$name\"\\s+version = \"([^\"]+)\"").find(lock)
        checkNotNull(found) { "$name is not in Cargo.lock" }.groupValues[1]
    }

android {
    namespace = "dev.vestnik.android"
    compileSdk = 36
    defaultConfig {
        // java.time, which the generated code uses, is there from 26 on.
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
    }
    sourceSets.named("main") {
        kotlin.directories += listOf("src/main/kotlin", "../kotlin/src/main/kotlin", "../kotlin/generated")
        // Where build-native.sh puts the library of each ABI.
        jniLibs.directories += "src/main/jniLibs"
    }
    // The app strips; with symbols here its crash reports can be read.
    packaging.jniLibs.keepDebugSymbols += "**/libvestnik_ffi.so"
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
}

kotlin {
    explicitApi()
    compilerOptions.jvmTarget = org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_17
}

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.10.2")
    implementation("net.java.dev.jna:jna:5.19.1@aar")
    implementation(verifier.map { "org.rustls:rustls-platform-verifier:$it" })
}
