//! Lays the sources over each other, remembers which one each value came from, and names
//! every value that cannot stand.

use super::fault::{Fault, Origin};
use super::places::{self, Place};
use super::{ConfigError, Flags, Settings, check, read_optional};
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};

pub(super) const DEFAULTS: &str = include_str!("defaults.toml");
const PREFIX: &str = "ORCHESTRA_";
/// Variables of that prefix that are not settings; agents get them from us.
const NOT_SETTINGS: &[&str] = &[
    "ORCHESTRA_AGENT_ID",
    "ORCHESTRA_AGENT_DIR",
    "ORCHESTRA_SOCKET",
    "ORCHESTRA_TOKEN_FILE",
    "ORCHESTRA_CONFIG",
    "ORCHESTRA_DATA_DIR",
    "ORCHESTRA_DETACH_KEY",
    "ORCHESTRA_URL",
    "ORCHESTRA_LOG",
    "ORCHESTRA_MARKERS",
    "ORCHESTRA_TEST_CACHE",
    "ORCHESTRA_TEST_MB",
];

/// What all sources say together.
#[derive(Debug)]
pub struct Layers {
    pub settings: Settings,
    /// The same as TOML.
    pub table: Table,
    /// By dotted key.
    pub provenance: BTreeMap<String, Origin>,
}

impl Layers {
    /// The value of a dotted key.
    pub fn value(&self, key: &str) -> Option<&Value> {
        value(&self.table, key)
    }
}

/// The value of a dotted key.
pub fn value<'table>(table: &'table Table, key: &str) -> Option<&'table Value> {
    let steps = toml_edit::Key::parse(key).ok()?;
    let (first, rest) = steps.split_first()?;
    let mut value = table.get(first.get())?;
    for step in rest {
        value = value.get(step.get())?;
    }
    Some(value)
}

/// Reads the file as it is now, and lays the sources over each other.
///
/// # Errors
/// Every value that cannot stand; that the file cannot be read.
pub fn of_now(
    flags: &Flags,
    environment: &BTreeMap<String, String>,
    file: &Path,
) -> Result<Layers, Vec<Fault>> {
    let text = read_optional(file).map_err(|error| {
        let origin = Origin::File {
            path: file.to_owned(),
            line: None,
        };
        let message = match error {
            ConfigError::Read { error, .. } => format!("cannot be read: {error}"),
            other => other.to_string(),
        };
        vec![fault(origin, None, &message)]
    })?;
    read(flags, environment, file, text.as_deref())
}

/// Reads the sources: the defaults, the text of the file, variables, flags.
///
/// # Errors
/// Every value that cannot stand, with where it is.
pub fn read(
    flags: &Flags,
    environment: &BTreeMap<String, String>,
    file: &Path,
    text: Option<&str>,
) -> Result<Layers, Vec<Fault>> {
    let origin = |line| Origin::File {
        path: file.to_owned(),
        line,
    };
    if text.is_none() && flags.config.is_some() {
        return Err(vec![fault(origin(None), None, "there is no such file")]);
    }
    let mut merged = defaults();
    let mut provenance = BTreeMap::new();
    note_all(&merged, "", &mut provenance);
    let mut faults = Vec::new();
    if let Some(text) = text {
        let places = places::all(text)
            .map_err(|(message, line)| vec![fault(origin(line), None, &message)])?;
        for place in &places {
            let origin = origin(place.line);
            match stands(place) {
                Ok(()) => {
                    // An entry of a list says where the list is.
                    provenance
                        .entry(place.whole.clone())
                        .and_modify(|known| {
                            if *known == Origin::Default || place.whole == place.key {
                                *known = origin.clone();
                            }
                        })
                        .or_insert(origin);
                }
                Err(message) => faults.push(fault(origin, Some(&place.key), &message)),
            }
        }
        if faults.is_empty() {
            // It was read once already.
            lay(&mut merged, text.parse().unwrap_or_default());
        }
    }
    let given = environment
        .iter()
        .filter(|(name, _)| !NOT_SETTINGS.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name, name.strip_prefix(PREFIX)?, value)))
        .map(|(name, key, value)| {
            let key = key.to_lowercase().replace("__", ".");
            (key, value, Origin::Variable(name.clone()))
        });
    let listen = flags.listen.as_ref().map(|listen| {
        let flag = Origin::Flag("--listen".to_owned());
        ("server.listen".to_owned(), listen, flag)
    });
    for (key, value, origin) in given.chain(listen) {
        match set(&merged, &key, value) {
            Ok(with) => {
                merged = with;
                provenance.insert(key, origin);
            }
            Err(message) => faults.push(fault(origin, Some(&key), &message)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let settings = settings(&merged).map_err(|message| {
        let (key, message) = named(&message);
        vec![fault(origin(None), key.as_deref(), &message)]
    })?;
    let wrong = check::wrongs(&settings).into_iter().map(|(key, message)| {
        let origin = provenance.get(&key).cloned().unwrap_or(Origin::Default);
        fault(origin, Some(&key), &message)
    });
    faults.extend(wrong);
    if faults.is_empty() {
        Ok(Layers {
            settings,
            table: merged,
            provenance,
        })
    } else {
        Err(faults)
    }
}

/// The embedded defaults.
pub(super) fn defaults() -> Table {
    // A test reads them, so what is embedded can be read.
    DEFAULTS.parse().unwrap_or_default()
}

/// A value from text, in the type that the setting has by default; for a list also TOML.
///
/// # Errors
/// Says what would be right.
pub fn parse_as(old: &Value, text: &str) -> Result<Value, String> {
    let wrong = |what: &str| format!("{text:?} is not {what}");
    Ok(match old {
        Value::Integer(_) => Value::Integer(text.parse().map_err(|_| wrong("a whole number"))?),
        Value::Float(_) => Value::Float(text.parse().map_err(|_| wrong("a number"))?),
        Value::Boolean(_) => Value::Boolean(text.parse().map_err(|_| wrong("true or false"))?),
        Value::Array(_) => match text.trim_start().strip_prefix('[') {
            Some(_) => literal(text).map_err(|why| format!("{text:?} is no list: {why}"))?,
            None => Value::Array(
                text.split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .map(|part| Value::String(part.to_owned()))
                    .collect(),
            ),
        },
        Value::Table(_) => return Err("is a table; name one of its keys".to_owned()),
        _ => Value::String(text.to_owned()),
    })
}

/// A TOML value by itself.
///
/// # Errors
/// The parser's message.
pub fn literal(text: &str) -> Result<Value, String> {
    let table: Result<Table, toml::de::Error> = format!("x = {text}").parse();
    let mut table = table.map_err(|error| error.message().to_owned())?;
    table.remove("x").ok_or_else(|| "it is empty".to_owned())
}

fn fault(origin: Origin, key: Option<&str>, message: &str) -> Fault {
    Fault {
        origin,
        key: key.map(str::to_owned),
        message: message.to_owned(),
    }
}

fn settings(table: &Table) -> Result<Settings, String> {
    let read = Value::Table(table.clone()).try_into();
    read.map_err(|error: toml::de::Error| error.message().to_owned())
}

/// True when the defaults and this one key can be read.
fn stands(place: &Place) -> Result<(), String> {
    let mut table = defaults();
    lay(&mut table, place.alone.clone());
    settings(&table).map(|_| ())
}

/// The key that a message of the parser names.
fn named(message: &str) -> (Option<String>, String) {
    let key = message.split('`').nth(1).map(str::to_owned);
    (key, message.to_owned())
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

fn note_all(table: &Table, prefix: &str, into: &mut BTreeMap<String, Origin>) {
    for (key, value) in table {
        let dotted = places::dotted(prefix, key);
        match value {
            Value::Table(inner) => note_all(inner, &dotted, into),
            _ => {
                into.insert(dotted, Origin::Default);
            }
        }
    }
}

/// The table with one dotted key set from text.
fn set(table: &Table, key: &str, text: &str) -> Result<Table, String> {
    let mut with = table.clone();
    let (path, last) = key.rsplit_once('.').unwrap_or(("", key));
    let mut place = &mut with;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let inner = place.get_mut(part).and_then(Value::as_table_mut);
        place = inner.ok_or("there is no such setting")?;
    }
    let old = place.get(last).ok_or("there is no such setting")?;
    let value = parse_as(old, text)?;
    place.insert(last.to_owned(), value);
    settings(&with)?;
    Ok(with)
}

#[cfg(test)]
mod tests;
