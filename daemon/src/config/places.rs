//! Every key that a TOML text sets, with its line and its value. Pure.

use std::ops::Range;
use toml::{Table, Value};
use toml_edit::{Document, Item, Key, TableLike};

/// One key of a text.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Dotted; an entry of a list of tables has its number, from 0, as a part.
    pub key: String,
    /// Counted from one.
    pub line: Option<usize>,
    /// Of a list of tables: the list with this one value in it.
    pub alone: Table,
    /// The key in `Settings` that it belongs to: the list's own, for what is in one.
    pub whole: String,
}

/// Where a step of a path leads.
#[derive(Clone)]
enum Step {
    Into(String),
    /// An entry of a list of tables.
    Entry(String),
}

/// The keys of a text, in its order.
///
/// # Errors
/// The message and the line when it is no TOML.
pub(super) fn all(text: &str) -> Result<Vec<Place>, (String, Option<usize>)> {
    let document = Document::parse(text).map_err(|error| {
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        (message, line(text, error.span()))
    })?;
    let values: Table = text
        .parse()
        .map_err(|error: toml::de::Error| (error.message().to_owned(), line(text, error.span())))?;
    let mut found = Vec::new();
    walk(text, document.as_table(), &values, &[], "", &mut found);
    Ok(found)
}

/// A key as it stands behind a dot: quoted where it is no plain word.
pub(super) fn dotted(prefix: &str, key: &str) -> String {
    let shown = Key::new(key);
    let shown = shown.display_repr();
    if prefix.is_empty() {
        shown.into_owned()
    } else {
        format!("{prefix}.{shown}")
    }
}

fn walk(
    text: &str,
    table: &dyn TableLike,
    values: &Table,
    path: &[Step],
    prefix: &str,
    found: &mut Vec<Place>,
) {
    for (name, item) in table.iter() {
        let Some(value) = values.get(name) else {
            continue;
        };
        let key = dotted(prefix, name);
        let mut deeper = path.to_vec();
        deeper.push(Step::Into(name.to_owned()));
        match (item, value) {
            (Item::ArrayOfTables(list), Value::Array(entries)) if path.is_empty() => {
                for (number, (table, entry)) in list.iter().zip(entries).enumerate() {
                    if let Value::Table(entry) = entry {
                        let prefix = format!("{key}.{number}");
                        walk(
                            text,
                            table,
                            entry,
                            &[Step::Entry(name.to_owned())],
                            &prefix,
                            found,
                        );
                    }
                }
            }
            (_, Value::Table(inner)) => {
                if let Some(table) = item.as_table_like() {
                    walk(text, table, inner, &deeper, &key, found);
                }
            }
            _ => {
                let span = table.key(name).and_then(Key::span).or_else(|| item.span());
                let whole = match path.first() {
                    Some(Step::Entry(list)) => list.clone(),
                    _ => key.clone(),
                };
                found.push(Place {
                    key,
                    line: line(text, span),
                    alone: alone(&deeper, value.clone()),
                    whole,
                });
            }
        }
    }
}

/// A table that holds one value, at its place.
fn alone(path: &[Step], value: Value) -> Table {
    let mut value = value;
    for step in path.iter().rev() {
        let (name, inner) = match step {
            Step::Into(name) => (name, value),
            Step::Entry(name) => (name, Value::Array(vec![value])),
        };
        value = Value::Table(Table::from_iter([(name.clone(), inner)]));
    }
    match value {
        Value::Table(table) => table,
        _ => Table::new(),
    }
}

fn line(text: &str, span: Option<Range<usize>>) -> Option<usize> {
    let before = text.get(..span?.start)?;
    Some(before.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn every_key_has_its_line() {
        let text = "a.b = 1\n[c]\nd = [\n  1,\n]\n\"x.y\" = 2\n[[s]]\nn = 1\n[[s]]\nn = 2\ne = { f = 1 }\n";
        let places = all(text).unwrap();
        let shown: Vec<(&str, usize)> = places
            .iter()
            .map(|place| (place.key.as_str(), place.line.unwrap()))
            .collect();
        let wanted = [
            ("a.b", 1),
            ("c.d", 3),
            ("c.\"x.y\"", 6),
            ("s.0.n", 8),
            ("s.1.n", 10),
            ("s.1.e.f", 11),
        ];
        assert_eq!(shown, wanted);
        let last = places.last().unwrap();
        assert_eq!(
            (last.whole.as_str(), last.alone.to_string().as_str()),
            ("s", "[[s]]\n\n[s.e]\nf = 1\n")
        );
        assert_eq!(all("x = 1\n[c\n").unwrap_err().1, Some(2));
    }
}
