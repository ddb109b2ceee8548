//! What the edge of this daemon is: the names it answers to, the origins it trusts, and
//! who may be how fast.

use super::limits::Limits;
use super::meter::Meter;
use crate::config::{LoginSource, Settings};
use axum::http::{HeaderValue, Uri};
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Cheap handle; clone it freely.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    hosts: HashSet<String>,
    origins: HashSet<String>,
    base_url: String,
    policy: HeaderValue,
    strict_transport: bool,
    query_jwt: bool,
    limits: Limits,
    meter: Meter,
}

impl Edge {
    /// Made when the listeners are bound, because port 0 becomes a number only then.
    pub fn new(settings: &Settings, bound: &[SocketAddr]) -> Self {
        let mut names = Names::default();
        let own = settings.server.own_tls();
        let tls = own || settings.server.behind_tls_proxy;
        let bare = if own { "https" } else { "http" };
        for address in bound {
            let port = address.port();
            match address.ip() {
                ip if ip.is_loopback() || ip.is_unspecified() => {
                    for host in ["localhost", "127.0.0.1", "[::1]"] {
                        names.add(bare, host, port);
                    }
                }
                IpAddr::V4(ip) => names.add(bare, &ip.to_string(), port),
                IpAddr::V6(ip) => names.add(bare, &format!("[{ip}]"), port),
            }
        }
        for host in &settings.server.hosts {
            let host = host.to_ascii_lowercase();
            let scheme = if tls { "https" } else { "http" };
            names.put(scheme, &host);
            if !has_port(&host) {
                for address in bound {
                    names.add(scheme, &host, address.port());
                }
            }
        }
        let base_url = match (bound.first(), settings.server.hosts.first()) {
            (Some(address), Some(host)) if own && !has_port(host) && address.port() != 443 => {
                format!("https://{host}:{}", address.port())
            }
            (_, Some(host)) if tls => format!("https://{host}"),
            (Some(address), _) if address.ip().is_unspecified() => {
                format!("{bare}://127.0.0.1:{}", address.port())
            }
            (Some(address), _) => format!("{bare}://{address}"),
            (None, _) => "http://127.0.0.1".to_owned(),
        };
        Self(Arc::new(Inner {
            hosts: names.hosts,
            origins: names.origins,
            base_url,
            policy: policy(settings),
            strict_transport: tls,
            query_jwt: settings.auth.allow_query_jwt,
            limits: Limits::new(&settings.limits),
            meter: Meter::default(),
        }))
    }

    /// What is counted.
    pub fn meter(&self) -> &Meter {
        &self.0.meter
    }

    /// True for a Host that is on the list, exactly.
    pub fn host(&self, host: &str) -> bool {
        self.0.hosts.contains(&host.to_ascii_lowercase())
    }

    /// True for an Origin that is on the list, exactly.
    pub fn origin(&self, origin: &str) -> bool {
        self.0.origins.contains(&origin.to_ascii_lowercase())
    }

    /// The hosts as the Host header has them.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = self.0.hosts.iter().cloned().collect();
        hosts.sort();
        hosts
    }

    /// Where a browser finds the page, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// The content security policy.
    pub fn policy(&self) -> HeaderValue {
        self.0.policy.clone()
    }

    /// True when the page is served over TLS.
    pub fn strict_transport(&self) -> bool {
        self.0.strict_transport
    }

    /// True when the socket takes `?token=`.
    pub fn query_jwt(&self) -> bool {
        self.0.query_jwt
    }

    /// Who may be how fast.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }
}

#[derive(Default)]
struct Names {
    hosts: HashSet<String>,
    origins: HashSet<String>,
}

impl Names {
    fn add(&mut self, scheme: &str, host: &str, port: u16) {
        self.put(scheme, &format!("{host}:{port}"));
        if (scheme, port) == ("http", 80) || (scheme, port) == ("https", 443) {
            self.put(scheme, host);
        }
    }

    fn put(&mut self, scheme: &str, authority: &str) {
        self.hosts.insert(authority.to_owned());
        self.origins.insert(format!("{scheme}://{authority}"));
    }
}

fn has_port(host: &str) -> bool {
    let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
    after.contains(':')
}

fn policy(settings: &Settings) -> HeaderValue {
    let issuer = match settings.auth.login {
        LoginSource::Local => None,
        LoginSource::Oidc => settings.auth.issuer.parse::<Uri>().ok().and_then(|uri| {
            let (scheme, authority) = (uri.scheme_str()?.to_owned(), uri.authority()?.to_owned());
            Some(format!(" {scheme}://{authority}"))
        }),
    };
    let issuer = issuer.unwrap_or_default();
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
         connect-src 'self'{issuer}; frame-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
         manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types orchestra"
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}
