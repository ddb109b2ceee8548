//! Networks that may connect at all, as CIDRs.

use std::net::IpAddr;

/// A list of CIDRs; an empty one lets everybody in that reaches the address.
#[derive(Debug, Clone, Default)]
pub struct Networks(Vec<Network>);

/// What is wrong with a CIDR.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {text:?} is no network; write one like 10.0.0.0/8 or fd00::/8")]
pub struct BadNetwork {
    key: &'static str,
    text: String,
}

#[derive(Debug, Clone, Copy)]
struct Network {
    base: u128,
    mask: u128,
    v4: bool,
}

impl Networks {
    /// Reads `10.0.0.0/8`, `::1/128` and plain addresses; `key` is the setting.
    ///
    /// # Errors
    /// Names the text that is none.
    pub fn parse(key: &'static str, texts: &[String]) -> Result<Self, BadNetwork> {
        let read = |text: &String| {
            Network::parse(text).ok_or_else(|| BadNetwork {
                key,
                text: text.clone(),
            })
        };
        texts.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// True when an address may connect.
    pub fn permits(&self, ip: IpAddr) -> bool {
        self.0.is_empty() || self.lists(ip)
    }

    /// True for an address on the list.
    pub fn lists(&self, ip: IpAddr) -> bool {
        let (bits, v4) = bits(ip);
        self.0
            .iter()
            .any(|one| one.v4 == v4 && bits & one.mask == one.base)
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (ip, length) = text
            .split_once('/')
            .map_or((text, None), |(ip, rest)| (ip, Some(rest)));
        let (bits, v4) = bits(ip.parse().ok()?);
        let width: u32 = if v4 { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse().ok().filter(|length| *length <= width)?,
            None => width,
        };
        let mask = match length {
            0 => 0,
            length => (u128::MAX >> (128 - length)) << (width - length),
        };
        Some(Self {
            base: bits & mask,
            mask,
            v4,
        })
    }
}

/// An IPv4 address inside IPv6 is the IPv4 address.
fn bits(ip: IpAddr) -> (u128, bool) {
    match ip.to_canonical() {
        IpAddr::V4(ip) => (u128::from(ip.to_bits()), true),
        IpAddr::V6(ip) => (ip.to_bits(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_networks_may_connect() {
        let list = |texts: &[&str]| {
            Networks::parse(
                "network.allow",
                &texts
                    .iter()
                    .map(|text| (*text).to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        let some = list(&["100.96.0.0/12", "127.0.0.1", "fd00::/8"]).unwrap();
        for (ip, may) in [
            ("100.96.0.1", true),
            ("100.111.255.255", true),
            ("100.112.0.0", false),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("::ffff:127.0.0.1", true),
            ("fd12::1", true),
            ("fe80::1", false),
        ] {
            assert_eq!(some.permits(ip.parse().unwrap()), may, "{ip}");
        }
        assert!(Networks::default().permits("8.8.8.8".parse().unwrap()));
        assert!(
            list(&["0.0.0.0/0"])
                .unwrap()
                .permits("8.8.8.8".parse().unwrap())
        );
        for bad in ["10.0.0.0/33", "10.0.0/8", "host", "::/129", "10.0.0.0/-1"] {
            assert!(list(&[bad]).is_err(), "{bad}");
        }
    }
}
