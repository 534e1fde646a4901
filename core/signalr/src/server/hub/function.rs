use super::{call::Call, extract::FromCall};
use crate::message::BindError;

/// An async function whose parameters can be made from a call.
///
/// It is implemented for functions and closures of up to eight parameters that
/// each implement [`FromCall`]. `M` names the parameters and is always inferred.
pub trait HubFn<M, S, U>: Send + Sync + 'static {
    /// What the function gives when it is done.
    type Output;

    /// The function at work.
    type Future: Future<Output = Self::Output> + Send + 'static;

    /// Makes the parameters and starts the function.
    ///
    /// # Errors
    /// [`Misfit`] when the call does not fit; the function was not started.
    fn start(&self, call: &mut Call<S, U>) -> Result<Self::Future, Misfit>;
}

/// Why a call does not fit a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// The arguments are not what the handler takes.
    #[error(transparent)]
    Arguments(#[from] BindError),
    /// The client sends more or fewer streams along than the handler takes.
    #[error("Client sent {sent} stream(s), Hub method expects {expected}.")]
    Streams {
        /// How many streams the client named.
        sent: usize,
        /// How many the handler takes.
        expected: usize,
    },
    /// The caller may not call the handler.
    #[error("user is unauthorized")]
    Unauthorized,
}

macro_rules! impl_hub_fn {
    ($($parameter:ident $via:ident),*) => {
        impl<F, Fut, S, U, $($parameter, $via,)*> HubFn<($(($parameter, $via),)*), S, U> for F
        where
            F: Fn($($parameter),*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send + 'static,
            $($parameter: FromCall<S, U, $via>,)*
        {
            type Output = Fut::Output;
            type Future = Fut;

            fn start(&self, call: &mut Call<S, U>) -> Result<Fut, Misfit> {
                call.expect(0 $(+ $parameter::ARGUMENTS)*, 0 $(+ $parameter::UPLOADS)*)?;
                Ok(self($($parameter::from_call(call)?),*))
            }
        }
    };
}

impl_hub_fn!();
impl_hub_fn!(A VA);
impl_hub_fn!(A VA, B VB);
impl_hub_fn!(A VA, B VB, C VC);
impl_hub_fn!(A VA, B VB, C VC, D VD);
impl_hub_fn!(A VA, B VB, C VC, D VD, E VE);
impl_hub_fn!(A VA, B VB, C VC, D VD, E VE, G VG);
impl_hub_fn!(A VA, B VB, C VC, D VD, E VE, G VG, H VH);
impl_hub_fn!(A VA, B VB, C VC, D VD, E VE, G VG, H VH, I VI);
