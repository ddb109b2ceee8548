//! How big things may be, and what text may stand in a name.

use orchestra_protocol::agent::Size;

/// Largest prompt or message, in bytes.
pub const MAX_PROMPT: usize = 256 * 1024;
/// Largest single `terminal_input`, in bytes.
pub const MAX_INPUT: usize = 64 * 1024;
/// Largest socket message, in bytes.
pub const MAX_SOCKET_MESSAGE: usize = 512 * 1024;
/// Largest REST body, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;
/// Longest name, in characters.
pub const MAX_NAME: usize = 64;
/// Longest title, in characters.
pub const MAX_TITLE: usize = 200;

/// What is wrong with a value; a sentence for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// A name or title: no control characters, not empty, not too long, no leading dash.
///
/// # Errors
/// Says which rule the text breaks.
pub fn label(what: &str, text: &str, longest: usize) -> Result<String, Invalid> {
    let wrong = |rule: &str| Err(Invalid(format!("{what} {rule}")));
    if text.trim().is_empty() {
        return wrong("must not be empty");
    }
    let length = text.chars().count();
    if length > longest {
        return wrong(&format!(
            "has {length} characters; at most {longest} are allowed"
        ));
    }
    if text.chars().any(char::is_control) {
        return wrong("must not contain line breaks or control characters");
    }
    if text.starts_with('-') {
        return wrong("must not begin with \"-\"");
    }
    if what == "name" && text.contains(':') {
        return wrong("must not contain \":\"");
    }
    Ok(text.to_owned())
}

/// A prompt or message: neither empty nor larger than `MAX_PROMPT`.
///
/// # Errors
/// Says which rule the text breaks.
pub fn prompt(text: &str) -> Result<(), Invalid> {
    if text.trim().is_empty() {
        return Err(Invalid("text must not be empty".into()));
    }
    if text.len() > MAX_PROMPT {
        return Err(Invalid(format!(
            "text has {} bytes; at most {MAX_PROMPT} are allowed; put long material in a file and \
             name the file",
            text.len()
        )));
    }
    Ok(())
}

/// A sender's own key for a message: a UUID, so that it can be no key of ours.
///
/// # Errors
/// When it is none.
pub fn client_id(text: Option<&str>) -> Result<(), Invalid> {
    match text.map(uuid::Uuid::parse_str) {
        None | Some(Ok(_)) => Ok(()),
        Some(Err(_)) => Err(Invalid("client_id must be a UUID".into())),
    }
}

/// The size used for a size asked for: clamped to 20..400 × 5..200.
///
/// # Errors
/// When a side is 0 or over 1000.
pub fn size(asked: Size) -> Result<Size, Invalid> {
    for (what, value) in [("cols", asked.cols), ("rows", asked.rows)] {
        if !(1..=1000).contains(&value) {
            return Err(Invalid(format!(
                "{what} is {value}; it must lie between 1 and 1000"
            )));
        }
    }
    Ok(Size {
        cols: asked.cols.clamp(20, 400),
        rows: asked.rows.clamp(5, 200),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_refused_with_the_rule() {
        for (text, rule) in [
            ("", "empty"),
            ("a\nb", "control"),
            ("a\0b", "control"),
            ("-flag", "begin"),
            ("a:b", "contain"),
            (&"x".repeat(5000), "5000"),
        ] {
            let error = label("name", text, MAX_NAME).unwrap_err();
            assert!(error.0.contains(rule), "{text:?}: {error}");
        }
        assert_eq!(label("name", "#(touch x)", MAX_NAME).unwrap(), "#(touch x)");
    }

    #[test]
    fn a_senders_key_cannot_be_one_of_ours() {
        assert!(client_id(None).is_ok());
        assert!(client_id(Some("0198c0de-0000-7000-8000-000000000000")).is_ok());
        assert!(client_id(Some("task-1-1")).is_err());
    }

    #[test]
    fn sizes_are_clamped_or_refused() {
        assert_eq!(
            size(Size { cols: 1, rows: 999 }).unwrap(),
            Size {
                cols: 20,
                rows: 200
            }
        );
        assert!(size(Size { cols: 0, rows: 40 }).is_err());
        assert!(
            size(Size {
                cols: 65_535,
                rows: 40
            })
            .is_err()
        );
    }
}
