//! The house rules that no lint can hold: modules call downwards only, each outside
//! power (SQL, environment, tasks, status codes, CLI names) has one home, and files
//! stay short and say what they are for.
//!
//! The checker is a function over names and texts, so that the second half of this
//! file can plant a violation of each rule and see it reported.

use std::path::{Path, PathBuf};

/// The longest a source file may be.
const MAX_LINES: usize = 400;
/// Extensions of files that people write.
const SOURCES: &[&str] = &["rs", "ts", "tsx", "mjs", "sh"];
/// Folders that hold nothing written by hand.
const SKIPPED: &[&str] = &["target", "node_modules", "dist", "protocol", "artifacts"];
/// Names of agent CLIs; the adapters alone may branch on them.
const CLI_NAMES: &[&str] = &["claude", "codex", "gemini", "aider", "opencode", "qwen"];

/// A power that only some modules have: what it looks like, who has it, and the rule.
struct Power {
    patterns: &'static [&'static str],
    homes: &'static [&'static str],
    rule: &'static str,
}

const POWERS: &[Power] = &[
    Power {
        patterns: &["sqlx::"],
        homes: &["store"],
        rule: "only store speaks SQL",
    },
    Power {
        patterns: &["env::var"],
        homes: &["config"],
        rule: "only config reads the environment",
    },
    Power {
        patterns: &["tokio::spawn(", "task::spawn(", "thread::spawn("],
        homes: &["supervise"],
        rule: "only supervise spawns",
    },
    // The command line reads the status of an answer, as any client does.
    Power {
        patterns: &["StatusCode"],
        homes: &["http", "cli"],
        rule: "only http knows status codes",
    },
    Power {
        patterns: &["send-keys", "capture-pane", "kill-session", "new-session"],
        homes: &[],
        rule: "only the tmux crate writes tmux commands",
    },
];

impl Power {
    fn shows_in(&self, line: &str) -> bool {
        self.patterns.iter().any(|pattern| line.contains(pattern))
    }
}

/// One file: its path with `/`, relative to the folder that was read, and its text.
type Source = (String, String);

/// What is wrong in the app crate's `src`; `layers` is bottom-up.
fn violations(layers: &[String], files: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, text) in files {
        let module = module_of(name);
        let rank = layers.iter().position(|layer| layer == module);
        if rank.is_none() && !matches!(module, "lib" | "main") {
            wrong.push(format!("{name}: not reachable from a `mod` line of lib.rs"));
        }
        let higher = rank.map_or(&[][..], |rank| &layers[rank + 1..]);
        for (number, line) in code_lines(text) {
            let mut tell = |why: String| wrong.push(format!("{name}:{number}: {why}"));
            for layer in higher.iter().filter(|layer| names_module(line, layer)) {
                tell(format!("{module} may not use {layer}, which lies above it"));
            }
            if line.contains("crate::{") || leaves_by_super(name, line, layers) {
                tell("write one whole `crate::module::…` path per line".into());
            }
            let strange = POWERS.iter().filter(|power| !power.homes.contains(&module));
            for power in strange.filter(|power| power.shows_in(line)) {
                tell(power.rule.into());
            }
        }
        wrong.extend(cli_names(name, text));
    }
    wrong
}

/// Branching on a CLI's name outside its adapter and the form of its files; tests may name what they start.
fn cli_names(name: &str, text: &str) -> Vec<String> {
    let homes = ["agents/adapter", "transcripts/format"];
    if homes.iter().any(|home| name.starts_with(home)) || name.ends_with("tests.rs") {
        return Vec::new();
    }
    let product = text.split("#[cfg(test)]").next().unwrap_or_default();
    let quoted = |line: &str| {
        let named = |cli: &&&str| line.contains(&format!("\"{cli}\""));
        CLI_NAMES.iter().find(named).copied()
    };
    let tell = |(number, line)| {
        let cli = quoted(line)?;
        Some(format!(
            "{name}:{number}: only agents/adapter knows \"{cli}\" by name"
        ))
    };
    code_lines(product).filter_map(tell).collect()
}

/// What is wrong with any source file of the repository.
fn shape(files: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, text) in files {
        let lines = text.lines().count();
        if lines > MAX_LINES {
            wrong.push(format!(
                "{name}: {lines} lines; split it, {MAX_LINES} is the wall"
            ));
        }
        let rust = Path::new(name).extension().is_some_and(|end| end == "rs");
        if rust && !text.starts_with("//!") {
            wrong.push(format!("{name}: begin with `//!` and what the file is for"));
        }
    }
    wrong
}

/// The modules of `lib.rs`, in order.
fn layers(lib: &str) -> Vec<String> {
    let name = |line: &str| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        Some(line.strip_prefix("mod ")?.strip_suffix(';')?.to_owned())
    };
    lib.lines().filter_map(name).collect()
}

/// `store/agents.rs` and `store.rs` both belong to `store`.
fn module_of(name: &str) -> &str {
    let first = name.split('/').next().unwrap_or(name);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// True when the line names `crate::<module>`, and not a longer name that begins so.
fn names_module(line: &str, module: &str) -> bool {
    let path = format!("crate::{module}");
    line.match_indices(&path).any(|(start, _)| {
        let next = line[start + path.len()..].chars().next();
        !next.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

/// True when `super::` climbs to the crate's root and down into a module from there.
fn leaves_by_super(name: &str, line: &str, layers: &[String]) -> bool {
    let depth = name.split('/').count();
    let climbed = line.matches("super::").count();
    let landed = line.rsplit("super::").next().unwrap_or_default();
    let end = landed.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let target = &landed[..end.unwrap_or(landed.len())];
    climbed >= depth && layers.iter().any(|layer| layer == target)
}

/// Lines with their numbers, without comments.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate();
    let code = numbered.filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.map(|(index, line)| (index + 1, line))
}

/// Every source file beneath `folder`, in order of name.
fn sources(folder: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(here) = open.pop() {
        for entry in std::fs::read_dir(&here).expect("can list a source folder") {
            let entry = entry.expect("can read a folder entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().expect("can tell what an entry is");
            if kind.is_dir() && !name.starts_with('.') && !skipped(&here, &name) {
                open.push(entry.path());
            } else if kind.is_file() && is_source(&entry.path()) {
                found.push(read(folder, &entry.path()));
            }
        }
    }
    found.sort();
    found
}

/// `protocol` holds generated types in the page only; in Rust it is a crate.
fn skipped(parent: &Path, name: &str) -> bool {
    SKIPPED.contains(&name) && (name != "protocol" || parent.ends_with("web-ui/src"))
}

fn is_source(path: &Path) -> bool {
    let end = path.extension().and_then(|end| end.to_str());
    end.is_some_and(|end| SOURCES.contains(&end))
}

fn read(folder: &Path, path: &Path) -> Source {
    let name = path
        .strip_prefix(folder)
        .expect("a path beneath its folder");
    let text = std::fs::read_to_string(path).expect("a source file is UTF-8");
    (name.to_string_lossy().replace('\\', "/"), text)
}

fn daemon() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn none(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} broken:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn modules_call_downwards_and_powers_stay_at_home() {
    let files = sources(&daemon().join("src"));
    let lib = files.iter().find(|(name, _)| name == "lib.rs");
    let layers = layers(&lib.expect("lib.rs is there").1);
    assert!(layers.len() > 10, "lib.rs lists only {layers:?}");
    none(&violations(&layers, &files));
}

#[test]
fn leaf_crates_know_nothing_of_the_daemon() {
    for (name, text) in sources(&daemon().join("crates")) {
        let src = name.contains("/src/");
        for (number, line) in code_lines(&text).filter(|_| src) {
            let bad = ["orchestra::", "sqlx::", "env::var(", "axum::"];
            let found = bad.iter().find(|pattern| line.contains(**pattern));
            assert!(
                found.is_none(),
                "{name}:{number}: a leaf crate may not use {found:?}"
            );
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let root = daemon().join("..");
    none(&shape(&sources(&root)));
}

/// Runs the checker over one planted file, with `store` below `http`.
fn planted(name: &str, text: &str) -> Vec<String> {
    let layers = ["config", "supervise", "store", "agents", "http"].map(str::to_owned);
    violations(&layers, &[(name.to_owned(), text.to_owned())])
}

#[test]
fn a_planted_violation_of_each_rule_is_reported() {
    for (name, text, why) in [
        (
            "store/agents.rs",
            "use crate::http::problem::Failure;",
            "lies above",
        ),
        ("store.rs", "fn f() { crate::agents::stop() }", "lies above"),
        ("store.rs", "use crate::agents;", "lies above"),
        ("http.rs", "use crate::{store, agents};", "one whole"),
        ("agents.rs", "use super::http;", "one whole"),
        ("agents/stop.rs", "super::super::http::f()", "one whole"),
        ("agents.rs", "sqlx::query(\"SELECT 1\")", "only store"),
        ("agents.rs", "std::env::var(\"HOME\")", "only config"),
        ("http/ws.rs", "tokio::spawn(async {});", "only supervise"),
        ("agents.rs", "use axum::http::StatusCode;", "only http"),
        (
            "agents.rs",
            "run([\"send-keys\", \"x\"])",
            "only the tmux crate",
        ),
        (
            "agents.rs",
            "if kind == \"claude\" {}",
            "only agents/adapter",
        ),
        ("stray.rs", "", "not reachable"),
    ] {
        let wrong = planted(name, text).join("\n");
        assert!(wrong.contains(why), "{name}: {text:?} gave {wrong:?}");
    }
}

#[test]
fn what_is_allowed_is_not_reported() {
    for (name, text) in [
        (
            "http/routes.rs",
            "use crate::store::agents;\nuse axum::http::StatusCode;",
        ),
        (
            "store/agents.rs",
            "use super::StoreError;\nsqlx::query(\"SELECT 1\")",
        ),
        (
            "store.rs",
            "// crate::http is not for us\nuse crate::storefront::x;",
        ),
        ("agents/adapter/claude.rs", "const NAME: &str = \"claude\";"),
        (
            "agents.rs",
            "#[cfg(test)]\nmod tests { const KIND: &str = \"claude\"; }",
        ),
    ] {
        assert_eq!(
            planted(name, text),
            Vec::<String>::new(),
            "{name}: {text:?}"
        );
    }
}

#[test]
fn a_planted_shape_is_reported() {
    let long = format!("//! Long.\n{}", "\n".repeat(MAX_LINES));
    let files = [
        ("a.rs", long.as_str()),
        ("b.rs", "fn main() {}"),
        ("c.ts", ""),
    ];
    let wrong = shape(&files.map(|(name, text)| (name.to_owned(), text.to_owned())));
    assert_eq!(wrong.len(), 2, "{wrong:?}");
}
