//! Lays the sources over each other and remembers which one each value came from.

use super::{ConfigError, Flags, Settings, read_optional};
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};

const DEFAULTS: &str = include_str!("defaults.toml");
const PREFIX: &str = "ORCHESTRA_";
/// Variables of that prefix that are not settings; agents get them from us.
const NOT_SETTINGS: &[&str] = &[
    "ORCHESTRA_AGENT_ID",
    "ORCHESTRA_AGENT_DIR",
    "ORCHESTRA_SOCKET",
    "ORCHESTRA_TOKEN_FILE",
    "ORCHESTRA_CONFIG",
    "ORCHESTRA_DATA_DIR",
    "ORCHESTRA_URL",
    "ORCHESTRA_LOG",
    "ORCHESTRA_MARKERS",
    "ORCHESTRA_TEST_CACHE",
];

/// For each dotted key, where its value came from.
type Origins = BTreeMap<String, String>;

/// The settings and, for each dotted key, its source.
pub(super) fn merge(
    flags: &Flags,
    environment: &BTreeMap<String, String>,
    file: &Path,
) -> Result<(Settings, Origins), ConfigError> {
    let text = read_optional(file)?;
    let origin = file.display().to_string();
    if text.is_none() && flags.config.is_some() {
        let message = "there is no such file".into();
        return Err(ConfigError::Value { origin, message });
    }
    let file = text.as_deref().map(|text| (text, origin.as_str()));
    lay_all(flags, environment, file)
}

/// The same of a file that was read: its text and its name.
pub(super) fn lay_all(
    flags: &Flags,
    environment: &BTreeMap<String, String>,
    file: Option<(&str, &str)>,
) -> Result<(Settings, Origins), ConfigError> {
    let mut merged = parse(DEFAULTS, "embedded defaults")?;
    let mut provenance = BTreeMap::new();
    note(&merged, "", "default", &mut provenance);

    if let Some((text, origin)) = file {
        let table = parse(text, origin)?;
        note(&table, "", origin, &mut provenance);
        lay(&mut merged, table);
        // Read once more over the defaults alone, for an error with line and key.
        check(text, &merged, origin)?;
    }

    for (name, value) in environment {
        let Some(key) = name.strip_prefix(PREFIX) else {
            continue;
        };
        if NOT_SETTINGS.contains(&name.as_str()) {
            continue;
        }
        let key = key.to_lowercase().replace("__", ".");
        set(&mut merged, &key, value, name)?;
        provenance.insert(key, name.clone());
    }
    if let Some(listen) = &flags.listen {
        set(&mut merged, "server.listen", listen, "--listen")?;
        provenance.insert("server.listen".into(), "--listen".into());
    }

    let settings = Settings::deserialize_table(merged).map_err(|error| ConfigError::Value {
        origin: "configuration".into(),
        message: error.message().to_owned(),
    })?;
    Ok((settings, provenance))
}

impl Settings {
    fn deserialize_table(table: Table) -> Result<Self, toml::de::Error> {
        Value::Table(table).try_into()
    }
}

fn parse(text: &str, origin: &str) -> Result<Table, ConfigError> {
    text.parse()
        .map_err(|error: toml::de::Error| ConfigError::Value {
            origin: at(origin, text, error.span()),
            message: error.message().to_owned(),
        })
}

/// Finds the line of the key that makes the file unacceptable.
fn check(text: &str, merged: &Table, origin: &str) -> Result<(), ConfigError> {
    let Err(error) = Settings::deserialize_table(merged.clone()) else {
        return Ok(());
    };
    let message = error.message().to_owned();
    // The merged table has no lines; the key named in the message does, in the file.
    let key = message.split('`').nth(1).unwrap_or_default();
    let line = text.lines().position(|line| {
        !key.is_empty() && line.trim_start().trim_start_matches('[').starts_with(key)
    });
    let origin = line.map_or_else(
        || origin.to_owned(),
        |line| format!("{origin}:{}", line + 1),
    );
    Err(ConfigError::Value { origin, message })
}

fn at(origin: &str, text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let Some(span) = span else {
        return origin.to_owned();
    };
    let before = text.get(..span.start).unwrap_or_default();
    format!("{origin}:{}", before.matches('\n').count() + 1)
}

/// Lists of tables, such as `specialists`, replace the default list as a whole.
fn lay(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

fn note(table: &Table, prefix: &str, origin: &str, into: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let dotted = format!("{prefix}{key}");
        match value {
            Value::Table(inner) => note(inner, &format!("{dotted}."), origin, into),
            _ => {
                into.insert(dotted, origin.to_owned());
            }
        }
    }
}

/// Sets one dotted key from text, in the type that the default has.
fn set(table: &mut Table, key: &str, text: &str, origin: &str) -> Result<(), ConfigError> {
    let wrong = |message: String| ConfigError::Value {
        origin: origin.to_owned(),
        message,
    };
    let (path, last) = key.rsplit_once('.').unwrap_or(("", key));
    let mut place = table;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        place = place
            .get_mut(part)
            .and_then(Value::as_table_mut)
            .ok_or_else(|| wrong(format!("there is no setting {key}")))?;
    }
    let old = place
        .get(last)
        .ok_or_else(|| wrong(format!("there is no setting {key}")))?;
    let parsed = |what: &str| wrong(format!("{key}: {text:?} is not {what}"));
    let value = match old {
        Value::Integer(_) => Value::Integer(text.parse().map_err(|_| parsed("a number"))?),
        Value::Float(_) => Value::Float(text.parse().map_err(|_| parsed("a number"))?),
        Value::Boolean(_) => Value::Boolean(text.parse().map_err(|_| parsed("true or false"))?),
        Value::Array(_) => Value::Array(
            text.split(',')
                .filter(|part| !part.is_empty())
                .map(|part| Value::String(part.trim().to_owned()))
                .collect(),
        ),
        _ => Value::String(text.to_owned()),
    };
    place.insert(last.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(file: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let file = Some((file, "config.toml"));
        let result = lay_all(&Flags::default(), &environment, file);
        result
            .map(|(settings, _)| settings)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn later_sources_win() {
        let file = "[limits]\ndepth = 5\nlive_agents = 6\n";
        let settings = merged(file, &[("ORCHESTRA_LIMITS__DEPTH", "7")]).unwrap();
        assert_eq!((settings.limits.depth, settings.limits.live_agents), (7, 6));
        assert_eq!(settings.limits.new_agents_per_hour, 50);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let error = merged("[limits]\ndepth = 5\ndeep = 1\n", &[]).unwrap_err();
        assert!(
            error.contains("config.toml:3") && error.contains("deep"),
            "{error}"
        );
        let error = merged("[limits\n", &[]).unwrap_err();
        assert!(error.contains("config.toml:1"), "{error}");
        let error = merged("", &[("ORCHESTRA_LIMITS__DEEP", "7")]).unwrap_err();
        assert!(error.contains("ORCHESTRA_LIMITS__DEEP"), "{error}");
    }
}
