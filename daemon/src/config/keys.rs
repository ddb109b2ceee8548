//! Every setting with its default and its meaning, read from the embedded defaults: the
//! comment above a key is its meaning.

use super::layers::{self, DEFAULTS};
use super::places::dotted;
use toml::Value;
use toml_edit::{DocumentMut, Item};

/// Tables whose keys are names that people choose; they are described in prose.
const NAMED: &[&str] = &["kinds", "specialists", "prices"];

/// One setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Dotted.
    pub name: String,
    pub default: Value,
    /// Markdown, on one line.
    pub about: String,
}

/// Every setting that has a name of its own, in the order of the defaults.
pub fn all() -> Vec<Key> {
    // A test reads them, so what is embedded can be read.
    let document: DocumentMut = DEFAULTS.parse().unwrap_or_default();
    let values = layers::defaults();
    let mut keys = Vec::new();
    for (section, item) in document.iter() {
        let Item::Table(table) = item else { continue };
        if NAMED.contains(&section) {
            continue;
        }
        for (name, _) in table.iter() {
            let comment = table.key(name).and_then(|key| {
                let prefix = key.leaf_decor().prefix()?;
                prefix.as_str()
            });
            let default = values.get(section).and_then(|inner| inner.get(name));
            keys.extend(default.map(|default| Key {
                name: dotted(section, name),
                default: default.clone(),
                about: meaning(comment.unwrap_or_default()),
            }));
        }
    }
    keys
}

/// The setting of that name.
pub fn find(name: &str) -> Option<Key> {
    all().into_iter().find(|key| key.name == name)
}

/// A value as a person reads it: text without quotes, anything else as TOML.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        other => inline(other),
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Table(table) => {
            let pairs: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{} = {}", dotted("", key), inline(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

/// The table of all settings for docs/CONFIGURATION.md.
pub fn markdown() -> String {
    let mut out = String::from("| Key | Default | Meaning |\n|---|---|---|\n");
    for key in all() {
        let default = match shown(&key.default) {
            empty if empty.is_empty() => "empty".to_owned(),
            text => format!("`{text}`"),
        };
        out.push_str(&format!("| `{}` | {default} | {} |\n", key.name, key.about));
    }
    out
}

/// What a new file begins with: every section, and every setting as a comment.
pub fn template() -> String {
    let mut out = String::from(
        "# Settings of Orchestra. Each stands here with its default, as a comment:\n\
         # take away the # of those that you change.\n",
    );
    let from = DEFAULTS.find("\n[").unwrap_or_default();
    for line in DEFAULTS[from..].lines() {
        let kept = line.is_empty() || (line.starts_with('[') && !line.starts_with("[["));
        let about = line.starts_with('#');
        out.push_str(if kept {
            ""
        } else if about {
            "#"
        } else {
            "# "
        });
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn meaning(comment: &str) -> String {
    let lines = comment
        .lines()
        .filter_map(|line| line.trim().strip_prefix('#'));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Stands above and below the generated part.
    const MARKS: [&str; 2] = [
        "<!-- settings: make docs writes them -->\n",
        "<!-- end of settings -->\n",
    ];

    #[test]
    fn every_setting_says_what_it_means() {
        let keys = all();
        assert!(keys.len() > 40, "{}", keys.len());
        for key in &keys {
            assert!(key.about.len() > 5, "{} has no meaning", key.name);
            assert!(!key.about.contains('|'), "{}", key.name);
        }
        assert_eq!(find("limits.depth").unwrap().default, Value::Integer(3));
        let shell = r#"[{ kind = "shell", x = ["a b"] }]"#;
        assert_eq!(shown(&layers::literal(shell).unwrap()), shell);
    }

    #[test]
    fn the_template_changes_nothing() {
        let text = template();
        let read = layers::read(
            &super::super::Flags::default(),
            &Default::default(),
            Path::new("x"),
            Some(&text),
        );
        let layers = read.unwrap();
        assert!(
            layers
                .provenance
                .values()
                .all(|origin| origin.to_string() == "default")
        );
        assert!(
            text.contains("[limits]\n## How deep agents may delegate\n# depth = 3\n"),
            "{text}"
        );
    }

    /// `WRITE_DOCS=1` writes it.
    #[test]
    fn the_document_is_what_is_generated() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CONFIGURATION.md");
        let text = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once(MARKS[0]).unwrap();
        let (there, after) = rest.split_once(MARKS[1]).unwrap();
        let wanted = markdown();
        if there == wanted {
            return;
        }
        assert!(
            std::env::vars().any(|(name, _)| name == "WRITE_DOCS"),
            "docs/CONFIGURATION.md is stale; run: make docs"
        );
        std::fs::write(
            &path,
            format!("{before}{}{wanted}{}{after}", MARKS[0], MARKS[1]),
        )
        .unwrap();
    }
}
