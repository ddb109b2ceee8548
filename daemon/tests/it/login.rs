//! The one-time login and the device key, as the page uses them.

use crate::support::api::Api;
use crate::support::daemon::Site;
use crate::support::socket::Socket;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};

/// A device's key and its public half as a JWK.
pub(crate) fn device() -> (EcdsaKeyPair, Value) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref().to_vec();
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "x": B64.encode(&point[1..33]), "y": B64.encode(&point[33..]),
    });
    (pair, jwk)
}

async fn renew(open: &Api, device_id: &str, pair: &EcdsaKeyPair) -> (u16, Value) {
    let asked = json!({"device_id": device_id});
    let challenge = open.must("/api/auth/challenge", asked).await;
    let text = challenge["challenge"].as_str().unwrap();
    let signature = pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
    let body = json!({
        "device_id": device_id, "challenge": text, "signature": B64.encode(signature.as_ref()),
    });
    open.post("/api/auth/renew", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_logs_in_once_and_the_device_renews_until_it_is_revoked() {
    let site = Site::new();
    let daemon = site.start();
    let secret = daemon.login_url.split_once("#login=").unwrap().1.to_owned();
    let open = Api::new(&daemon.url, "");
    let (pair, jwk) = device();
    let body = json!({"secret": secret, "key": jwk, "label": "A browser"});
    let answer = open.must("/api/auth/exchange", body.clone()).await;
    let (status, problem) = open.post("/api/auth/exchange", body).await;
    assert_eq!(status, 401, "a link works once: {problem}");

    let page = Api::new(&daemon.url, answer["access_token"].as_str().unwrap());
    let me = page.read("/api/me").await;
    assert_eq!(me["roles"], json!(["admin"]));
    assert_eq!(me["primary_session_id"], "sess-primary");

    let id = answer["device_id"].as_str().unwrap().to_owned();
    let (status, renewed) = renew(&open, &id, &pair).await;
    assert_eq!(status, 200, "{renewed}");
    let (stranger, _) = device();
    assert_eq!(
        renew(&open, &id, &stranger).await.0,
        401,
        "another key renews nothing"
    );

    let devices = page.read("/api/auth/devices").await;
    assert_eq!(devices["items"][0]["label"], "A browser");
    page.must("/api/auth/logout", json!({})).await;
    assert_eq!(
        page.get("/api/me").await.0,
        401,
        "the token ends with the logout"
    );
    assert_eq!(
        renew(&open, &id, &pair).await.0,
        401,
        "and so does the device"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_link_comes_from_the_command_line_only_to_the_owner() {
    let site = Site::new();
    let _daemon = site.start();
    let output = site.run(&["web", "--json"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let link: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        link["login_url"].as_str().unwrap().contains("#login="),
        "{link}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_have_two_primaries_whichever_way_they_ask() {
    let site = Site::new();
    let daemon = site.start();
    let first = daemon.api(&site, "developer", "one");
    let second = daemon.api(&site, "developer", "two");
    let me = first.read("/api/me").await;
    let socket = Socket::open(&second).await;
    assert_eq!(me["primary_session_id"], "sess-primary");
    assert_eq!(socket.seen[0]["primary_session_id"], "sess-primary-002");
    let again = second.read("/api/me").await;
    assert_eq!(again["primary_session_id"], "sess-primary-002");
}
