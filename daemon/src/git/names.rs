//! Names that people give: checked here, so that git never sees one that could be
//! anything but a name.

use super::GitError;

const MAX_BRANCH: usize = 200;
const MAX_NAME: usize = 40;

/// The whole ref of a branch that somebody named.
///
/// # Errors
/// `Name` when no branch can be called so.
pub fn branch(name: &str) -> Result<String, GitError> {
    let wrong = |why: &str| {
        Err(GitError::Name(format!(
            "{name:?} is no branch name: {why}; give the plain name of a branch, such as main"
        )))
    };
    if name.is_empty() || name.len() > MAX_BRANCH {
        return wrong("it must have 1 to 200 bytes");
    }
    if name == "HEAD" || name == "@" || name.starts_with("refs/") {
        return wrong("it stands for something else");
    }
    let forbidden = |letter: char| letter.is_control() || " ~^:?*[\\".contains(letter);
    if name.starts_with('-') || name.contains("..") || name.contains("@{") {
        return wrong("git would read more into it");
    }
    if name.contains(forbidden) || name.ends_with('.') {
        return wrong("git does not allow its characters");
    }
    let part = |part: &str| {
        let lock = part.rsplit_once('.').is_some_and(|(_, end)| end == "lock");
        part.is_empty() || part.starts_with('.') || lock
    };
    if name.split('/').any(part) {
        return wrong("a part between slashes is not allowed");
    }
    Ok(format!("refs/heads/{name}"))
}

/// Checks the name of a worktree, which becomes part of a folder and a branch.
///
/// # Errors
/// `Name` with the rule.
pub fn worktree(name: &str) -> Result<(), GitError> {
    let mut letters = name.chars();
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let first = letters.next().is_some_and(plain);
    let rest = letters.all(|letter| plain(letter) || "-_.".contains(letter));
    if first && rest && name.len() <= MAX_NAME && branch(name).is_ok() {
        return Ok(());
    }
    Err(GitError::Name(format!(
        "worktree {name:?}: a name begins with a-z or 0-9, goes on with those and - _ . , has at most {MAX_NAME} \
         characters and does not end in a dot or .lock"
    )))
}

/// A name made from a title: `fix-the-login`.
pub fn from_title(title: &str) -> String {
    let mut name = String::new();
    for letter in title.chars() {
        match letter.to_ascii_lowercase() {
            letter if letter.is_ascii_alphanumeric() => name.push(letter),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
        if name.len() >= 24 {
            break;
        }
    }
    match name.trim_matches('-') {
        "" => "work".to_owned(),
        name => name.to_owned(),
    }
}

/// True for the id of an object, whole.
pub fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::{branch, from_title, is_id, worktree};

    #[test]
    fn names_that_git_would_read_more_into_are_none() {
        for name in [
            "",
            "-x",
            "--upload-pack=x",
            "@{-1}",
            "a..b",
            "HEAD",
            "@",
            "a b",
            "a^",
            "a~1",
            "a:b",
            "a\\b",
            "a?",
            "a*",
            "a[",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a//b",
            "/a",
            "a/",
            "a.",
            "a\nb",
            "refs/heads/a",
            "main@{1}",
            "\u{7f}",
        ] {
            assert!(branch(name).is_err(), "{name:?}");
        }
        for name in [
            "main",
            "feature/x",
            "x;touch${IFS}f",
            "$(id)",
            "`id`",
            "ünïcode",
            "a-b_c.d",
            "x@y",
        ] {
            assert_eq!(branch(name).unwrap(), format!("refs/heads/{name}"));
        }
    }

    #[test]
    fn names_of_worktrees_are_plain() {
        for name in ["a", "fix-login", "0.1_b"] {
            worktree(name).unwrap();
        }
        for name in [
            "",
            "-a",
            "A",
            "a/b",
            "..",
            "a..b",
            "a.lock",
            "a.",
            "ä",
            "a b",
            &"a".repeat(41),
        ] {
            assert!(worktree(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn every_title_makes_a_name() {
        for title in [
            "Fix the login!",
            "",
            "äöü",
            "--x",
            "a.lock",
            "../../etc",
            "x".repeat(500).as_str(),
        ] {
            worktree(&from_title(title)).unwrap();
        }
        assert_eq!(from_title("Fix the login!"), "fix-the-login");
        assert!(is_id(&"a".repeat(40)) && !is_id("HEAD") && !is_id(&"g".repeat(40)));
    }
}
