//! What does not go together: refused before any socket opens, with a sentence that says
//! what to change.

use super::{LoginSource, Settings};

/// A key and what is wrong with it.
type Wrong = (&'static str, &'static str);

/// What cannot stand, by its dotted key, one of each section at most.
pub(super) fn wrongs(settings: &Settings) -> Vec<(String, String)> {
    let checks = [
        network,
        login,
        terminal,
        approvals,
        push,
        looks,
        budgets,
        transcripts,
        worktrees,
        recovery,
        specialists,
    ];
    let found = checks.iter().filter_map(|check| check(settings));
    let found = found.map(|(key, message)| (key.to_owned(), message.to_owned()));
    found.chain(kinds(settings)).collect()
}

fn looks(settings: &Settings) -> Option<Wrong> {
    let every = settings.limits.look_ms;
    let message = "has to be from 1 to 10000; 500 is usual";
    (!(1..=10_000).contains(&every)).then_some(("limits.look_ms", message))
}

/// A declared kind has a program, a name that ids can be made of, and patterns that can be
/// read.
fn kinds(settings: &Settings) -> Option<(String, String)> {
    settings.kinds.iter().find_map(|(name, kind)| {
        let wrong = |field: &str, message: &str| {
            Some((format!("kinds.{name}.{field}"), message.to_owned()))
        };
        for (field, pattern) in [
            ("ready", &kind.ready),
            ("busy", &kind.busy),
            ("dialog", &kind.dialog),
        ] {
            if let Err(error) = regex::Regex::new(pattern) {
                return wrong(field, &format!("is no regular expression: {error}"));
            }
        }
        if !kind.declares() {
            return None;
        }
        if !named(name) {
            let text =
                "is needed in names like [a-z][a-z0-9]* only, because agent ids are made of them";
            return wrong("ready", text);
        }
        if kind.command.is_none() {
            let text = "is missing: a declared kind needs the path of its program";
            return wrong("command", text);
        }
        None
    })
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

fn push(settings: &Settings) -> Option<Wrong> {
    let contact = settings.push.contact.as_str();
    let good = contact.is_empty()
        || contact.starts_with("https://")
        || (contact.starts_with("mailto:") && contact.contains('@'));
    let plain = contact.len() <= 200 && !contact.chars().any(|one| one.is_control() || one == ' ');
    (!(good && plain)).then_some((
        "push.contact",
        "must be like mailto:you@example.org, or an https address, or empty",
    ))
}

fn recovery(settings: &Settings) -> Option<Wrong> {
    let recovery = &settings.recovery;
    if recovery.restarts > 100 {
        return Some(("recovery.restarts", "must lie between 0 and 100"));
    }
    if recovery.backoff_s > 600 {
        return Some(("recovery.backoff_s", "must lie between 0 and 600"));
    }
    None
}

fn budgets(settings: &Settings) -> Option<Wrong> {
    let budgets = &settings.budgets;
    let money = |usd: f64| (0.0..=1e9).contains(&usd);
    if !money(budgets.agent_usd) {
        return Some(("budgets.agent_usd", "must be 0 or more US dollars"));
    }
    if !money(budgets.task_usd) {
        return Some(("budgets.task_usd", "must be 0 or more US dollars"));
    }
    (!(1..=99).contains(&budgets.warn_percent))
        .then_some(("budgets.warn_percent", "must lie between 1 and 99"))
}

fn worktrees(settings: &Settings) -> Option<Wrong> {
    let worktrees = &settings.worktrees;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let folder = &worktrees.folder;
    if folder.is_empty()
        || folder == ".git"
        || folder.starts_with("..")
        || !folder.chars().all(plain)
        || folder == "."
    {
        return Some((
            "worktrees.folder",
            "must be the plain name of a folder beneath the repository, such as .worktrees",
        ));
    }
    if !(1..=50).contains(&worktrees.parallel) {
        return Some(("worktrees.parallel", "must lie between 1 and 50"));
    }
    if !(1..=86_400).contains(&worktrees.setup_timeout_s) {
        return Some(("worktrees.setup_timeout_s", "must lie between 1 and 86400"));
    }
    if !(1..=100).contains(&worktrees.ports_each) {
        return Some(("worktrees.ports_each", "must lie between 1 and 100"));
    }
    let (from, to) = (worktrees.port_from, worktrees.port_to);
    (from < 1024 || to < from).then_some((
        "worktrees.port_from",
        "must be 1024 or more and not above worktrees.port_to",
    ))
}

fn transcripts(settings: &Settings) -> Option<Wrong> {
    (!(1..=86_400).contains(&settings.transcripts.heartbeat_s))
        .then_some(("transcripts.heartbeat_s", "must lie between 1 and 86400"))
}

fn specialists(settings: &Settings) -> Option<Wrong> {
    (!settings.specialists.iter().all(|one| named(&one.name))).then_some((
        "specialists",
        "a name is [a-z][a-z0-9]* and not \"primary\", because agent ids are made of it",
    ))
}
