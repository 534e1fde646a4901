use super::{
    call::Call,
    function::{HubFn, Misfit},
};

/// Lets only some callers call a handler.
///
/// Others are told that they are unauthorized, before their arguments are looked at.
///
/// ```
/// use vestnik_signalr::server::{Hub, HubError, authorized};
///
/// #[derive(Clone, PartialEq)]
/// struct User {
///     is_admin: bool,
/// }
///
/// async fn delete(id: u64) -> Result<(), HubError> {
///     # drop(id);
///     Ok(())
/// }
///
/// let hub = Hub::builder_for::<User, ()>(())
///     .on("Delete", authorized(|user: &User| user.is_admin, delete))
///     .build();
/// # drop(hub);
/// ```
pub fn authorized<U, P: Fn(&U) -> bool, F>(rule: P, handler: F) -> Authorized<P, F> {
    Authorized { rule, handler }
}

/// A handler that [`authorized`] guards.
#[derive(Debug, Clone, Copy)]
pub struct Authorized<P, F> {
    rule: P,
    handler: F,
}

/// Marks the parameters of a guarded handler; always inferred.
#[derive(Debug)]
pub struct Guarded<M>(std::marker::PhantomData<M>);

impl<P, F, M, S, U> HubFn<Guarded<M>, S, U> for Authorized<P, F>
where
    P: Fn(&U) -> bool + Send + Sync + 'static,
    F: HubFn<M, S, U>,
{
    type Output = F::Output;
    type Future = F::Future;

    fn start(&self, call: &mut Call<S, U>) -> Result<Self::Future, Misfit> {
        if !(self.rule)(call.caller()) {
            return Err(Misfit::Unauthorized);
        }
        self.handler.start(call)
    }
}
