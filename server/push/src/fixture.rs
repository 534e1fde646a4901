//! What the tests of several modules share. The keys were made for these tests and open nothing.

use std::time::Duration;

use http::{HeaderMap, HeaderName, StatusCode};
use jiff::Timestamp;
use uuid::Uuid;
use vestnik_clock::{Monotonic, Now};
use vestnik_model::{AttemptId, NotificationId, TrafficType};

use crate::{
    answer::Answer,
    push::{Alert, CollapseKey, Content, Plain, Push, Urgency},
};

/// The subscription of RFC 8291, appendix A.
pub(crate) const UA_PUBLIC: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
pub(crate) const UA_PRIVATE: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
pub(crate) const UA_AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    time("2026-11-28T09:00:00Z")
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Time that passes when it is told to.
pub(crate) struct Time(Now);

impl Time {
    pub(crate) fn new() -> Self {
        Self(Now {
            monotonic: Monotonic::from_origin(secs(1_000)),
            wall: now(),
            random: 0x8000_0000_0000_0000,
        })
    }

    pub(crate) const fn now(&self) -> Now {
        self.0
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.0.monotonic = self.0.monotonic + time;
        self.0.wall = self.0.wall.checked_add(time).unwrap();
    }

    /// Sets the wall clock forward, or back.
    pub(crate) fn set(&mut self, seconds: i64) {
        let by = jiff::SignedDuration::from_secs(seconds);
        self.0.wall = self.0.wall.checked_add(by).unwrap();
    }
}

/// A push that expires in an hour, with a collapse key.
pub(crate) fn push(content: Content) -> Push {
    Push {
        attempt: AttemptId::from_uuid(Uuid::from_u128(0x0192_f0c1_0000_7000_8000_0000_0000_0007)),
        notification: NotificationId::from_uuid(Uuid::from_u128(
            0x0192_f0c1_0000_7000_8000_0000_0000_0008,
        )),
        expires_at: time("2026-11-28T10:00:00Z"),
        urgency: Urgency::High,
        traffic_type: TrafficType::Transactional,
        category: None,
        collapse: Some(CollapseKey::derive(b"salt", "order-8812")),
        content,
    }
}

pub(crate) fn alert() -> Alert {
    Alert {
        title: "Order 8812".to_owned(),
        body: "On its way 🚚".to_owned(),
    }
}

pub(crate) fn sealed(bytes: usize) -> Content {
    Content::Sealed {
        envelope: vec![0xfb; bytes],
        alert: Some(Alert {
            title: "New message".to_owned(),
            body: String::new(),
        }),
    }
}

pub(crate) fn withdrawal() -> Content {
    Content::Withdrawal {
        envelope: vec![0xfb; 3],
    }
}

pub(crate) fn plain() -> Plain {
    Plain {
        alert: Some(alert()),
        link: vestnik_model::url::HttpsUrl::parse("https://shop.example/orders/8812").ok(),
        badge: Some(3),
        data: [("from".to_owned(), serde_json::json!({"order": 8812}))].into(),
    }
}

/// An answer with one header at most.
pub(crate) fn with_answer<T>(
    status: u16,
    header: Option<(&'static str, &str)>,
    body: &str,
    read: impl FnOnce(&Answer<'_>) -> T,
) -> T {
    let mut headers = HeaderMap::new();
    if let Some((name, value)) = header {
        headers.insert(HeaderName::from_static(name), value.parse().unwrap());
    }
    read(&Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &headers,
        body: body.as_bytes(),
    })
}

pub(crate) const EC_PEM: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFjjvlAvtm2u84Mw9
0bwoPLdFK6c7UpBOi1rWYOF733yhRANCAAQd0bq+u+4HEoPBzQiZqkgUjBsxtA+u
r4KIM75LACa61QOLZhuew4+49hPR/0iJqkj0hyjLpKdbw7i6PnjrvD0w
-----END PRIVATE KEY-----
";

pub(crate) const EC_PUBLIC_PEM: &str = "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHdG6vrvuBxKDwc0ImapIFIwbMbQP
rq+CiDO+SwAmutUDi2YbnsOPuPYT0f9IiapI9Icoy6SnW8O4uj5467w9MA==
-----END PUBLIC KEY-----
";

pub(crate) const RSA_PEM: &str = "\
-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCIMuEW4EkvEm66
dAv8e+UZEO+qLk6KEpHyphRwISeiPcW8vQUhl/dL1GPDtJ0UtxR2+cVR736cxzpu
51wOFOjTtOY6okvRTWuZkl6wegedicW/03p4wT2sxO0s0KzihDNU/jodZvV+sEUy
xwCwsq87nKimJbSiNaIyJGvt3bezscwCtGGHDiTXd8tcxsW6/eVdg8hEnBz/B1g0
3TK5ikIwfo1iMBvSBj3MCF8kQ59a2rnsvMj+wF8KfcBQBxcy6ebF9ksCHyagVA0w
1oY8KVX6AjSSHHSoWuH/lfNsu2AbnFtqRoyHoFdE3jBFkQRCYQD3Y4ZVl0zJtqhr
UXWTJcrpAgMBAAECggEABkOAwpKSCw4n9X88xeHUyXBT9Vmn1wW/nI8yxW1g6z84
BtQSllbs0pnz9J4r0zYQROB7yKbhBcjL0Snmu+cORh49sFiib//FgQyQOkGCdCZP
5+CL812/vmBYIAWAzfISgkgm2A9SHv9wT0ODrpypHm63+twlEIiy6udt50SZHDRx
5n4Cn86GdxAg2pf8BoZEiWRSR+TSzbMuV85eeZbVtSjlOEqWJU3BHyBARk1AfBaq
TR/MVxf+B+VZe4IHLZUxZ+EIiIr4KQxPgAAFrekAw4I7+10ZY0sIRSUzDnstnPo6
zTFljA0CxKKTNRc0V+sMLfdsfzjE2Lh0Q/kllpR8mQKBgQC8NPLdBv+ityIj/46m
WiGg/wFhfL8LxA/FiYbFKK998JlwZFk3spXaxLwTqmmJCW2RDDzfTDRQK0ZHzZqU
g/QJ6pya7PeIc+MNP5ocH4rxmf5MyFW15lYjt3cofYs5jBxRKLmHSUUJRQ47zNze
alabzZEukBpi5CanRoJgZy370wKBgQC5QiCNWWXM5+LTeFPt5t20r0vmVna+dRC1
61HRSQ53zomwV2EhoGG91hZ+5pyGqSdO8lP2BcHQBzCPB6WHpJELJDBfmTBkPr9v
Wm20hbZ0+q+FdyA0cntaNf0j+bNJCB+9hadJv+xOtXadWsVaaNMth0k3Gc7JfoIp
Mp5duypU0wKBgCHkfx/ilMKerB1DdlLqxEeT5JHDvzvFMPnnzEdRDlllrJwa1h47
oNTmvN/lvl+ZPQvz4jpsJLeTM3LWydGY+aeXgmA78E+4XtkR7RTHcWQU0UDOivDY
7AY+kczO3vWcD7Vl2hNM1IvYzbljKRs8lyAzosN52+aXI4bYIb5ulk9VAoGAeIW4
v7yFKgVB3+nMUF19purUKgnePpHSSUfKdqlcrDzF/t8Z5dJ9RA9fmzdUZZbuZ8Hn
NYsRR9ElmieTXOeHJQRqJAd5H/5idIMUE/lZdkkQn3eckAJalZnCEgGEzeJnI9kr
uCMQDTSo8j33XpYLrPbyftJfYV7YNw0jUj9NjtkCgYAWq3lCH3pAKQ48yzfDsXD1
vTDm0foEsEarREhjy/ORPQrtFjEP0j//9qA5s/m1rCSvM9KLB3NqQJ6oSQlOQcf9
FB4swSJ4+Q/JpEiCsP2AzFehHIuRahxzvH4Yre6yZgLzC353sqJNeBHTTlKTU5lF
GD6oDeCJi8fManUshrgY7A==
-----END PRIVATE KEY-----
";

pub(crate) const RSA_PUBLIC_PEM: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAiDLhFuBJLxJuunQL/Hvl
GRDvqi5OihKR8qYUcCEnoj3FvL0FIZf3S9Rjw7SdFLcUdvnFUe9+nMc6budcDhTo
07TmOqJL0U1rmZJesHoHnYnFv9N6eME9rMTtLNCs4oQzVP46HWb1frBFMscAsLKv
O5yopiW0ojWiMiRr7d23s7HMArRhhw4k13fLXMbFuv3lXYPIRJwc/wdYNN0yuYpC
MH6NYjAb0gY9zAhfJEOfWtq57LzI/sBfCn3AUAcXMunmxfZLAh8moFQNMNaGPClV
+gI0khx0qFrh/5XzbLtgG5xbakaMh6BXRN4wRZEEQmEA92OGVZdMybaoa1F1kyXK
6QIDAQAB
-----END PUBLIC KEY-----
";
