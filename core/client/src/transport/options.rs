//! The way to the server, where it is not the usual one.

use std::fmt;

use reqwest::Url;

/// The way to the server, where it is not the usual one.
#[derive(Clone, Default)]
pub struct NetworkOptions {
    /// An HTTP proxy, `http://host:port/`, with a user and a password if it asks for them. Proxies of
    /// the environment are not looked at.
    pub proxy: Option<Url>,
    /// Certificates of authorities to trust besides those of the system, each as PEM: for a server with
    /// a certificate of its company's own.
    pub roots: Vec<Vec<u8>>,
}

/// Without the proxy's user and password.
impl fmt::Debug for NetworkOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkOptions")
            .field("proxy", &self.proxy.as_ref().and_then(Url::host_str))
            .field("roots", &self.roots.len())
            .finish()
    }
}
