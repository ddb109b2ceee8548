//! Where a browser says that its push service is. A person's word becomes a request of
//! the daemon, so it may lead to no address of this machine or its networks: the text is
//! checked when it comes, and what its name resolves to each time it is used.

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// Longest endpoint; those of today have about 200 characters.
const LONGEST: usize = 1024;
const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(15);

/// Why an endpoint is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("endpoint must be the https address that the browser gave, at its usual port")]
    Address,
    #[error("endpoint leads into a private network")]
    Private,
}

/// Reads an endpoint. With `private` anything over http goes.
///
/// # Errors
/// When it is not what a push service has.
pub fn parse(text: &str, private: bool) -> Result<Url, EndpointError> {
    let url = Url::parse(text).map_err(|_| EndpointError::Address)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let known = url.scheme() == "https" || (private && url.scheme() == "http");
    let usual = private || url.port().is_none();
    if text.len() > LONGEST || !plain || !known || !usual {
        return Err(EndpointError::Address);
    }
    let host = url.host_str().ok_or(EndpointError::Address)?;
    let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    if !private && literal.is_some_and(|ip| !is_public(ip)) {
        return Err(EndpointError::Private);
    }
    Ok(url)
}

/// A client that follows no redirect, asks no proxy, and connects to public addresses
/// only.
///
/// # Errors
/// When the TLS library cannot be set up.
pub fn client(private: bool) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .timeout(WHOLE);
    if private {
        builder.build()
    } else {
        builder
            .dns_resolver(std::sync::Arc::new(PublicOnly))
            .build()
    }
}

/// True when the request failed because the name led into a private network.
pub fn was_private(error: &reqwest::Error) -> bool {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |cause| cause.source())
        .any(|cause| cause.downcast_ref() == Some(&EndpointError::Private))
}

/// Resolves names and leaves out what is not public, at the moment of the connection: a
/// check before it could be answered with another address.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|at| is_public(at.ip())).collect();
            if public.is_empty() {
                return Err(EndpointError::Private.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// True for addresses of the open internet.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let here = matches!(
        (a, b),
        (0 | 10 | 127, _) | (192, 168) | (169, 254) | (172, 16..=31) | (100, 64..=127)
    );
    let special = matches!((a, b, c), (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113))
        || matches!((a, b), (198, 18..=19) | (224..=255, _));
    !here && !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // What stands for an IPv4 address is judged as that.
    if let Some(inner) = ip.to_ipv4() {
        return is_public_v4(inner);
    }
    let bits = ip.to_bits();
    match (a, b) {
        (0x64, 0xff9b) => is_public_v4(Ipv4Addr::from_bits((bits & 0xffff_ffff) as u32)),
        (0x2002, _) => is_public_v4(Ipv4Addr::from_bits((bits >> 80 & 0xffff_ffff) as u32)),
        (0x2001, 0 | 0xdb8) => false,
        // Global unicast; the rest is local, for groups, or not given out.
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_at_public_hosts_is_taken() {
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc:def",
            "https://web.push.apple.com/QGuQyavXutnMH",
            "https://[2a00:1450:4001:80b::200a]/x",
            "https://8.8.8.8/x",
        ] {
            assert!(parse(good, false).is_ok(), "{good}");
        }
        for bad in [
            "http://fcm.googleapis.com/x",
            "https://fcm.googleapis.com:8443/x",
            "https://user:pass@fcm.googleapis.com/x",
            "https://fcm.googleapis.com/x#y",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "//x",
            "",
            &format!("https://a.example/{}", "x".repeat(LONGEST)),
        ] {
            assert_eq!(parse(bad, false), Err(EndpointError::Address), "{bad}");
        }
        for private in [
            "https://127.0.0.1/x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://10.1.2.3/x",
            "https://169.254.169.254/latest/meta-data",
            "https://100.100.1.1/x",
            "https://[::1]/x",
            "https://[::]/x",
            "https://[::ffff:192.168.1.1]/x",
            "https://[64:ff9b::7f00:1]/x",
            "https://[2002:7f00:1::]/x",
            "https://[fe80::1]/x",
            "https://[fd00::1]/x",
            "https://[ff02::1]/x",
        ] {
            assert_eq!(
                parse(private, false),
                Err(EndpointError::Private),
                "{private}"
            );
        }
        assert!(parse("http://127.0.0.1:9/x", true).is_ok());
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_this_machine_is_not_called() {
        let client = client(false).unwrap();
        let error = client.post("https://localhost/x").send().await.unwrap_err();
        assert!(was_private(&error), "{error:?}");
    }
}
