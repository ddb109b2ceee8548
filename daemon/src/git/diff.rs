//! Which files differ between two trees, and how much.

use super::GitError;
use super::run::Call;
use super::shadow::Repo;
use orchestra_protocol::worktree::FileChange;

/// One file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: Vec<u8>,
    /// Its name before, when it was renamed.
    pub old_path: Option<Vec<u8>>,
    pub change: FileChange,
    /// Ids of its content; zeros where there is none.
    pub old_id: String,
    pub new_id: String,
    /// None for binary files.
    pub lines: Option<(u64, u64)>,
}

impl Entry {
    /// Its path as text.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.path).into_owned()
    }
}

/// Sums of a list: files, lines in, lines out.
pub fn sums(entries: &[Entry]) -> (u32, u64, u64) {
    let lines = entries.iter().filter_map(|entry| entry.lines);
    let (added, deleted) = lines.fold((0, 0), |sum: (u64, u64), one| {
        (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1))
    });
    (
        u32::try_from(entries.len()).unwrap_or(u32::MAX),
        added,
        deleted,
    )
}

/// One line for people: `3 files changed, 10 insertions, 2 deletions`.
pub fn stat(entries: &[Entry]) -> String {
    let (files, added, deleted) = sums(entries);
    let plural = |number: u64, word: &str| match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    format!(
        "{} changed, {}, {}",
        plural(files.into(), "file"),
        plural(added, "insertion"),
        plural(deleted, "deletion")
    )
}

impl Repo {
    /// What differs between two trees or commits, in order of path.
    ///
    /// # Errors
    /// When one of them is not there or git fails.
    pub async fn differences(
        &self,
        from: &str,
        to: &str,
        renames: bool,
    ) -> Result<Vec<Entry>, GitError> {
        let how = if renames {
            "--find-renames"
        } else {
            "--no-renames"
        };
        let call = Call::new(&["diff-tree", "-r", "-z", "--raw", "--numstat", "--no-abbrev"])
            .arg("--no-ext-diff")
            .arg("--no-textconv")
            .arg(how)
            .arg("--end-of-options")
            .arg(from)
            .arg(to)
            .arg("--");
        parse(&self.look(call).await?.out)
    }
}

/// Reads `--raw -z`, with or without `--numstat` behind it.
pub(in crate::git) fn parse(bytes: &[u8]) -> Result<Vec<Entry>, GitError> {
    let mut fields = bytes.split(|&byte| byte == 0).peekable();
    let mut entries = Vec::new();
    while let Some(head) = fields.next_if(|field| field.starts_with(b":")) {
        let head = String::from_utf8_lossy(head);
        let words: Vec<&str> = head.trim_start_matches(':').split(' ').collect();
        let [_, _, old_id, new_id, status] = words[..] else {
            return Err(odd());
        };
        let path = fields.next().ok_or_else(odd)?.to_vec();
        let change = match status.bytes().next() {
            Some(b'A') => FileChange::Added,
            Some(b'D') => FileChange::Deleted,
            Some(b'R') => FileChange::Renamed,
            Some(b'T') => FileChange::TypeChanged,
            _ => FileChange::Modified,
        };
        let (path, old_path) = match change {
            FileChange::Renamed => (fields.next().ok_or_else(odd)?.to_vec(), Some(path)),
            _ => (path, None),
        };
        entries.push(Entry {
            path,
            old_path,
            change,
            old_id: old_id.to_owned(),
            new_id: new_id.to_owned(),
            lines: None,
        });
    }
    // The numbers come in the same order as the names.
    for entry in &mut entries {
        let Some(head) = fields.next_if(|field| !field.is_empty()) else {
            break;
        };
        if entry.old_path.is_some() {
            fields.nth(1);
        }
        let head = String::from_utf8_lossy(head);
        let mut numbers = head.split('\t').map(str::parse);
        entry.lines = match (numbers.next(), numbers.next()) {
            (Some(Ok(added)), Some(Ok(deleted))) => Some((added, deleted)),
            _ => None,
        };
    }
    Ok(entries)
}

fn odd() -> GitError {
    GitError::Refused {
        what: "diff".into(),
        why: "its output is not understood".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, stat};
    use orchestra_protocol::worktree::FileChange;

    #[test]
    fn names_and_numbers_belong_together() {
        let (a, b) = ("1".repeat(40), "2".repeat(40));
        let text = format!(
            ":100644 100644 {a} {b} M\0x\ty\0:100644 100644 {a} {a} R100\0old\0new\0:000000 100644 {a} {b} A\0bin\0\
             3\t1\tx\ty\0000\t0\t\0old\0new\0-\t-\tbin\0"
        );
        let entries = parse(text.as_bytes()).unwrap();
        let names: Vec<_> = entries.iter().map(super::Entry::name).collect();
        assert_eq!(names, ["x\ty", "new", "bin"]);
        assert_eq!(entries[1].change, FileChange::Renamed);
        assert_eq!(entries[1].old_path.as_deref(), Some(&b"old"[..]));
        let lines: Vec<_> = entries.iter().map(|entry| entry.lines).collect();
        assert_eq!(lines, [Some((3, 1)), Some((0, 0)), None]);
        assert_eq!(stat(&entries), "3 files changed, 3 insertions, 1 deletion");
    }
}
