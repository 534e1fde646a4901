//! Letters over TLS.

use super::*;

/// A certificate for `localhost`, and what a server needs to show it.
fn certificate() -> (rustls::pki_types::CertificateDer<'static>, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let der = made.cert.der().clone();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der.clone()], key.into())
        .unwrap();
    (der, TlsAcceptor::from(Arc::new(config)))
}

const STARTTLS: [Act; 6] = [
    Say("220 mx"),
    Hear("EHLO"),
    Say("250-mx\r\n250 STARTTLS"),
    Hear("STARTTLS"),
    Say("220 go"),
    Tls,
];
const LOGIN: [Act; 4] = [
    Hear("EHLO"),
    Say("250-mx\r\n250 AUTH PLAIN"),
    Hear("AUTH PLAIN AGFubmEAczNjcmV0"),
    Say("235 ok"),
];

async fn over_tls(script: Vec<Act>, security: Security, trusts: bool) -> (Verdict, usize) {
    let (root, acceptor) = certificate();
    let server = Server::with_tls(vec![script], Some(acceptor)).await;
    let relay = Relay {
        place: Place::at("localhost", server.port, true).unwrap(),
        security,
        login: Some(Login::new("anna", "s3cret".into()).unwrap()),
        roots: if trusts { vec![root] } else { Vec::new() },
        ..server.relay()
    };
    let verdict = Mailer::new(relay, here())
        .unwrap()
        .send(&envelope())
        .await
        .verdict;
    (verdict, server.letters().await.len())
}

#[tokio::test]
async fn letters_go_over_tls_from_the_start_or_by_starttls() {
    let by_starttls = acts(&[&STARTTLS, &LOGIN, &MAIL, &TAKEN]);
    let sent = over_tls(by_starttls, Security::StartTls, true).await;
    assert_eq!(sent, (Verdict::Accepted, 1));
    let from_the_start = acts(&[&[Tls, Say("220 mx")], &LOGIN, &MAIL, &TAKEN]);
    let sent = over_tls(from_the_start, Security::Tls, true).await;
    assert_eq!(sent, (Verdict::Accepted, 1));
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_no_password() {
    let reason = Reason::ConfigProviderAuth;
    for (script, security) in [
        (acts(&[&STARTTLS, &LOGIN]), Security::StartTls),
        (acts(&[&[Tls], &LOGIN]), Security::Tls),
    ] {
        let sent = over_tls(script, security, false).await;
        assert_eq!(sent, (Verdict::Refused { reason }, 0));
    }
}

#[tokio::test]
async fn what_came_before_tls_is_not_taken_for_the_encrypted_talk() {
    let mut injected = STARTTLS.to_vec();
    injected[4] = Say("220 go\r\n250 AUTH PLAIN");
    // TLS never begins.
    injected[5] = Silence;
    assert_eq!(
        over_tls(injected, Security::StartTls, true).await,
        (LATER, 0)
    );
}
