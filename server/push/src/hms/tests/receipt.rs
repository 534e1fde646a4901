//! Receipts of both versions, and what proves that they are Huawei's.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    Account, Service,
    hms::{MAX_RECEIPTS, Proof, Receipt, ReceiptError, receipts},
};

const ATTEMPT: &str = "att_01890a5dac96874bbcceb302099a8057";
/// The documented example: 32 bytes in base64.
const SECRET: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn account(extra: &Value) -> Result<Account, crate::AccountError> {
    let mut account = json!({"app_id": "100", "client_secret": "secret"});
    let fields = account.as_object_mut().unwrap();
    fields.extend(extra.as_object().unwrap().clone());
    Account::parse(Service::Hms, &account.to_string())
}

/// HMAC-SHA256 (RFC 2104), by hand.
fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text);
    let outer = Sha256::new().chain_update(pad(0x5c));
    outer.chain_update(inner.finalize()).finalize().to_vec()
}

fn header(key: &[u8], user: &str) -> String {
    let (at, nonce) = ("1697741455082", "a07bfa17-6d82-4b53-a9a2-07c000000001");
    let value = STANDARD.encode(hmac(key, &format!("{at}{nonce}{user}")));
    format!("timestamp={at}; nonce={nonce}; value={value}")
}

fn verifies(secret: &str, header: &str) -> bool {
    let fields = json!({"receipt_user": "shop", "receipt_secret": secret});
    let account = account(&fields).unwrap();
    let proof = Proof::read(header).unwrap();
    account.receipt_key().unwrap().verifies(&proof)
}

#[test]
fn a_proof_is_of_the_secret_and_the_user_as_written_or_decoded() {
    let decoded = STANDARD.decode(SECRET).unwrap();
    assert!(verifies(SECRET, &header(&decoded, "shop")));
    assert!(verifies(SECRET, &header(SECRET.as_bytes(), "shop")));
    assert!(verifies("plain secret", &header(b"plain secret", "shop")));
    assert!(!verifies(SECRET, &header(&decoded, "bank")));
    assert!(!verifies(SECRET, &header(b"other", "shop")));
    let late = header(&decoded, "shop").replace("1697741455082", "1697741455083");
    assert!(!verifies(SECRET, &late));
}

#[test]
fn a_header_of_another_form_is_none() {
    let whole = "timestamp=1697741455082;nonce=1;value=AA==";
    let proof = Proof::read(whole).unwrap();
    let at = Timestamp::from_millisecond(1_697_741_455_082).unwrap();
    assert_eq!((proof.signed_at, proof.nonce.as_str()), (at, "1"));
    let long = format!("timestamp=1;nonce={};value=AA==", "1".repeat(65));
    for other in [
        "",
        "nonce=1;value=AA==",
        "timestamp=x;nonce=1;value=AA==",
        "timestamp=1;nonce=;value=AA==",
        "timestamp=1;nonce=1;value=*",
        "timestamp=1;nonce=1",
        "timestamp=9223372036854775807;nonce=1;value=AA==",
        &long,
    ] {
        assert_eq!(Proof::read(other), None, "{other}");
    }
}

#[test]
fn an_account_has_both_of_user_and_secret_or_neither() {
    assert!(account(&json!({})).unwrap().receipt_key().is_none());
    for (given, missing) in [
        ("receipt_user", "receipt_secret"),
        ("receipt_secret", "receipt_user"),
    ] {
        let error = account(&json!({ given: "x" })).unwrap_err();
        assert_eq!(error.field(), Some(missing));
    }
    let both = json!({"receipt_user": "shop", "receipt_secret": SECRET});
    let account = account(&both).unwrap();
    assert!(!format!("{:?}", account.receipt_key()).contains(SECRET));
}

#[test]
fn receipts_of_both_versions_are_read() {
    let token = Sha256::digest("huawei-1").into();
    let at = Timestamp::from_millisecond(1_607_832_761_768).ok();
    let of = |code| Receipt {
        attempt: ATTEMPT.parse().unwrap(),
        token,
        code,
        at,
    };
    let body = json!({"statuses": [
        {"biTag": ATTEMPT, "appid": "100", "token": "huawei-1", "status": 2,
         "timestamp": 1_607_832_761_768_i64, "requestId": "1"},
        {"biTag": ATTEMPT, "token": "huawei-1", "pushType": 0, "appPackageName": "com.shop", "requestId": "1",
         "deliveryStatus": {"result": 0, "timestamp": 1_607_832_761_768_i64}},
        {"biTag": ATTEMPT, "token": "huawei-1", "status": "256", "timestamp": "1607832761768"},
        // Of a sender beside this server, of a card, and of a later version.
        {"biTag": "bi62", "token": "huawei-1", "status": 0},
        {"token": "huawei-1", "status": 0},
        {"biTag": ATTEMPT, "token": "huawei-1", "formStatus": {"formId": 1, "result": 0}},
        {"biTag": ATTEMPT, "token": "huawei-1", "status": -1},
        {"biTag": ATTEMPT, "token": "huawei-1", "status": {}},
        7,
    ]});
    let read = receipts(body.to_string().as_bytes());
    assert_eq!(read, Ok(vec![of(2), of(0), of(256)]));
}

#[test]
fn what_is_no_list_of_receipts_is_refused() {
    for body in ["", "{}", "[]", "{\"statuses\": 1}", "{\"statuses\": {}}"] {
        let read = receipts(body.as_bytes());
        assert_eq!(read, Err(ReceiptError::Unreadable), "{body}");
    }
    let many = json!({"statuses": vec![json!({}); MAX_RECEIPTS + 1]});
    let read = receipts(many.to_string().as_bytes());
    assert_eq!(read, Err(ReceiptError::TooMany));
}
