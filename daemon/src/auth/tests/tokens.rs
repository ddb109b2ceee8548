//! Table J of the security design, as far as it is about one token.

use super::forge::{Forge, part};
use crate::auth::jwt::TokenError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use orchestra_protocol::time::Timestamp;
use serde_json::{Value, json};

fn now() -> i64 {
    Timestamp::now().0 / 1000
}

#[tokio::test]
async fn a_good_token_says_who_and_what() {
    let forge = Forge::new();
    let good = forge
        .claimed(json!({ "permissions": ["agents:read", "openid"] }))
        .await
        .unwrap();
    assert_eq!(good.subject, "ann");
    assert_eq!(good.permissions.names(), ["agents:read"]);
    let scoped = json!({ "permissions": null, "scope": "openid agents:read terminal:type" });
    let scoped = forge.claimed(scoped).await.unwrap();
    assert_eq!(scoped.permissions.names(), ["agents:read", "terminal:type"]);
    let neither = forge
        .claimed(json!({ "permissions": null, "roles": ["admin"] }))
        .await
        .unwrap();
    assert!(
        neither.permissions.is_empty(),
        "a role that the token only names gives nothing"
    );
}

#[tokio::test]
async fn j01_alg_none() {
    let forge = Forge::new();
    for alg in ["none", "None", "nOnE", ""] {
        assert_eq!(
            forge.headed(json!({ "alg": alg })).await.unwrap_err(),
            TokenError::Algorithm
        );
    }
    assert_eq!(
        forge.headed(json!({ "alg": null })).await.unwrap_err(),
        TokenError::Algorithm
    );
    let token = forge.issuer.sign(&forge.claims(&json!({}))).unwrap();
    let bare = token.rsplit_once('.').unwrap().0;
    assert!(forge.verifier.verify(&format!("{bare}.")).await.is_err());
    assert!(forge.verifier.verify(bare).await.is_err());
}

#[tokio::test]
async fn j07_kid_is_looked_up_and_nothing_else() {
    let forge = Forge::new();
    let long = "k".repeat(5000);
    let kids = [
        "../../etc/passwd",
        "' OR 1=1 --",
        "http://127.0.0.1/",
        "a\0b",
        "",
        &long,
    ];
    for kid in kids {
        assert_eq!(
            forge.headed(json!({ "kid": kid })).await.unwrap_err(),
            TokenError::UnknownKey
        );
    }
    for kid in [json!(7), json!(["a"]), json!(null)] {
        assert!(forge.headed(json!({ "kid": kid })).await.is_err());
    }
    // Absent is refused with one key and with two.
    assert_eq!(
        forge.headed(json!({ "kid": null })).await.unwrap_err(),
        TokenError::UnknownKey
    );
    forge.issuer.rotate().unwrap();
    forge.verifier.keys.install(&forge.issuer.jwks());
    assert_eq!(
        forge.headed(json!({ "kid": null })).await.unwrap_err(),
        TokenError::UnknownKey
    );
    assert!(forge.claimed(json!({})).await.is_ok(), "the new key signs");
}

#[tokio::test]
async fn a_rotated_key_still_checks_what_it_signed() {
    let forge = Forge::new();
    let old = forge.issuer.sign(&forge.claims(&json!({}))).unwrap();
    let first = forge.kid();
    forge.issuer.rotate().unwrap();
    forge.verifier.keys.install(&forge.issuer.jwks());
    assert!(forge.verifier.verify(&old).await.is_ok());
    let keys = forge.issuer.jwks()["keys"].as_array().unwrap().clone();
    assert_eq!(
        (keys.len(), keys[0]["kid"].as_str()),
        (2, Some(first.as_str()))
    );
    // Dropped from the set, it is refused at once.
    forge.verifier.keys.install(&json!({ "keys": [keys[1]] }));
    assert_eq!(
        forge.verifier.verify(&old).await.unwrap_err(),
        TokenError::UnknownKey
    );
}

#[tokio::test]
async fn j13_wrong_issuer() {
    let forge = Forge::new();
    let name = forge.issuer.name.clone();
    let wrong = [
        json!("https://other.example/"),
        json!(format!("{name}/")),
        json!(name.to_uppercase()),
        json!([name]),
        json!(7),
        json!(null),
    ];
    for iss in wrong {
        assert!(forge.claimed(json!({ "iss": iss })).await.is_err(), "{iss}");
    }
}

#[tokio::test]
async fn j14_wrong_audience() {
    let forge = Forge::new();
    for aud in [
        json!(null),
        json!("other"),
        json!("orchestr"),
        json!("orchestra/x"),
        json!([]),
        json!(["other"]),
        json!(1),
    ] {
        assert!(forge.claimed(json!({ "aud": aud })).await.is_err(), "{aud}");
    }
    let both = json!({ "aud": ["orchestra", "https://tenant.example/userinfo"] });
    assert!(forge.claimed(both).await.is_ok());
}

#[tokio::test]
async fn j16_other_kinds_of_token() {
    let forge = Forge::new();
    for typ in [
        json!(null),
        json!("id+jwt"),
        json!("dpop+jwt"),
        json!("logout+jwt"),
        json!(1),
    ] {
        assert_eq!(
            forge.headed(json!({ "typ": typ })).await.unwrap_err(),
            TokenError::Kind,
            "{typ}"
        );
    }
    assert_eq!(
        forge.claimed(json!({ "at_hash": "x" })).await.unwrap_err(),
        TokenError::Kind
    );
    for opaque in ["", "opaque", "orc_agent_x", "a.b", "..", "a.b.c"] {
        assert!(forge.verifier.verify(opaque).await.is_err(), "{opaque}");
    }
}

/// Signs a payload that no JSON library would write.
fn raw(forge: &Forge, payload: &str) -> String {
    let pkcs8 = std::fs::read_dir(forge.folder().join("keys")).unwrap();
    let path = pkcs8
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "pk8"))
        .unwrap();
    let key = EncodingKey::from_ed_der(&std::fs::read(path).unwrap());
    let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": forge.kid() });
    let body = format!("{}.{}", part(&header), URL_SAFE_NO_PAD.encode(payload));
    let signature = jsonwebtoken::crypto::sign(body.as_bytes(), &key, Algorithm::EdDSA).unwrap();
    format!("{body}.{signature}")
}

#[tokio::test]
async fn j17_shapes_of_exp() {
    let forge = Forge::new();
    let text = (now() + 60).to_string();
    for exp in [
        json!(null),
        json!(text),
        json!("9999999999"),
        json!(-1),
        json!(0),
        json!(now() - 11),
        json!([now() + 60]),
        json!({}),
        json!(true),
    ] {
        assert!(forge.claimed(json!({ "exp": exp })).await.is_err(), "{exp}");
    }
    let good = forge.claims(&json!({ "exp": 0 })).to_string();
    for exp in ["1e309", "1e18", "NaN", "null", "99999999999999999999999"] {
        let payload = good.replace("\"exp\":0", &format!("\"exp\":{exp}"));
        assert!(
            forge.verifier.verify(&raw(&forge, &payload)).await.is_err(),
            "{exp}"
        );
    }
    let twice = good.replace("\"exp\":0", &format!("\"exp\":{0},\"exp\":{0}", now() + 60));
    assert!(
        forge.verifier.verify(&raw(&forge, &twice)).await.is_err(),
        "said twice"
    );
    let once = good.replace("\"exp\":0", &format!("\"exp\":{}.5", now() + 60));
    assert!(
        forge.verifier.verify(&raw(&forge, &once)).await.is_ok(),
        "a fraction is a number"
    );
}

#[tokio::test]
async fn j18_nbf_iat_and_lifetime() {
    let forge = Forge::new();
    let day = 24 * 3600;
    let bad: [Value; 6] = [
        json!({ "nbf": now() + 60 }),
        json!({ "nbf": "0" }),
        json!({ "iat": now() + 60 }),
        json!({ "iat": "0" }),
        json!({ "exp": now() + day + 60 }),
        json!({ "exp": now() + day + 60, "iat": null }),
    ];
    for changes in bad {
        assert!(forge.claimed(changes.clone()).await.is_err(), "{changes}");
    }
    assert!(
        forge
            .claimed(json!({ "exp": now() + day - 60 }))
            .await
            .is_ok()
    );
    assert!(
        forge
            .claimed(json!({ "nbf": null, "iat": null }))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn j20_tricks_of_form() {
    let forge = Forge::new();
    for header in [
        json!({ "crit": ["exp"] }),
        json!({ "crit": [] }),
        json!({ "b64": false }),
        json!({ "enc": "A256GCM" }),
        json!({ "zip": "DEF" }),
    ] {
        assert_eq!(
            forge.headed(header.clone()).await.unwrap_err(),
            TokenError::Critical,
            "{header}"
        );
    }
    let token = forge.issuer.sign(&forge.claims(&json!({}))).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let json_form = json!({ "payload": parts[1], "protected": parts[0], "signature": parts[2] });
    let forms = [
        format!("{token}="),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.e30.e30"),
        format!(" {token}"),
        format!("{}+/.{}.{}", parts[0], parts[1], parts[2]),
        format!("{}.{}\n.{}", parts[0], parts[1], parts[2]),
        json_form.to_string(),
        token.to_lowercase(),
    ];
    for form in forms {
        assert!(forge.verifier.verify(&form).await.is_err(), "{form}");
    }
    // Each part is covered: none may be another token's.
    let other = forge
        .issuer
        .sign(&forge.claims(&json!({ "sub": "bob" })))
        .unwrap();
    let swapped = format!(
        "{}.{}.{}",
        parts[0],
        other.split('.').nth(1).unwrap(),
        parts[2]
    );
    assert_eq!(
        forge.verifier.verify(&swapped).await.unwrap_err(),
        TokenError::Signature
    );
}

#[tokio::test]
async fn j22_too_long_is_refused_unread() {
    let forge = Forge::new();
    let many = json!({ "permissions": vec!["agents:read"; 10_000] });
    assert_eq!(forge.claimed(many).await.unwrap_err(), TokenError::TooLong);
    let padded = json!({ "padding": "x".repeat(9000) });
    assert_eq!(
        forge.claimed(padded).await.unwrap_err(),
        TokenError::TooLong
    );
}

#[tokio::test]
async fn j24_subjects_are_names() {
    let forge = Forge::new();
    for sub in [
        json!(null),
        json!(""),
        json!("a\u{0}b"),
        json!("a\r\nb"),
        json!(7),
        json!("x".repeat(300)),
    ] {
        assert!(forge.claimed(json!({ "sub": sub })).await.is_err(), "{sub}");
    }
    assert!(
        forge
            .claimed(json!({ "sub": "auth0|5f7c8ec7c33c6c004bbafe82" }))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn j25_clocks_may_differ_by_ten_seconds() {
    let forge = Forge::new();
    for (skew, good) in [(9, true), (12, false)] {
        let past = forge
            .claimed(json!({ "exp": now() - skew, "iat": now() - 100 }))
            .await;
        assert_eq!(past.is_ok(), good, "exp {skew} s ago");
        let future = forge
            .claimed(json!({ "nbf": now() + skew, "iat": now() + skew }))
            .await;
        assert_eq!(future.is_ok(), good, "nbf in {skew} s");
    }
}

#[tokio::test]
async fn j15_a_client_that_is_not_on_the_list_is_refused() {
    let mut forge = Forge::new();
    assert!(forge.claimed(json!({ "azp": "any" })).await.is_ok());
    forge.verifier.clients = vec!["page".into(), "cli".into()];
    assert!(forge.claimed(json!({ "azp": "page" })).await.is_ok());
    assert!(forge.claimed(json!({ "client_id": "cli" })).await.is_ok());
    for odd in [
        json!({}),
        json!({ "azp": "other" }),
        json!({ "azp": "PAGE" }),
        json!({ "azp": "other", "client_id": "page" }),
    ] {
        assert_eq!(forge.claimed(odd).await.err(), Some(TokenError::Client));
    }
    let list = forge.claimed(json!({ "azp": ["page"] })).await;
    assert_eq!(list.err(), Some(TokenError::Claims));
}
