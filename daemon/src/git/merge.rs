//! Two lines of work: how far apart they are, whether they would merge, and the merge.

use super::GitError;
use super::locate::{self, Checkout, Head};
use super::run::Call;
use super::shadow::Repo;
use super::snapshot::parts;

/// Conflicting files that are listed.
const LISTED: usize = 50;
/// Commits that are listed.
const MOST_COMMITS: &str = "--max-count=501";

/// What merging two commits gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// This tree.
    Tree(String),
    /// No tree: these files do not agree.
    Conflicts(Vec<String>),
}

impl Repo {
    /// Commits that `there` has and `here` has not, and the other way round.
    ///
    /// # Errors
    /// When one of them is not there or git fails.
    pub async fn apart(&self, there: &str, here: &str) -> Result<(u32, u32), GitError> {
        let call = Call::new(&["rev-list", "--left-right", "--count", "--end-of-options"])
            .arg(format!("{there}...{here}"))
            .arg("--");
        let line = self.look(call).await?.line();
        let mut numbers = line
            .split_whitespace()
            .map(|text| text.parse().unwrap_or(0));
        Ok((numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)))
    }

    /// Where two lines of work parted; none when they have nothing in common.
    ///
    /// # Errors
    /// When one of them is not there or git fails.
    pub async fn merge_base(&self, one: &str, two: &str) -> Result<Option<String>, GitError> {
        let call = Call::new(&["merge-base", "--end-of-options"])
            .arg(one)
            .arg(two)
            .accept(&[0, 1]);
        let answer = self.look(call).await?;
        let line = answer.line();
        Ok((answer.code == 0).then(|| line.lines().next().unwrap_or_default().to_owned()))
    }

    /// Id and first line of the commits of `tips` that `base` does not have; at most 501.
    ///
    /// # Errors
    /// When git fails.
    pub async fn commits_beyond(
        &self,
        base: &str,
        tips: &[String],
    ) -> Result<Vec<(String, String)>, GitError> {
        let mut call = Call::new(&["log", "-z", "--no-color", "--format=%H %s", MOST_COMMITS]);
        call = call.arg("--no-show-signature").arg("--end-of-options");
        for tip in tips {
            call = call.arg(tip);
        }
        let call = call.arg(format!("^{base}")).arg("--");
        let answer = self.look(call).await?;
        let text = String::from_utf8_lossy(&answer.out).into_owned();
        let entry = |entry: &str| {
            let (id, subject) = entry.split_once(' ').unwrap_or((entry, ""));
            (
                id.to_owned(),
                subject.trim_end().chars().take(200).collect(),
            )
        };
        Ok(text
            .split('\0')
            .filter(|entry| !entry.is_empty())
            .map(entry)
            .collect())
    }

    /// What merging would give; nothing is left in the repository.
    ///
    /// # Errors
    /// When git fails, also for lines of work that have nothing in common.
    pub async fn predict(&self, one: &str, two: &str) -> Result<Merged, GitError> {
        let answer = self.look(merge_tree(one, two)).await?;
        Ok(read_merge(answer.code, &answer.out))
    }

    /// The commit that has both; its objects are in the repository, no ref is moved. The
    /// second is given back where nothing of the first is missing in it.
    ///
    /// # Errors
    /// The files that do not agree, or when git fails.
    pub async fn merge(
        &self,
        base: &str,
        work: &str,
        message: &str,
    ) -> Result<Result<String, Vec<String>>, GitError> {
        if self.merge_base(base, work).await?.as_deref() == Some(base) {
            return Ok(Ok(work.to_owned()));
        }
        let answer = self.act(merge_tree(base, work)).await?;
        match read_merge(answer.code, &answer.out) {
            Merged::Conflicts(files) => Ok(Err(files)),
            Merged::Tree(tree) => {
                let commit = self.commit_tree(&tree, &[base, work], message).await?;
                Ok(Ok(commit))
            }
        }
    }

    /// The checkout that stands on that ref, if there is one; also one that is in the
    /// middle of a rebase of it.
    pub fn standing_on(&self, name: &str) -> Option<Checkout> {
        let on = |checkout: &Checkout| {
            let rebased = checkout.admin.join("rebase-merge/head-name");
            let rebased = locate::pointer(&rebased).is_ok_and(|text| text.trim() == name);
            rebased || matches!(checkout.head(), Ok(Head::Branch(head)) if head == name)
        };
        locate::checkouts(&self.main).into_iter().find(on)
    }

    /// Brings the files and the index of a checkout from one commit to another. Nothing
    /// that was changed or is not known to git is written over: then nothing is done.
    ///
    /// # Errors
    /// When files are in the way, somebody else holds the index, or git fails.
    pub async fn move_files(
        &self,
        checkout: &Checkout,
        from: &str,
        to: &str,
    ) -> Result<(), GitError> {
        let with = |call: Call| {
            call.env("GIT_INDEX_FILE", checkout.index())
                .within(&checkout.path)
        };
        let refresh = Call::new(&["update-index", "-q", "--refresh"]).accept(&[0, 1]);
        self.look(with(refresh)).await?;
        let call = Call::new(&["read-tree", "-m", "-u"]).arg(from).arg(to);
        self.act(with(call)).await.map(drop)
    }

    /// Makes the index of a checkout hold a commit, without touching its files.
    ///
    /// # Errors
    /// When somebody else holds the index, or git fails.
    pub async fn set_index(&self, checkout: &Checkout, commit: &str) -> Result<(), GitError> {
        let with = |call: Call| {
            call.env("GIT_INDEX_FILE", checkout.index())
                .within(&checkout.path)
        };
        self.act(with(Call::new(&["read-tree", "--reset"]).arg(commit)))
            .await?;
        let refresh = Call::new(&["update-index", "-q", "--refresh"]).accept(&[0, 1]);
        self.look(with(refresh)).await.map(drop)
    }
}

fn merge_tree(one: &str, two: &str) -> Call {
    Call::new(&[
        "merge-tree",
        "--write-tree",
        "--name-only",
        "--no-messages",
        "-z",
    ])
    .arg(one)
    .arg(two)
    .accept(&[0, 1])
}

fn read_merge(code: i32, out: &[u8]) -> Merged {
    let mut fields = parts(out).map(|field| String::from_utf8_lossy(field).into_owned());
    let tree = fields.next().unwrap_or_default();
    if code == 0 {
        return Merged::Tree(tree);
    }
    let mut files: Vec<String> = fields.collect();
    files.dedup();
    files.truncate(LISTED);
    Merged::Conflicts(files)
}
