//! Who may connect, through which proxies, and with which certificate.

use super::networks::{BadNetwork, Networks};
use super::tls::{Tls, TlsError};
use crate::config::Config;
use axum::http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

/// Why nobody can be let in; says what to change.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    #[error(transparent)]
    Network(#[from] BadNetwork),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Cheap handle; clone it freely.
#[derive(Clone, Default)]
pub struct Door {
    allow: Networks,
    proxies: Networks,
    /// Beyond loopback a TLS proxy is the only way in: past it everything would be plain.
    only_proxies: bool,
    tls: Option<Tls>,
}

impl Door {
    /// As the configuration says.
    ///
    /// # Errors
    /// When a network is none, or the certificate cannot be used.
    pub fn open(config: &Config) -> Result<Self, DoorError> {
        let (server, network) = (&config.settings.server, &config.settings.network);
        let tls = match (server.tls_cert.as_str(), server.tls_key.as_str()) {
            ("", _) | (_, "") => None,
            (cert, key) => {
                let path = |text: &str| config.paths.expand(text);
                Some(Tls::open(path(cert), path(key))?)
            }
        };
        Ok(Self {
            allow: Networks::parse("network.allow", &network.allow)?,
            proxies: Networks::parse("network.trusted_proxies", &network.trusted_proxies)?,
            only_proxies: server.behind_tls_proxy && !server.listen.ip().is_loopback(),
            tls,
        })
    }

    /// The certificate, when the daemon itself speaks TLS.
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// True for an address that speaks for others.
    pub fn is_proxy(&self, ip: IpAddr) -> bool {
        self.proxies.lists(ip)
    }

    /// True when a connection from there is read at all.
    pub fn connects(&self, ip: IpAddr) -> bool {
        self.is_proxy(ip) || (!self.only_proxies && self.allow.permits(ip))
    }

    /// Where a request really comes from: what the proxies of ours say, read from the near
    /// end, because the far end is the stranger's own word. None: it may not come in.
    pub fn origin(&self, peer: SocketAddr, headers: &HeaderMap) -> Option<SocketAddr> {
        if !self.is_proxy(peer.ip()) {
            return Some(peer);
        }
        let lines: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .map(|line| line.to_str().unwrap_or_default())
            .collect();
        let mut at = peer;
        for hop in lines.join(",").rsplit(',') {
            if !self.is_proxy(at.ip()) {
                break;
            }
            match address(hop.trim()) {
                Some(ip) => at = SocketAddr::new(ip, 0),
                None => break,
            }
        }
        let inner = at == peer;
        (inner || self.allow.permits(at.ip())).then_some(at)
    }
}

/// An address as proxies write it: bare, with a port, or IPv6 in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|one| one.ip());
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door() -> Door {
        let list = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            Networks::parse("x", &texts).unwrap()
        };
        Door {
            allow: list(&["100.64.0.0/10"]),
            proxies: list(&["10.0.0.1", "10.0.0.2"]),
            ..Door::default()
        }
    }

    #[test]
    fn n01_r19_forwarded_for_is_read_from_the_near_end_and_only_from_a_proxy_of_ours() {
        let door = door();
        for (peer, lines, wanted) in [
            ("8.8.8.8:1", &["100.64.0.9"][..], Some("8.8.8.8:1")),
            ("10.0.0.1:1", &["100.64.0.9"], Some("100.64.0.9:0")),
            ("10.0.0.1:1", &["9.9.9.9, 100.64.0.9"], Some("100.64.0.9:0")),
            (
                "10.0.0.1:1",
                &["100.64.0.9, 10.0.0.2"],
                Some("100.64.0.9:0"),
            ),
            (
                "10.0.0.1:1",
                &["100.64.0.9", "10.0.0.2"],
                Some("100.64.0.9:0"),
            ),
            ("10.0.0.1:1", &["100.64.0.9:777"], Some("100.64.0.9:0")),
            ("10.0.0.1:1", &["100.64.0.9, nonsense"], Some("10.0.0.1:1")),
            ("10.0.0.1:1", &[], Some("10.0.0.1:1")),
            ("10.0.0.1:1", &["9.9.9.9"], None),
            ("10.0.0.1:1", &["100.64.0.9, 9.9.9.9"], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let found = door.origin(peer.parse().unwrap(), &headers);
            let wanted = wanted.map(|one| one.parse().unwrap());
            assert_eq!(found, wanted, "{peer} {lines:?}");
        }
    }

    #[test]
    fn behind_a_proxy_beyond_loopback_only_the_proxy_connects() {
        let mut door = door();
        let may = |door: &Door, ip: &str| door.connects(ip.parse().unwrap());
        assert!(may(&door, "10.0.0.1") && may(&door, "100.64.0.9"));
        assert!(!may(&door, "9.9.9.9"));
        door.only_proxies = true;
        assert!(may(&door, "10.0.0.1") && !may(&door, "100.64.0.9"));
    }
}
