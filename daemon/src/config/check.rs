//! What does not go together: refused before any socket opens, with a sentence that says
//! what to change.

use super::{Config, ConfigError, LoginSource, Settings};

/// A key and what is wrong with it.
type Wrong = (&'static str, &'static str);

impl Config {
    /// # Errors
    /// Names the first setting that cannot stand, and where it came from.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let settings = &self.settings;
        let found = network(settings)
            .or_else(|| login(settings))
            .or_else(|| terminal(settings))
            .or_else(|| approvals(settings))
            .or_else(|| specialists(settings));
        let Some((key, message)) = found else {
            return self.check_kinds();
        };
        Err(ConfigError::Value {
            origin: self.provenance.get(key).cloned().unwrap_or_default(),
            message: format!("{key}: {message}"),
        })
    }
}

impl Config {
    /// A declared kind has a program, a name that ids can be made of, and patterns that
    /// can be read.
    fn check_kinds(&self) -> Result<(), ConfigError> {
        for (name, kind) in &self.settings.kinds {
            let wrong = |field: &str, message: String| {
                let key = format!("kinds.{name}.{field}");
                Err(ConfigError::Value {
                    origin: self.provenance.get(&key).cloned().unwrap_or_default(),
                    message: format!("{key}: {message}"),
                })
            };
            for (field, pattern) in [
                ("ready", &kind.ready),
                ("busy", &kind.busy),
                ("dialog", &kind.dialog),
            ] {
                if let Err(error) = regex::Regex::new(pattern) {
                    return wrong(field, format!("is no regular expression: {error}"));
                }
            }
            if !kind.declares() {
                continue;
            }
            if !named(name) {
                let text = "is needed in names like [a-z][a-z0-9]* only, because agent ids are made of them";
                return wrong("ready", text.into());
            }
            if kind.command.is_none() {
                let text = "is missing: a declared kind needs the path of its program";
                return wrong("command", text.into());
            }
        }
        Ok(())
    }
}

fn named(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters
        .next()
        .is_some_and(|letter| letter.is_ascii_lowercase());
    first
        && name != "primary"
        && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
}

fn network(settings: &Settings) -> Option<Wrong> {
    let (server, network) = (&settings.server, &settings.network);
    let beyond = !server.listen.ip().is_loopback();
    let whole = |text: &String| text.ends_with("/0");
    if server.tls_cert.is_empty() != server.tls_key.is_empty() {
        let text = "needs its other half: set server.tls_cert and server.tls_key, or neither";
        let key = if server.tls_cert.is_empty() {
            "server.tls_key"
        } else {
            "server.tls_cert"
        };
        return Some((key, text));
    }
    if network.trusted_proxies.iter().any(whole) {
        return Some((
            "network.trusted_proxies",
            "lists everybody, so that anybody could say to be anybody; list the proxies' own addresses",
        ));
    }
    if !beyond || network.published_on_loopback || server.own_tls() {
        return None;
    }
    if !server.behind_tls_proxy {
        return Some((
            "server.listen",
            "refuses to listen beyond loopback without TLS; set server.tls_cert and server.tls_key, or put a TLS \
             proxy before it and set server.behind_tls_proxy = true, or listen on 127.0.0.1; in a container whose \
             port is published on the host's loopback only, set network.published_on_loopback = true",
        ));
    }
    if network.trusted_proxies.is_empty() {
        return Some((
            "server.behind_tls_proxy",
            "refuses to listen beyond loopback for a TLS proxy that has no address: whoever goes past it would \
             speak in plain text; list the proxy in network.trusted_proxies, or listen on 127.0.0.1",
        ));
    }
    None
}

fn login(settings: &Settings) -> Option<Wrong> {
    let auth = &settings.auth;
    let unnamed = auth.issuer.is_empty() || auth.audience.is_empty();
    (auth.login == LoginSource::Oidc && unnamed)
        .then_some(("auth.login", "\"oidc\" needs auth.issuer and auth.audience"))
}

fn terminal(settings: &Settings) -> Option<Wrong> {
    let terminal = &settings.terminal;
    if !(0.5..=10.0).contains(&terminal.frames_per_second) {
        return Some(("terminal.frames_per_second", "must lie between 0.5 and 10"));
    }
    (!(1..=65_536).contains(&terminal.recording_max_mib))
        .then_some(("terminal.recording_max_mib", "must lie between 1 and 65536"))
}

fn approvals(settings: &Settings) -> Option<Wrong> {
    // The CLIs' hooks are cut after a day.
    (!(5..=86_000).contains(&settings.approvals.timeout_s))
        .then_some(("approvals.timeout_s", "must lie between 5 and 86000"))
}

fn specialists(settings: &Settings) -> Option<Wrong> {
    (!settings.specialists.iter().all(|one| named(&one.name))).then_some((
        "specialists",
        "a name is [a-z][a-z0-9]* and not \"primary\", because agent ids are made of it",
    ))
}
