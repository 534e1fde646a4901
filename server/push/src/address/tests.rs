use proptest::prelude::*;

use super::*;
use crate::fixture::{UA_AUTH, UA_PUBLIC};

fn parse(kind: &str, value: &str) -> Result<Address, AddressError> {
    let address = PushAddress::new(Open::read(kind), value);
    Address::parse(&address, Some(Environment::Production))
}

fn subscription(endpoint: &str, p256dh: &str, auth: &str) -> String {
    format!(
        r#"{{"endpoint":"{endpoint}","expirationTime":null,"keys":{{"p256dh":"{p256dh}","auth":"{auth}"}}}}"#
    )
}

#[test]
fn each_kind_has_its_adapter() {
    let token = parse("fcm_token", "cJ7:APA91b-x_y").unwrap();
    assert!(
        matches!(token, Address::Fcm(FcmAddress::Token(text)) if text.as_str() == "cJ7:APA91b-x_y")
    );
    let fid = parse("fcm_fid", "cJ7xPq0rT1uVwXyZ012345").unwrap();
    assert!(matches!(fid, Address::Fcm(FcmAddress::Installation(_))));
    let Address::Apns(apns) = parse("apns", "00FC13ad").unwrap() else {
        panic!("an APNs token is an APNs address");
    };
    assert_eq!(
        (apns.token(), apns.environment()),
        ("00fc13ad", Some(Environment::Production))
    );
    let json = subscription("https://Push.example/send/1?x=2", UA_PUBLIC, UA_AUTH);
    let Address::WebPush(web) = parse("webpush", &json).unwrap() else {
        panic!("a subscription is a Web Push address");
    };
    assert_eq!(web.origin().as_str(), "https://push.example");
    assert_eq!(web.endpoint().path(), "/send/1");
    let hms = parse("hms", "IQAAAACy0tRr+/=").unwrap();
    assert!(matches!(hms, Address::Hms(token) if token.as_str() == "IQAAAACy0tRr+/="));
    let rustore = parse("rustore", "hleEA9i8-_").unwrap();
    assert!(matches!(rustore, Address::Rustore(token) if token.as_str() == "hleEA9i8-_"));
    assert!(matches!(parse("pigeon", "x"), Err(AddressError::NoAdapter)));
}

#[test]
fn what_is_no_address_is_refused() {
    for kind in ["fcm_token", "hms", "rustore"] {
        assert!(matches!(parse(kind, ""), Err(AddressError::Empty)));
        assert!(matches!(parse(kind, "a b"), Err(AddressError::Character)));
    }
    assert!(matches!(
        parse("fcm_token", "a b"),
        Err(AddressError::Character)
    ));
    assert!(matches!(
        parse("fcm_fid", "a:b"),
        Err(AddressError::Character)
    ));
    assert!(matches!(
        parse("fcm_fid", &"a".repeat(65)),
        Err(AddressError::TooLong { max: 64 })
    ));
    // Anything else would end in the path of a request.
    for token in ["../../x", "00fc/13", "00fc?13", "0xff"] {
        assert!(
            matches!(parse("apns", token), Err(AddressError::Character)),
            "{token}"
        );
    }
}

#[test]
fn a_subscription_is_checked_whole() {
    let good = "https://push.example/1";
    for endpoint in [
        "http://push.example/1",
        "push.example/1",
        "/1",
        "ftp://push.example/1",
        "https://push.example/1#fragment",
    ] {
        let json = subscription(endpoint, UA_PUBLIC, UA_AUTH);
        assert!(
            matches!(parse("webpush", &json), Err(AddressError::Endpoint)),
            "{endpoint}"
        );
    }
    let json = subscription("https://user@push.example/1", UA_PUBLIC, UA_AUTH);
    assert!(matches!(
        parse("webpush", &json),
        Err(AddressError::Origin(_))
    ));
    // Too short, compressed, and not on the curve.
    let off_curve = format!("{}A", &UA_PUBLIC[..86]);
    for key in [
        "",
        "BCVx",
        &off_curve,
        "AiVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx",
    ] {
        let json = subscription(good, key, UA_AUTH);
        assert!(
            matches!(parse("webpush", &json), Err(AddressError::Key)),
            "{key}"
        );
    }
    for auth in [
        "",
        "BTBZMqHH6r4Tts7J",
        "BTBZMqHH6r4Tts7J_aSIggAA",
        "BTBZMqHH6r4Tts7J/aSIgg",
    ] {
        let json = subscription(good, UA_PUBLIC, auth);
        assert!(
            matches!(parse("webpush", &json), Err(AddressError::Auth)),
            "{auth}"
        );
    }
    assert!(matches!(parse("webpush", "{}"), Err(AddressError::Json(_))));
    let padded = subscription(good, &format!("{UA_PUBLIC}="), &format!("{UA_AUTH}=="));
    assert!(parse("webpush", &padded).is_ok());
}

#[test]
fn addresses_stay_out_of_debug() {
    let json = subscription("https://push.example/abad1dea", UA_PUBLIC, UA_AUTH);
    for (kind, value) in [
        ("fcm_token", "abad1dea"),
        ("fcm_fid", "abad1dea"),
        ("apns", "abad1dea"),
        ("webpush", json.as_str()),
    ] {
        let shown = format!("{:#?}", parse(kind, value).unwrap());
        assert!(
            !shown.contains("abad1dea") && !shown.contains("BCVx"),
            "{shown}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_panics(kind in "fcm_token|fcm_fid|apns|webpush", value in ".{0,200}") {
        drop(parse(&kind, &value));
    }
}
