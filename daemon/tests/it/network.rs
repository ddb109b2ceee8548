//! The daemon on a network: its own certificate, proxies in front, and what it refuses to
//! start with.

use crate::people::{PASSWORD, told};
use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::wait::{LIMIT, until};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A certificate for loopback in the site's folder; returns it in DER form.
fn certify(site: &Site) -> Vec<u8> {
    certify_between(site, 2024, 4096)
}

/// The same for the days between the beginnings of two years.
fn certify_between(site: &Site, from: i32, to: i32) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(to, 1, 1);
    let cert = params.self_signed(&key).unwrap();
    let [chain, private] = files(site);
    // The key first: for a moment they do not fit, as in any renewal.
    std::fs::write(&private, key.serialize_pem()).unwrap();
    std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&chain, cert.pem()).unwrap();
    cert.der().to_vec()
}

fn files(site: &Site) -> [PathBuf; 2] {
    ["cert.pem", "key.pem"].map(|name| site.root.path().join(name))
}

fn tls(site: &Site) -> String {
    let [cert, key] = files(site);
    format!(
        "[server]\ntls_cert = \"{}\"\ntls_key = \"{}\"\n",
        cert.display(),
        key.display()
    )
}

fn trusting(der: &[u8]) -> reqwest::Client {
    let root = reqwest::Certificate::from_der(der).unwrap();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([root])
        .tls_info(true)
        .build()
        .unwrap()
}

fn address(daemon: &Daemon) -> SocketAddr {
    let (_, address) = daemon.url.split_once("://").unwrap();
    address.parse().unwrap()
}

/// What the daemon says to these bytes until it closes or falls silent.
async fn said(daemon: &Daemon, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address(daemon)).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    // An error is a connection that was reset: closed as well.
    let _ = tokio::time::timeout(LIMIT, read).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn n07_tls_of_our_own_is_renewed_without_dropping_anybody() {
    let mut site = Site::new();
    site.config = tls(&site);
    let first = certify(&site);
    let daemon = site.start();
    assert!(daemon.url.starts_with("https://"), "{}", daemon.url);
    let health = format!("{}/api/health", daemon.url);
    let client = trusting(&first);
    let answer = client.get(&health).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("strict-transport-security"));

    let plain = said(&daemon, b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(!plain.starts_with(b"HTTP/"), "plain text is not served");
    // A hello of TLS 1.1: version 3.2, one cipher of its time, no extensions.
    let mut hello = vec![0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x13, 1, 0]);
    let old = said(&daemon, &hello).await;
    assert_eq!(old.first(), Some(&0x15), "an alert: {old:?}");

    // One connection stays open over the renewal: half a request now, the rest after it.
    let mut open = reach(&daemon, &first).await;
    let host = address(&daemon);
    let head = format!("GET /api/health HTTP/1.1\r\nHost: {host}\r\n\r\n");
    open.write_all(head.as_bytes()).await.unwrap();
    let mut begun = [0; 15];
    open.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200 OK");

    let second = certify(&site);
    let renewed = trusting(&second);
    until("the renewed certificate", || async {
        let answer = renewed.get(&health).send().await.ok()?;
        let shown = answer.extensions().get::<reqwest::tls::TlsInfo>()?;
        (shown.peer_certificate() == Some(&second[..])).then_some(())
    })
    .await;
    let fresh = trusting(&first).get(&health).send().await;
    assert!(fresh.is_err(), "the old certificate is no longer shown");
    open.write_all(head.as_bytes()).await.unwrap();
    let mut rest = Vec::new();
    while !String::from_utf8_lossy(&rest).contains("HTTP/1.1 200 OK") {
        let mut part = [0; 4096];
        let read = open.read(&mut part).await.unwrap();
        assert!(read > 0, "the old connection was dropped");
        rest.extend_from_slice(&part[..read]);
    }

    // Half of a renewal changes nothing.
    std::fs::write(&files(&site)[0], "nonsense").unwrap();
    let log = site.data.with_file_name("daemon.log");
    until("the refusal of a bad certificate", || async {
        let text = std::fs::read_to_string(&log).unwrap();
        text.contains("the old TLS certificate stays").then_some(())
    })
    .await;
    assert_eq!(renewed.get(&health).send().await.unwrap().status(), 200);
}

/// A TLS connection by hand, to hold it.
async fn reach(daemon: &Daemon, der: &[u8]) -> tokio_rustls::client::TlsStream<TcpStream> {
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(der.to_vec())).unwrap();
    let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address(daemon)).await.unwrap();
    tokio_rustls::TlsConnector::from(std::sync::Arc::new(config))
        .connect(ServerName::try_from("127.0.0.1").unwrap(), stream)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn n07_the_command_line_takes_no_certificate_that_nobody_vouches_for() {
    let mut site = Site::new();
    site.config = tls(&site);
    certify(&site);
    let daemon = site.start();
    let token = site.run(&["token", "--role", "viewer"]);
    let file = site.home.join("token");
    std::fs::write(&file, token.stdout).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let status = ["status", "--url", &daemon.url, "--token-file"];
    let status: Vec<&str> = status.into_iter().chain(file.to_str()).collect();
    let refused = site.run(&status);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(5), "{said}");
    let cert = files(&site)[0].display().to_string();
    site.env.insert("SSL_CERT_FILE".into(), cert);
    let taken = site.run(&status);
    let said = String::from_utf8_lossy(&taken.stderr).into_owned();
    assert!(taken.status.success(), "{said}");
}

#[test]
fn n06_what_does_not_go_together_is_refused_with_a_sentence() {
    let mut site = Site::new();
    certify(&site);
    let [cert, key] = files(&site);
    std::fs::set_permissions(&cert, std::fs::Permissions::from_mode(0o600)).unwrap();
    let pair = tls(&site);
    let mixed = format!(
        "[server]\ntls_cert = \"{0}\"\ntls_key = \"{0}\"\n",
        cert.display()
    );
    let half = format!("[server]\ntls_cert = \"{}\"\n", cert.display());
    let proxy = "[server]\nbehind_tls_proxy = true\n";
    let all = "[network]\ntrusted_proxies = [\"0.0.0.0/0\"]\n";
    let odd = "[network]\ntrusted_proxies = [\"proxy\"]\n";
    for (config, listen, words) in [
        (
            "",
            "0.0.0.0:0",
            &["server.tls_cert", "behind_tls_proxy"][..],
        ),
        (proxy, "0.0.0.0:0", &["network.trusted_proxies"]),
        (&half, "127.0.0.1:0", &["server.tls_key"]),
        (&mixed, "127.0.0.1:0", &["private key"]),
        (all, "127.0.0.1:0", &["list the proxies' own"]),
        (odd, "127.0.0.1:0", &["network.trusted_proxies", "proxy"]),
    ] {
        refused(&mut site, config, listen, words);
    }
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&mut site, &pair, "127.0.0.1:0", &["chmod 600", "key.pem"]);
    std::fs::remove_file(&key).unwrap();
    refused(&mut site, &pair, "127.0.0.1:0", &["key.pem"]);
}

#[test]
fn n07_a_certificate_that_is_over_or_not_begun_is_refused_with_its_day() {
    let mut site = Site::new();
    let pair = tls(&site);
    for (from, to, words) in [
        (
            2001,
            2002,
            ["cert.pem", "ended on 2002-01-01", "put a renewed one"],
        ),
        (
            4000,
            4001,
            ["cert.pem", "begins only on 4000-01-01", "clock"],
        ),
    ] {
        certify_between(&site, from, to);
        refused(&mut site, &pair, "127.0.0.1:0", &words);
    }
}

/// An address that is none of loopback, so that the daemon takes it for a network; nothing
/// is sent to it but by this test.
const EVERYWHERE: &str = "0.0.0.0:0";

#[tokio::test(flavor = "multi_thread")]
async fn n06_a_network_where_nobody_could_log_in_is_not_served() {
    let mut site = Site::new();
    let der = certify(&site);
    let pair = tls(&site);
    let words = [
        "orchestra user add",
        "--listen 127.0.0.1:8080",
        "auth.issuer",
    ];
    refused(&mut site, &pair, EVERYWHERE, &words);
    // As the sentence says: an account first, then the network.
    let daemon = site.start();
    let add = ["user", "add", "alice", "--role", "admin"];
    assert!(told(&site, &add, PASSWORD).status.success());
    drop(daemon);
    site.config = pair;
    let daemon = site.start_at(EVERYWHERE);
    let port = daemon.url.rsplit(':').next().unwrap();
    let health = format!("https://127.0.0.1:{port}/api/health");
    let answer = trusting(&der).get(health).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // A provider is a way to log in, too.
    let mut other = Site::new();
    certify(&other);
    other.config = tls(&other)
        + "[auth]\nlogin = \"oidc\"\nissuer = \"http://127.0.0.1:9\"\naudience = \"a\"\n";
    drop(other.start_at(EVERYWHERE));
}

fn refused(site: &mut Site, config: &str, listen: &str, words: &[&str]) {
    let file = site.root.path().join("config.toml");
    std::fs::write(&file, config).unwrap();
    let file = file.display().to_string();
    let output = site.run(&["up", "--no-open", "--config", &file, "--listen", listen]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{config}: {said}");
    for word in words {
        assert!(said.contains(word), "{word:?} in {said}");
    }
}

/// Tries a token as somebody behind the proxy.
async fn guess(open: &Api, from: &str) -> u16 {
    let request = open.request(reqwest::Method::GET, "/api/me");
    let request = request.header("x-forwarded-for", from);
    open.send(request.bearer_auth("guess")).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn n01_behind_a_proxy_of_ours_each_address_is_counted_for_itself() {
    let mut site = Site::new();
    site.config = "[limits]\nlogin_attempts_per_minute = 3\n\
        [network]\nallow = [\"10.0.0.0/8\"]\ntrusted_proxies = [\"127.0.0.1\"]\n"
        .into();
    let daemon = site.start();
    let open = Api::new(&daemon.url, "");
    let mut last = 0;
    for _ in 0..8 {
        // The far end is the stranger's own word, and changes nothing.
        last = guess(&open, &format!("{}, 10.1.1.1", uuid::Uuid::now_v7())).await;
    }
    assert_eq!(last, 429);
    assert_eq!(guess(&open, "10.1.1.2").await, 401);
    assert_eq!(
        guess(&open, "192.0.2.1").await,
        403,
        "network.allow holds there too"
    );
    let admin = daemon.api(&site, "admin", "root");
    let found = until("the record of the guesses", || async {
        let page = admin.read("/api/audit?action=/api/me").await;
        let ips: Vec<Value> = page["items"]
            .as_array()?
            .iter()
            .map(|one| one["ip"].clone())
            .collect();
        ips.contains(&json!("10.1.1.2")).then_some(ips)
    })
    .await;
    assert!(found.contains(&json!("10.1.1.1")), "{found:?}");
}
