//! Names to addresses.

use std::{fmt::Debug, future::Future, io, net::SocketAddr, pin::Pin, sync::Arc};

/// The addresses of a host, as they come.
pub type Addresses<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Finds the addresses of a host.
///
/// A client asks once per connection and connects to what it was answered then: nothing is asked
/// between the check of an address and its use.
pub trait Resolve: Debug + Send + Sync + 'static {
    /// The addresses of a host: a name, or an IP address without brackets.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Addresses<'a>;
}

impl<R: Resolve + ?Sized> Resolve for Arc<R> {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Addresses<'a> {
        (**self).resolve(host, port)
    }
}

/// The resolver of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Addresses<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}
