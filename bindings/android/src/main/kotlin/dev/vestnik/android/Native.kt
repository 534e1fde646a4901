package dev.vestnik.android

import android.content.Context

/** What the native library has beside the generated code. Its name is part of `bindings/src/android.rs`. */
internal object Native {
    init {
        System.loadLibrary("vestnik_ffi")
    }

    /** Gives the app's context to the verifier of certificates, which asks the system's trust manager. */
    @JvmStatic external fun initialize(context: Context)
}
