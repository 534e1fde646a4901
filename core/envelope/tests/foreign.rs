//! A foreign implementation of HPKE beside ours: `tests/js/envelope.mjs`, over hpke-js.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vestnik_envelope::{Context, PrivateKey, open, seal};
use vestnik_model::{InstallationId, NotificationId};

/// One envelope, everything in hex.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Sealed {
    private: String,
    installation: String,
    notification: String,
    content: String,
    envelope: String,
}

impl Sealed {
    fn context(&self) -> Context {
        Context {
            installation: InstallationId::from_uuid(self.installation.parse().expect("a UUID")),
            notification: NotificationId::from_uuid(self.notification.parse().expect("a UUID")),
        }
    }

    fn key(&self) -> PrivateKey {
        PrivateKey::parse(&bytes(&self.private)).expect("32 bytes")
    }
}

#[test]
fn envelopes_that_a_foreign_implementation_sealed_open() {
    let foreign: Vec<Sealed> =
        serde_json::from_str(include_str!("../fixtures/foreign.json")).unwrap();
    assert_eq!(foreign.len(), 4);
    for one in foreign {
        let opened = open(&bytes(&one.envelope), [&one.key()], &one.context()).unwrap();
        assert_eq!(*opened, bytes(&one.content));
    }
}

/// What `node tests/js/envelope.mjs open` opens is what this version seals. The format of version 1 stays:
/// envelopes are on their way for weeks. `VESTNIK_WRITE_ENVELOPES=1` writes the file for a new version.
#[test]
fn envelopes_are_sealed_as_they_were() {
    let sealed: Vec<_> = [&b""[..], b"a parcel has arrived", &[b'z'; 3_000]]
        .into_iter()
        .zip(1..)
        .map(|(content, number)| sealed(content, number))
        .collect();
    let text = serde_json::to_string_pretty(&sealed).unwrap();
    if std::env::var_os("VESTNIK_WRITE_ENVELOPES").is_some() {
        std::fs::write(
            concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/own.json"),
            text + "\n",
        )
        .unwrap();
        return;
    }
    assert_eq!(text.trim(), include_str!("../fixtures/own.json").trim());
}

fn sealed(content: &[u8], number: u8) -> Sealed {
    let key = PrivateKey::new([number; 32]);
    let mut one = Sealed {
        private: hex(key.expose()),
        installation: Uuid::from_u128(u128::from(number)).simple().to_string(),
        notification: Uuid::from_u128(u128::from(number) << 8)
            .simple()
            .to_string(),
        content: hex(content),
        envelope: String::new(),
    };
    let envelope =
        seal(content, &key.public(), &one.context(), [number + 100; 32]).expect("it is short");
    one.envelope = hex(&envelope);
    one
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex"))
        .collect()
}
