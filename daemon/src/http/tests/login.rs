//! Local login through the front door.

use super::harness::{Server, serve};
use crate::audit::record::Kind;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The public half, as a browser exports it.
fn public(key: &EcdsaKeyPair) -> Value {
    let point = key.public_key().as_ref();
    json!({
        "kty": "EC", "crv": "P-256",
        "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
    })
}

fn answer(key: &EcdsaKeyPair, device: &Value, challenge: &str) -> Value {
    let signature = key
        .sign(&SystemRandom::new(), challenge.as_bytes())
        .unwrap();
    json!({
        "device_id": device, "challenge": challenge,
        "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()),
    })
}

/// The login is in the record with its device, and nothing that could be used again.
async fn record_is_clean(server: &Server, device: &str, hidden: &[&str]) {
    let lines = server.recorded().await;
    let exchanged = lines
        .iter()
        .find(|line| line.kind == Kind::Outcome && line.entry.action.contains("exchange"));
    let object = &exchanged.unwrap().entry.object;
    assert_eq!(*object, format!("device={device}"));
    let text = format!("{lines:?}");
    for secret in hidden {
        assert!(!text.contains(secret), "a secret is in the record");
    }
}

#[tokio::test]
async fn from_the_link_to_a_renewed_token_and_out() {
    let server = serve("").await;
    let config = server.call("", "GET /api/client-config", None).await.json();
    assert_eq!(config["login"], "local");

    let link = server
        .local_call("", "POST /api/local/login-link", None)
        .await;
    assert_eq!(link.status, 200, "{link:?}");
    let url = link.json()["login_url"].as_str().unwrap().to_owned();
    let (base, secret) = url.split_once("/#login=").unwrap();
    assert_eq!(base, format!("http://{}", server.host()));

    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let exchange = json!({ "secret": secret, "key": public(&key), "label": "Firefox on Debian" });
    let login = server
        .call("", "POST /api/auth/exchange", Some(exchange.clone()))
        .await;
    assert_eq!(login.status, 200, "{login:?}");
    let login = login.json();
    let token = login["access_token"].as_str().unwrap();
    assert_eq!(
        server
            .call("", "POST /api/auth/exchange", Some(exchange))
            .await
            .status,
        401
    );

    let device = login["device_id"].clone();
    // With an old token at hand one may still renew.
    let asked = server
        .call(
            "old",
            "POST /api/auth/challenge",
            Some(json!({ "device_id": device })),
        )
        .await;
    let challenge = asked.json()["challenge"].as_str().unwrap().to_owned();
    let renewal = answer(&key, &device, &challenge);
    let renewed = server
        .call("", "POST /api/auth/renew", Some(renewal.clone()))
        .await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    assert_eq!(
        server
            .call("", "POST /api/auth/renew", Some(renewal))
            .await
            .status,
        401,
        "replay"
    );

    let devices = server
        .call(token, "GET /api/auth/devices", None)
        .await
        .json();
    assert_eq!(devices["items"][0]["label"], "Firefox on Debian");
    assert_eq!(devices["items"][0]["current"], true);
    assert_eq!(
        server
            .call(token, "POST /api/auth/logout", None)
            .await
            .status,
        204
    );
    assert_eq!(server.call(token, "GET /api/me", None).await.status, 401);
    let renewed = renewed.json();
    let other = renewed["access_token"].as_str().unwrap();
    assert_eq!(
        server.call(other, "GET /api/me", None).await.status,
        401,
        "the device is gone"
    );

    let device = device.as_str().unwrap();
    record_is_clean(&server, device, &[secret, token, other, &challenge]).await;
}

#[tokio::test]
async fn tokens_are_minted_for_the_owners_own_processes() {
    let server = serve("").await;
    let mint = |body| server.local_call("", "POST /api/local/token", Some(body));
    let answer = mint(json!({ "role": "viewer", "sub": "ann", "ttl_s": 60 })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let me = server.call(&token, "GET /api/me", None).await.json();
    assert_eq!(
        (me["roles"].clone(), me["principal"]["name"].clone()),
        (json!(["viewer"]), json!("ann"))
    );
    for bad in [
        json!({ "role": "king" }),
        json!({ "role": "admin", "ttl_s": 0 }),
        json!({ "role": "admin", "ttl_s": 90_000 }),
        json!({ "role": "admin", "sub": "a\nb" }),
    ] {
        assert_eq!(mint(bad.clone()).await.code(), "invalid_request", "{bad}");
    }
    let lines = server.recorded().await;
    let minted = lines.iter().find(|line| line.result == "ok:200").unwrap();
    assert!(
        minted.entry.object.contains("role=viewer sub=ann"),
        "{minted:?}"
    );
    assert!(minted.entry.ip.starts_with("unix:uid="));

    // A daemon that starts a second time on the socket is refused.
    let second =
        crate::http::serve::Listeners::bind("127.0.0.1:0".parse().unwrap(), Some(&server.socket))
            .await;
    assert!(matches!(
        second,
        Err(crate::http::serve::ListenError::Running(_))
    ));

    // From inside an agent's terminal it is refused.
    server
        .auth
        .set_panes(|| [i32::try_from(std::process::id()).unwrap()].into());
    assert_eq!(mint(json!({ "role": "admin" })).await.code(), "forbidden");
    assert_eq!(
        server
            .local_call("", "POST /api/local/login-link", None)
            .await
            .code(),
        "forbidden"
    );
}
