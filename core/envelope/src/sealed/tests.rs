use super::*;

fn context(number: u8) -> Context {
    let id = uuid::Uuid::from_u128(number.into());
    Context {
        installation: InstallationId::from_uuid(id),
        notification: NotificationId::from_uuid(id),
    }
}

#[test]
fn what_is_sealed_opens_for_its_key_only() {
    let (own, other) = (PrivateKey::new([1; 32]), PrivateKey::new([2; 32]));
    let context = context(1);
    for length in [0, 1, 252, 253, 3_000, MAX_CONTENT] {
        let content = vec![b'x'; length];
        let sealed = seal(&content, &own.public(), &context, [3; 32]).unwrap();
        assert_eq!(sealed.len(), sealed_bytes(length));
        let opened = open(&sealed, [&other, &own], &context).unwrap();
        assert_eq!(*opened, content);
        let mark = own.public().mark();
        let closed = open(&sealed, [&other], &context);
        assert_eq!(closed.unwrap_err(), OpenError::UnknownKey(mark));
    }
    let long = vec![0; MAX_CONTENT + 1];
    let bytes = long.len();
    let refused = seal(&long, &own.public(), &context, [3; 32]);
    assert_eq!(refused, Err(SealError::TooLong { bytes }));
}

#[test]
fn an_envelope_opens_in_no_other_context() {
    let key = PrivateKey::new([1; 32]);
    let (own, other) = (context(1), context(2));
    let sealed = seal(b"secret", &key.public(), &own, [3; 32]).unwrap();
    for foreign in [
        Context {
            installation: other.installation,
            ..own
        },
        Context {
            notification: other.notification,
            ..own
        },
    ] {
        let closed = open(&sealed, [&key], &foreign);
        assert_eq!(closed.unwrap_err(), OpenError::Foreign);
    }
}

/// Each byte with one of its bits changed; every bit of the head, which is read before a key is used.
#[test]
fn a_changed_bit_is_noticed_wherever_it_is() {
    let key = PrivateKey::new([1; 32]);
    let context = context(1);
    let sealed = seal(b"secret", &key.public(), &context, [3; 32]).unwrap();
    let in_head = (0..HEAD * 8).map(|bit| (bit / 8, bit % 8));
    let behind = (HEAD..sealed.len()).map(|byte| (byte, byte % 8));
    for (byte, bit) in in_head.chain(behind) {
        let mut changed = sealed.clone();
        changed[byte] ^= 1 << bit;
        assert!(open(&changed, [&key], &context).is_err(), "{byte}.{bit}");
    }
}

#[test]
fn what_was_cut_or_is_too_long_is_no_envelope() {
    let key = PrivateKey::new([1; 32]);
    let context = context(1);
    let sealed = seal(&[7; 300], &key.public(), &context, [3; 32]).unwrap();
    let long = vec![VERSION; sealed_bytes(MAX_CONTENT) + 1];
    for length in [0, HEAD, HEAD + ENCAPSULATED, sealed_bytes(0) - 1] {
        let closed = open(&sealed[..length], [&key], &context);
        assert_eq!(closed.unwrap_err(), OpenError::Malformed, "{length}");
    }
    let closed = open(&sealed[..sealed.len() - 1], [&key], &context);
    assert_eq!(closed.unwrap_err(), OpenError::Foreign);
    let closed = open(&long, [&key], &context);
    assert_eq!(closed.unwrap_err(), OpenError::Malformed);
}

#[test]
fn fresh_randomness_makes_another_envelope_of_the_same_content() {
    let key = PrivateKey::new([1; 32]);
    let context = context(1);
    let seal = |random| seal(b"secret", &key.public(), &context, [random; 32]).unwrap();
    assert_eq!(seal(3), seal(3));
    let (first, second) = (seal(3), seal(4));
    let common = first.iter().zip(&second).skip(HEAD);
    let equal = common.filter(|(one, other)| one == other).count();
    assert!(equal < 20, "{equal} bytes are equal");
}

/// RFC 9180 appendix A.2.1: base mode of DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, `ChaCha20Poly1305`.
#[test]
fn the_vector_of_the_rfc_opens() {
    let key = PrivateKey::new(
        bytes("1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df")
            .try_into()
            .unwrap(),
    );
    let same = bytes("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb");
    assert_eq!(PrivateKey::parse(&same).unwrap().expose(), key.expose());
    assert_eq!(
        key.public().as_bytes().as_slice(),
        bytes("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a")
    );
    let encapsulated = bytes("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
    let ciphertext = bytes(
        "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
    );
    let around = Around {
        info: b"Ode on a Grecian Urn",
        aad: b"Count-0",
    };
    let plain = decrypt(&encapsulated.try_into().unwrap(), &ciphertext, &key, around).unwrap();
    assert_eq!(*plain, b"Beauty is truth, truth beauty");
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
