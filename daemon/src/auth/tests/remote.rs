//! An issuer on loopback: discovery, odd answers, and what a flood may cost.

use super::forge::{Forge, trap};
use crate::auth::issuer::AUDIENCE;
use crate::auth::jwks::remote::{FetchError, Remote};
use crate::auth::jwks::{Jwks, KeyError};
use crate::auth::jwt::{TokenError, Verifier};
use crate::supervise::Tasks;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Answers discovery and keys until the test ends; counts how often keys were fetched.
async fn issuer(change: impl FnOnce(&str) -> (Value, String)) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = format!("http://{}", listener.local_addr().unwrap());
    let (discovery, keys) = change(&name);
    let fetched = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&fetched);
    Tasks::default().spawn("issuer", move |_| async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap_or(0);
            let body = if request[..read].starts_with(b"GET /keys") {
                count.fetch_add(1, Ordering::SeqCst);
                keys.clone()
            } else {
                discovery.to_string()
            };
            let length = body.len();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    (name, fetched)
}

fn good(name: &str, keys: &Value) -> (Value, String) {
    (
        json!({ "issuer": name, "jwks_uri": format!("{name}/keys") }),
        keys.to_string(),
    )
}

#[tokio::test]
async fn j08_unknown_key_ids_cost_one_fetch_and_valid_tokens_do_not_wait() {
    let forge = Forge::new();
    let (name, fetched) = issuer(|name| good(name, &forge.issuer.jwks())).await;
    let tasks = Tasks::default();
    let keys = Jwks::remote(Remote::new(&name).unwrap(), &tasks);
    let verifier = Verifier {
        issuer: name.clone(),
        audience: AUDIENCE.into(),
        clients: Vec::new(),
        keys: keys.clone(),
    };
    let token = forge
        .issuer
        .sign(&forge.claims(&json!({ "iss": name })))
        .unwrap();
    // The very first token waits for the first fetch.
    assert!(verifier.verify(&token).await.is_ok());
    let flood = (0..2000).map(|number| {
        let keys = keys.clone();
        async move { keys.get(&format!("kid-{number}")).await.err() }
    });
    let flood = futures_util::future::join_all(flood);
    let (refused, valid) = tokio::join!(flood, async {
        let begun = std::time::Instant::now();
        assert!(verifier.verify(&token).await.is_ok());
        begun.elapsed()
    });
    assert!(
        refused
            .iter()
            .all(|error| *error == Some(KeyError::Unknown))
    );
    assert_eq!(fetched.load(Ordering::SeqCst), 1, "within the cooldown");
    assert!(valid < Duration::from_millis(50), "{valid:?}");
}

#[tokio::test]
async fn c16_without_its_keys_an_issuer_is_unavailable_not_open() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let tasks = Tasks::default();
    let keys = Jwks::remote(Remote::new(&format!("http://{closed}")).unwrap(), &tasks);
    assert_eq!(keys.get("any").await.err(), Some(KeyError::Unavailable));
    assert!(!keys.ready());
}

#[tokio::test]
async fn odd_issuers_are_refused() {
    for bad in [
        "http://issuer.example",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "issuer",
        "",
    ] {
        assert!(
            matches!(Remote::new(bad), Err(FetchError::Address(_))),
            "{bad}"
        );
    }
    let empty = json!({ "keys": [] });
    let (other, _) = issuer(|name| {
        (
            json!({ "issuer": "https://other.example", "jwks_uri": format!("{name}/keys") }),
            empty.to_string(),
        )
    })
    .await;
    assert!(matches!(
        Remote::new(&other).unwrap().fetch().await,
        Err(FetchError::Issuer(_))
    ));
    let (plain, _) = issuer(|name| {
        (
            json!({ "issuer": name, "jwks_uri": "http://keys.example/" }),
            empty.to_string(),
        )
    })
    .await;
    assert!(matches!(
        Remote::new(&plain).unwrap().fetch().await,
        Err(FetchError::Address(_))
    ));
    let (large, _) = issuer(|name| (good(name, &empty).0, " ".repeat(70_000))).await;
    assert!(matches!(
        Remote::new(&large).unwrap().fetch().await,
        Err(FetchError::Large(_))
    ));
    let (text, _) = issuer(|name| (good(name, &empty).0, "<html>".into())).await;
    assert!(matches!(
        Remote::new(&text).unwrap().fetch().await,
        Err(FetchError::Document(_))
    ));
}

#[tokio::test]
async fn n08_a_redirect_leads_the_daemon_nowhere() {
    let (trap, elsewhere) = trap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = format!("http://{}", listener.local_addr().unwrap());
    Tasks::default().spawn("issuer", move |_| async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let head = format!(
                "HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(head.as_bytes()).await;
        }
    });
    assert!(Remote::new(&name).unwrap().fetch().await.is_err());
    assert!(trap.accept().is_err(), "nobody came");
}

/// An issuer whose keys and willingness change.
struct Moody {
    name: String,
    keys: Arc<parking_lot::Mutex<Option<Value>>>,
    fetched: Arc<AtomicUsize>,
}

impl Moody {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!("http://{}", listener.local_addr().unwrap());
        let keys = Arc::new(parking_lot::Mutex::new(None::<Value>));
        let fetched = Arc::new(AtomicUsize::new(0));
        let (issuer, now, count) = (name.clone(), Arc::clone(&keys), Arc::clone(&fetched));
        Tasks::default().spawn("issuer", move |_| async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let read = stream.read(&mut request).await.unwrap_or(0);
                count.fetch_add(1, Ordering::SeqCst);
                let keys = now.lock().clone();
                let (status, body) = match keys {
                    None => ("503 Service Unavailable", Value::Null),
                    Some(keys) if request[..read].starts_with(b"GET /keys") => ("200 OK", keys),
                    Some(_) => ("200 OK", good(&issuer, &Value::Null).0),
                };
                let body = body.to_string();
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
                let text = format!("{head}Connection: close\r\n\r\n{body}");
                let _ = stream.write_all(text.as_bytes()).await;
            }
        });
        Self {
            name,
            keys,
            fetched,
        }
    }

    fn verifier(&self) -> Verifier {
        Verifier {
            issuer: self.name.clone(),
            audience: AUDIENCE.into(),
            clients: Vec::new(),
            keys: Jwks::remote(Remote::new(&self.name).unwrap(), &Tasks::default()),
        }
    }

    fn token(&self, forge: &Forge) -> String {
        let claims = forge.claims(&json!({ "iss": self.name }));
        forge.issuer.sign(&claims).unwrap()
    }

    fn publish(&self, forge: &Forge) {
        *self.keys.lock() = Some(forge.issuer.jwks());
    }
}

/// Asks until the answer is this one; the refresh runs beside.
async fn settles(verifier: &Verifier, token: &str, wanted: Option<TokenError>) {
    for _ in 0..500 {
        if verifier.verify(token).await.err() == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never {wanted:?}");
}

#[tokio::test]
async fn j10_a_new_key_is_taken_after_one_refresh_and_a_dropped_one_refused_after_its_time() {
    let (old, new) = (Forge::new(), Forge::new());
    let issuer = Moody::start().await;
    issuer.publish(&old);
    let verifier = issuer.verifier();
    let before = issuer.token(&old);
    assert!(verifier.verify(&before).await.is_ok());

    issuer.publish(&new);
    let after = issuer.token(&new);
    assert_eq!(
        verifier.verify(&after).await.err(),
        Some(TokenError::UnknownKey),
        "within the cooldown nobody asks again"
    );
    verifier.keys.pass(Duration::from_secs(31));
    let asked = issuer.fetched.load(Ordering::SeqCst);
    assert!(verifier.verify(&after).await.is_ok());
    assert_eq!(
        issuer.fetched.load(Ordering::SeqCst),
        asked + 2,
        "one refresh"
    );
    settles(&verifier, &before, Some(TokenError::UnknownKey)).await;
}

#[tokio::test]
async fn j10_a_dropped_key_is_refused_after_the_time_of_its_set() {
    let (old, new) = (Forge::new(), Forge::new());
    let issuer = Moody::start().await;
    issuer.publish(&old);
    let verifier = issuer.verifier();
    let token = issuer.token(&old);
    assert!(verifier.verify(&token).await.is_ok());
    issuer.publish(&new);
    verifier.keys.pass(Duration::from_secs(601));
    settles(&verifier, &token, Some(TokenError::UnknownKey)).await;
}

#[tokio::test]
async fn j11_in_an_outage_old_keys_serve_for_an_hour_and_then_none_do() {
    let forge = Forge::new();
    let issuer = Moody::start().await;
    issuer.publish(&forge);
    let verifier = issuer.verifier();
    let token = issuer.token(&forge);
    assert!(verifier.verify(&token).await.is_ok());

    *issuer.keys.lock() = None;
    for _ in 0..5 {
        verifier.keys.pass(Duration::from_secs(660));
        assert!(verifier.verify(&token).await.is_ok());
        assert!(verifier.keys.ready());
    }
    verifier.keys.pass(Duration::from_secs(660));
    settles(&verifier, &token, Some(TokenError::KeysUnavailable)).await;
    assert!(!verifier.keys.ready(), "and readiness says so");

    issuer.publish(&forge);
    verifier.keys.pass(Duration::from_secs(31));
    settles(&verifier, &token, None).await;
}
