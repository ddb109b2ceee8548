//! The changed lines of files, read from git's patch form and kept within limits.

use super::GitError;
use super::diff::Entry;
use super::run::Call;
use super::shadow::Repo;
use orchestra_protocol::worktree::Hunk;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Output of git that is read for one page.
const MOST: usize = 8 << 20;
/// A longer line is cut.
const MOST_LINE: usize = 2000;

/// The hunks of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    pub hunks: Vec<Hunk>,
    pub truncated: bool,
}

/// What a file was and is, by its content.
type Ids = (String, String);

impl Repo {
    /// The hunks of these files, at most `most` lines each, by their contents' ids.
    ///
    /// # Errors
    /// When git fails.
    pub async fn hunks(
        &self,
        from: &str,
        to: &str,
        files: &[Entry],
        most: usize,
    ) -> Result<HashMap<Ids, Lines>, GitError> {
        if files.is_empty() {
            return Ok(HashMap::new());
        }
        let mut call = Call::new(&["diff-tree", "-r", "-p", "--full-index", "--unified=3"])
            .arg("--no-color")
            .arg("--no-ext-diff")
            .arg("--no-textconv")
            .arg("--find-renames")
            .arg("--end-of-options")
            .arg(from)
            .arg(to)
            .arg("--");
        for file in files {
            for path in file.old_path.iter().chain([&file.path]) {
                call = call.arg(OsStr::from_bytes(path));
            }
        }
        let answer = self.look(call.most(MOST)).await?;
        let text = String::from_utf8_lossy(&answer.out);
        let mut found = read(&text, most);
        if answer.cut {
            for file in files {
                let ids = (file.old_id.clone(), file.new_id.clone());
                // Nothing is known of those behind the cut, and the last may be half.
                found.entry(ids).or_insert(Lines {
                    hunks: Vec::new(),
                    truncated: true,
                });
            }
        }
        Ok(found)
    }
}

/// Reads a patch. A section without changed content has no ids and is left out.
fn read(text: &str, most: usize) -> HashMap<Ids, Lines> {
    let mut found: HashMap<Ids, Lines> = HashMap::new();
    let mut ids = Ids::default();
    let mut taken = 0;
    // False before the first hunk of a section, and in one whose like was read already.
    let (mut inside, mut again) = (false, false);
    for line in text
        .split_inclusive('\n')
        .map(|line| line.trim_end_matches('\n'))
    {
        if line.starts_with("diff --git ") {
            (ids, taken, inside, again) = (Ids::default(), 0, false, false);
        } else if let Some(rest) = line.strip_prefix("index ").filter(|_| ids.0.is_empty()) {
            let pair = rest
                .split(' ')
                .next()
                .and_then(|pair| pair.split_once(".."));
            ids = pair
                .map(|(old, new)| (old.into(), new.into()))
                .unwrap_or_default();
            again = found.contains_key(&ids);
        } else if let Some(head) = line.strip_prefix("@@ ").filter(|_| !again) {
            inside = true;
            let Some(hunk) = header(head) else { continue };
            let lines = found.entry(ids.clone()).or_default();
            if taken >= most {
                lines.truncated = true;
            } else {
                lines.hunks.push(hunk);
            }
        } else if inside
            && line.starts_with([' ', '+', '-', '\\'])
            && let Some(lines) = found.get_mut(&ids)
        {
            if taken >= most {
                lines.truncated = true;
            } else if let Some(hunk) = lines.hunks.last_mut() {
                taken += 1;
                hunk.lines.push(cut(line));
            }
        }
    }
    found
}

/// `-1,5 +1,7 @@ heading`
fn header(text: &str) -> Option<Hunk> {
    let (ranges, heading) = text.split_once(" @@")?;
    let (old, new) = ranges.split_once(' ')?;
    let range = |text: &str, sign: char| {
        let text = text.strip_prefix(sign)?;
        let (start, lines) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse().ok()?, lines.parse().ok()?))
    };
    let ((old_start, old_lines), (new_start, new_lines)) = (range(old, '-')?, range(new, '+')?);
    Some(Hunk {
        old_start,
        old_lines,
        new_start,
        new_lines,
        heading: cut(heading.trim_start()),
        lines: Vec::new(),
    })
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(MOST_LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    const PATCH: &str = "diff --git a/x b/x\nindex aa..bb 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@ fn f() {\n a\n-b\n+c\n\
                         +index no..no\n@@ -9 +10 @@\n-z\n+y\n\\ No newline at end of file\n\
                         diff --git a/y b/y\nold mode 100644\nnew mode 100755\n\
                         diff --git a/b b/b\nindex 11..22\nBinary files a/b and b/b differ\n";

    #[test]
    fn hunks_are_found_by_their_contents() {
        let found = read(PATCH, 100);
        assert_eq!(found.len(), 1, "only one has lines");
        let lines = &found[&("aa".to_owned(), "bb".to_owned())];
        assert_eq!(lines.hunks.len(), 2);
        assert_eq!(lines.hunks[0].heading, "fn f() {");
        assert_eq!(lines.hunks[0].lines, [" a", "-b", "+c", "+index no..no"]);
        assert_eq!((lines.hunks[1].old_start, lines.hunks[1].new_lines), (9, 1));
        assert_eq!(
            lines.hunks[1].lines.last().unwrap(),
            "\\ No newline at end of file"
        );
        assert!(!lines.truncated);
    }

    #[test]
    fn a_long_file_is_cut_and_says_so() {
        let lines = &read(PATCH, 3)[&("aa".to_owned(), "bb".to_owned())];
        assert!(lines.truncated);
        assert_eq!(
            lines
                .hunks
                .iter()
                .map(|hunk| hunk.lines.len())
                .sum::<usize>(),
            3
        );
        let long = format!(
            "diff --git a b\nindex a..b\n@@ -1 +1 @@\n+{}\n",
            "ä".repeat(3000)
        );
        let found = read(&long, 9);
        let line = &found[&("a".to_owned(), "b".to_owned())].hunks[0].lines[0];
        assert_eq!(line.chars().count(), 2001);
    }
}
