//! Connections for protocols other than HTTP.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use crate::{
    dial::{Stream, TlsConnectorOf, tcp},
    error::{ConnectError, OpenError},
    place::Place,
    reach::Reach,
    resolve::{Resolve, SystemResolver},
    trust::{Trust, TrustError},
};

/// Opens connections for a protocol other than HTTP, under the rules of a [`Client`](crate::Client): public
/// hosts over TLS and what the operator lists, checked after resolution.
#[derive(Debug)]
pub struct Wires {
    reach: Reach,
    resolver: Box<dyn Resolve>,
    tls: TlsConnectorOf,
}

impl Wires {
    /// Prepares for connections; opens none yet.
    ///
    /// # Errors
    /// [`TrustError`] if the certificates cannot be used.
    pub fn new(reach: Reach, trust: &Trust) -> Result<Self, TrustError> {
        let config = trust.tls(&[])?;
        Ok(Self {
            reach,
            resolver: Box::new(SystemResolver::default()),
            tls: TlsConnectorOf::from(TlsConnector::from(Arc::new(config))),
        })
    }

    /// Opens a connection: plain, or TLS if the place is secure. Nothing bounds the time.
    ///
    /// # Errors
    /// [`OpenError`] if the place must not be connected to, or cannot be.
    pub async fn open(&self, place: &Place) -> Result<Box<dyn Stream>, OpenError> {
        self.reach.check(place)?;
        let tcp = tcp((&self.reach, &*self.resolver), place).await?;
        if !place.is_secure() {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(place.host().to_owned()).map_err(|_| ConnectError::Name)?;
        let tls = self.tls.connector().connect(name, tcp).await;
        Ok(Box::new(tls.map_err(ConnectError::Tls)?))
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::reach::Forbidden;

    fn wires(reach: Reach) -> Wires {
        Wires::new(reach, &Trust::system()).unwrap()
    }

    #[tokio::test]
    async fn a_listed_host_is_connected_to_in_plain_text() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let reach = Reach::public().and(&format!("127.0.0.1:{port}")).unwrap();
        let place = Place::at("127.0.0.1", port, false).unwrap();
        let mut stream = wires(reach).open(&place).await.unwrap();
        let (mut peer, _) = listener.accept().await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        let mut read = [0; 5];
        peer.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"hello");
    }

    #[tokio::test]
    async fn what_is_not_listed_is_not_connected_to() {
        let wires = wires(Reach::public());
        for (host, is_secure, wanted) in [
            ("smsc.example", false, Forbidden::PlainText),
            ("127.0.0.1", true, Forbidden::Literal),
            ("localhost", true, Forbidden::NotPublic),
        ] {
            let place = Place::at(host, 2775, is_secure).unwrap();
            let refused = wires.open(&place).await.err();
            assert!(
                matches!(&refused, Some(OpenError::Forbidden(own)) if *own == wanted),
                "{host}: {refused:?}"
            );
        }
    }

    #[tokio::test]
    async fn nobody_who_listens_is_an_error_of_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let reach = Reach::public().and("127.0.0.1").unwrap();
        let place = Place::at("127.0.0.1", port, false).unwrap();
        let refused = wires(reach).open(&place).await.err();
        assert!(matches!(
            refused,
            Some(OpenError::Connect(ConnectError::Tcp(_)))
        ));
    }
}
