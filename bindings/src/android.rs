//! What the core needs of Android: its trust manager, which only Java code can ask.

use std::sync::atomic::{AtomicBool, Ordering};

use jni::{
    EnvUnowned,
    errors::{Error, ThrowRuntimeExAndDefault},
    objects::{JClass, JObject},
};

use crate::error::VestnikError;

/// Whether [`Java_dev_vestnik_android_Native_initialize`] has succeeded.
static IS_INITIALIZED: AtomicBool = AtomicBool::new(false);

/// Says that certificates can be checked.
///
/// # Errors
/// [`VestnikError::NotInitialized`].
pub(crate) fn check() -> Result<(), VestnikError> {
    if IS_INITIALIZED.load(Ordering::Acquire) {
        Ok(())
    } else {
        Err(VestnikError::NotInitialized)
    }
}

/// `dev.vestnik.android.Native.initialize(Context)`: gives the context to the verifier of certificates,
/// which keeps it for the life of the process. It must be the application's.
#[expect(unsafe_code, reason = "the name by which the Java machine finds it")]
#[unsafe(no_mangle)]
pub(crate) extern "system" fn Java_dev_vestnik_android_Native_initialize<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    context: JObject<'local>,
) {
    env.with_env(|env| -> Result<(), Error> {
        rustls_platform_verifier::android::init_with_env(env, context)?;
        IS_INITIALIZED.store(true, Ordering::Release);
        Ok(())
    })
    .resolve::<ThrowRuntimeExAndDefault>();
}
