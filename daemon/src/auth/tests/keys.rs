//! Table J, as far as it is about keys: which one checks a token, and with what.

use super::forge::{Forge, part, trap};
use crate::auth::jwks::Jwks;
use crate::auth::jwt::TokenError;
use crate::supervise::Tasks;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

/// An issuer's set with one RSA, one EC and one Ed25519 key, and what they sign with.
struct Mixed {
    forge: Forge,
    rsa: EncodingKey,
    ec: EncodingKey,
    rsa_public: (String, String),
    rsa_der: Vec<u8>,
}

fn mixed() -> Mixed {
    let mut forge = Forge::new();
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = rsa.public_key();
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let rsa_public = (
        number(public.modulus().big_endian_without_leading_zero()),
        number(public.exponent().big_endian_without_leading_zero()),
    );
    let rsa_der = public.as_ref().to_vec();
    let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = rsa.as_der().unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(pkcs8.as_ref())
    );
    let ec_pkcs8 =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .unwrap();
    let ec_pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec_pkcs8.as_ref()).unwrap();
    let point = ec_pair.public_key().as_ref();
    let mut set = forge.issuer.jwks();
    let keys = set["keys"].as_array_mut().unwrap();
    // Without `alg`, which is legal.
    keys.push(json!({ "kty": "RSA", "kid": "rsa", "n": rsa_public.0, "e": rsa_public.1 }));
    keys.push(json!({
        "kty": "EC", "kid": "ec", "crv": "P-256",
        "x": number(&point[1..33]), "y": number(&point[33..]),
    }));
    // Odd ones are skipped one by one.
    keys.push(json!({ "kty": "oct", "kid": "oct", "k": "AAAA" }));
    keys.push(json!({ "kty": "AKP", "kid": "pq", "pub": "AAAA" }));
    keys.push(json!({ "kty": "RSA", "n": rsa_public.0, "e": rsa_public.1 }));
    keys.push(
        json!({ "kty": "RSA", "kid": "enc", "use": "enc", "n": rsa_public.0, "e": rsa_public.1 }),
    );
    keys.push(
        json!({ "kty": "RSA", "kid": "ps", "alg": "PS256", "n": rsa_public.0, "e": rsa_public.1 }),
    );
    forge.verifier.keys = Jwks::fixed(&set, &Tasks::default());
    Mixed {
        forge,
        rsa: EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
        ec: EncodingKey::from_ec_der(ec_pkcs8.as_ref()),
        rsa_public,
        rsa_der,
    }
}

impl Mixed {
    async fn signed(&self, alg: Algorithm, kid: &str, key: &EncodingKey) -> Result<(), TokenError> {
        let mut header = Header::new(alg);
        header.kid = Some(kid.into());
        let claims = self.forge.claims(&json!({}));
        let token = jsonwebtoken::encode(&header, &claims, key).unwrap();
        self.forge.verifier.verify(&token).await.map(drop)
    }
}

#[tokio::test]
async fn j02_hs256_with_the_public_key() {
    let mixed = mixed();
    let pem = STANDARD.encode(&mixed.rsa_der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----");
    let with_newline = format!("{pem}\n");
    let modulus = URL_SAFE_NO_PAD.decode(&mixed.rsa_public.0).unwrap();
    let secrets: [&[u8]; 4] = [
        pem.as_bytes(),
        with_newline.as_bytes(),
        &mixed.rsa_der,
        &modulus,
    ];
    for secret in secrets {
        let key = EncodingKey::from_secret(secret);
        assert_eq!(
            mixed.signed(Algorithm::HS256, "rsa", &key).await,
            Err(TokenError::Algorithm)
        );
    }
}

#[tokio::test]
async fn j03_empty_hmac_key_and_a_jwk_without_alg() {
    let mixed = mixed();
    let empty = EncodingKey::from_secret(b"");
    for kid in ["rsa", "ec", "oct"] {
        for alg in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            assert_eq!(
                mixed.signed(alg, kid, &empty).await,
                Err(TokenError::Algorithm)
            );
        }
    }
}

#[tokio::test]
async fn j04_key_and_algorithm_must_match() {
    let mixed = mixed();
    assert_eq!(
        mixed.signed(Algorithm::RS256, "rsa", &mixed.rsa).await,
        Ok(())
    );
    assert_eq!(
        mixed.signed(Algorithm::ES256, "ec", &mixed.ec).await,
        Ok(())
    );
    let wrong = [
        (Algorithm::RS256, "ec", &mixed.rsa),
        (Algorithm::ES256, "rsa", &mixed.ec),
        (Algorithm::PS256, "rsa", &mixed.rsa),
        (Algorithm::RS512, "rsa", &mixed.rsa),
    ];
    for (alg, kid, key) in wrong {
        assert_eq!(
            mixed.signed(alg, kid, key).await,
            Err(TokenError::Algorithm),
            "{alg:?} {kid}"
        );
    }
    for unusable in ["enc", "ps", "oct", "pq"] {
        let refused = mixed.signed(Algorithm::RS256, unusable, &mixed.rsa).await;
        assert_eq!(refused, Err(TokenError::UnknownKey), "{unusable}");
    }
    assert_eq!(
        mixed
            .forge
            .headed(json!({ "alg": "ES512" }))
            .await
            .unwrap_err(),
        TokenError::Algorithm
    );
}

#[tokio::test]
async fn j06_keys_named_by_the_token_are_not_looked_at() {
    let mixed = mixed();
    let (listener, url) = trap();
    for name in ["jku", "x5u"] {
        let mut header = json!({ "alg": "RS256", "typ": "JWT", "kid": "attacker" });
        header[name] = json!(url);
        header["jwk"] = json!({ "kty": "RSA", "kid": "attacker", "n": mixed.rsa_public.0, "e": mixed.rsa_public.1 });
        header["x5c"] = json!([STANDARD.encode(&mixed.rsa_der)]);
        let body = format!(
            "{}.{}",
            part(&header),
            part(&mixed.forge.claims(&json!({})))
        );
        let signature =
            jsonwebtoken::crypto::sign(body.as_bytes(), &mixed.rsa, Algorithm::RS256).unwrap();
        let refused = mixed
            .forge
            .verifier
            .verify(&format!("{body}.{signature}"))
            .await;
        assert_eq!(refused.unwrap_err(), TokenError::UnknownKey);
    }
    assert_eq!(
        listener.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
}
