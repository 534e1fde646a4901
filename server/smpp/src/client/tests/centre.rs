//! A message centre that does what a test says.

use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use rcgen::{CertifiedKey, KeyPair};
use rusmpp::{Command, decode::DecodeWithLength as _};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, rustls};
use vestnik_clock::SystemClock;
use vestnik_model::AttemptId;
use vestnik_outbound::{Reach, Stream};

use crate::{
    Account, Answer, Arrival, Client, Consumer, Late, Status, Taking, Trouble, fixture::bind_answer,
};

pub(super) struct Centre {
    listener: TcpListener,
    tls: Option<(TlsAcceptor, String)>,
}

impl Centre {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            listener,
            tls: None,
        }
    }

    pub(super) async fn encrypted() -> Self {
        let CertifiedKey { cert, signing_key }: CertifiedKey<KeyPair> =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = signing_key.serialize_der().try_into().unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        Self {
            tls: Some((TlsAcceptor::from(Arc::new(config)), cert.pem())),
            ..Self::start().await
        }
    }

    pub(super) fn account(&self, fields: &Value) -> Account {
        let mut account = json!({
            "host": "localhost",
            "port": self.listener.local_addr().unwrap().port(),
            "security": if self.tls.is_some() { "tls" } else { "none" },
            "system_id": "shop", "password": "secret", "source": "Shop",
        });
        if let Some((_, pem)) = &self.tls {
            account["root_certificates"] = json!(pem);
        }
        for (field, value) in fields.as_object().unwrap() {
            account[field] = value.clone();
        }
        Account::parse(&account.to_string()).unwrap()
    }

    pub(super) fn reach(&self) -> Reach {
        Reach::public().and("localhost").unwrap()
    }

    pub(super) fn client(&self, fields: &Value, consumer: impl Consumer) -> Client {
        let account = self.account(fields);
        self.client_of(&account, consumer)
    }

    pub(super) fn client_of(&self, account: &Account, consumer: impl Consumer) -> Client {
        let (clock, consumer) = (Arc::new(SystemClock), Arc::new(consumer));
        Client::start(account, self.reach(), clock, consumer).unwrap()
    }

    pub(super) async fn accept(&self) -> Line {
        let (tcp, _) = self.listener.accept().await.unwrap();
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(tcp),
            Some((acceptor, _)) => Box::new(acceptor.accept(tcp).await.unwrap()),
        };
        Line::over(stream)
    }

    pub(super) async fn refuse_handshake(&self) {
        let (tcp, _) = self.listener.accept().await.unwrap();
        let (acceptor, _) = self.tls.as_ref().unwrap();
        assert!(acceptor.accept(tcp).await.is_err());
    }

    /// Accepts a connection and binds it.
    pub(super) async fn bind(&self) -> Line {
        let mut line = self.accept().await;
        line.bind().await;
        line
    }
}

/// A connection.
pub(super) struct Line {
    stream: Box<dyn Stream>,
    bytes: BytesMut,
}

impl Line {
    pub(super) fn over(stream: impl Stream + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            bytes: BytesMut::new(),
        }
    }

    /// Reads the bind and answers it.
    pub(super) async fn bind(&mut self) {
        let bind = self.read().await;
        assert_eq!(bind.id(), rusmpp::CommandId::BindTransceiver);
        let sequence = bind.sequence_number();
        self.write(&bind_answer(sequence, Status::OK, None)).await;
    }

    /// The next PDU.
    pub(super) async fn read(&mut self) -> Command {
        loop {
            if let Some(length) = self.bytes.first_chunk().copied() {
                let length = usize::try_from(u32::from_be_bytes(length)).unwrap();
                if self.bytes.len() >= length {
                    let mut pdu = self.bytes.split_to(length).split_off(4);
                    return Command::decode(&mut pdu, length - 4).unwrap().0;
                }
            }
            assert_ne!(self.stream.read_buf(&mut self.bytes).await.unwrap(), 0);
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }
}

/// Keeps arrivals, once it is told what to say of each.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) answers: Option<tokio::sync::Mutex<mpsc::Receiver<Answer>>>,
    pub(super) taken: Arc<Mutex<Vec<Arrival>>>,
    pub(super) troubles: Arc<Mutex<Vec<Trouble>>>,
    pub(super) late: Option<mpsc::UnboundedSender<(AttemptId, Late)>>,
}

impl Consumer for Kept {
    fn take(&self, arrival: Arrival) -> Taking<'_> {
        Box::pin(async move {
            let answer = match &self.answers {
                Some(answers) => answers.lock().await.recv().await,
                None => Some(Answer::Taken),
            };
            self.taken.lock().unwrap().push(arrival);
            answer.expect("the test says what to answer")
        })
    }

    fn on_late(&self, attempt: AttemptId, late: Late) {
        if let Some(told) = &self.late {
            told.send((attempt, late)).unwrap();
        }
    }

    fn on_trouble(&self, trouble: Trouble) {
        self.troubles.lock().unwrap().push(trouble);
    }
}
