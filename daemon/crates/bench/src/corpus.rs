//! Session files like those of Claude Code, many and large: the same bytes for the same
//! sizes, written as fast as the disk takes them.

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Folders that the sessions lie in.
const PROJECTS: usize = 50;
/// Sizes of the sessions, as shares of the mean: most are short, few are long.
const SHARES: [f64; 8] = [0.1, 0.2, 0.3, 0.5, 0.8, 1.1, 1.6, 3.4];
/// Different texts of people, models and tools.
const TEXTS: usize = 64;

/// What was written.
#[derive(Debug)]
pub(crate) struct Corpus {
    pub bytes: u64,
    /// One of the files, to add to.
    pub one: PathBuf,
    files: Vec<PathBuf>,
}

/// Text that is made of words, some common and some rare.
struct Words {
    state: u64,
}

impl Words {
    fn next(&mut self) -> u64 {
        // Knuth's numbers; the high bits are the better ones.
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.state >> 33
    }

    fn text(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            // Squared, so that low numbers are common as in a language.
            let one = self.next() % 4000;
            let word = one * (self.next() % 4000) / 4000;
            let _ = write!(text, "word{word} ");
        }
        text
    }
}

impl Corpus {
    /// Writes so many sessions of so many bytes together beneath `root`.
    pub(crate) fn write(root: &Path, sessions: usize, bytes: u64) -> anyhow::Result<Self> {
        let mut words = Words { state: 1 };
        let texts: Vec<[String; 3]> = (0..TEXTS)
            .map(|_| [words.text(400), words.text(1500), words.text(6000)])
            .collect();
        let mean = bytes as f64 / sessions as f64;
        let mut corpus = Self {
            bytes: 0,
            one: PathBuf::new(),
            files: Vec::with_capacity(sessions),
        };
        let mut out = Vec::new();
        for number in 0..sessions {
            out.clear();
            let wanted = (mean * SHARES[number % SHARES.len()]) as usize;
            session(number, wanted, &texts, &mut out)?;
            let folder = root.join(format!("-tmp-project-{}", number % PROJECTS));
            std::fs::create_dir_all(&folder)?;
            let path = folder.join(format!("{}.jsonl", id(number)));
            std::fs::write(&path, &out)?;
            corpus.bytes += out.len() as u64;
            corpus.files.push(path);
        }
        corpus.one = corpus.files[sessions / 2].clone();
        Ok(corpus)
    }

    /// Makes the kernel forget the files, as after a start of the machine.
    pub(crate) fn forget(&self) -> anyhow::Result<()> {
        nix::unistd::sync();
        for path in &self.files {
            let file = std::fs::File::open(path)?;
            posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
        }
        Ok(())
    }
}

/// The id of a session.
pub(crate) fn id(number: usize) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

/// Turns of a person, a model that calls a tool, the tool, and the model again.
fn session(
    number: usize,
    wanted: usize,
    texts: &[[String; 3]],
    out: &mut Vec<u8>,
) -> std::io::Result<()> {
    let session = id(number);
    let mut turn = 0;
    while out.len() < wanted || turn == 0 {
        let [said, told, shown] = &texts[(number * 7 + turn * 13) % TEXTS];
        let mut line = |kind: &str, part: usize, more: &str| {
            let at = format!(
                "2026-{:02}-{:02}T{:02}:{:02}:{:02}.000Z",
                1 + number % 11,
                1 + number % 28,
                turn / 60 % 24,
                turn % 60,
                part
            );
            writeln!(
                out,
                r#"{{"parentUuid":null,"isSidechain":false,"userType":"external","cwd":"/tmp","sessionId":"{session}","version":"2.1.197","gitBranch":"main","type":"{kind}","uuid":"{number}-{turn}-{part}","timestamp":"{at}",{more}}}"#
            )
        };
        line(
            "user",
            0,
            &format!(r#""message":{{"role":"user","content":"rare{number}x{turn} {said}"}}"#),
        )?;
        // Each block of an answer tells the same tokens again.
        let answer = |part: usize, content: &str| {
            format!(
                r#""requestId":"r{number}-{turn}-{part}","message":{{"id":"m{number}-{turn}-{part}","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{content}],"usage":{{"input_tokens":{},"output_tokens":{},"cache_creation_input_tokens":{},"cache_read_input_tokens":{}}}}}"#,
                3 + number % 5,
                100 + turn,
                200,
                5000
            )
        };
        line(
            "assistant",
            1,
            &answer(1, &format!(r#"{{"type":"text","text":"{told}"}}"#)),
        )?;
        let call = format!(
            r#"{{"type":"tool_use","id":"t{number}-{turn}","name":"Bash","input":{{"command":"echo {turn}"}}}}"#
        );
        line("assistant", 2, &answer(1, &call))?;
        line(
            "user",
            3,
            &format!(
                r#""message":{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"t{number}-{turn}","content":"{shown}"}}]}}"#
            ),
        )?;
        line(
            "assistant",
            4,
            &answer(2, &format!(r#"{{"type":"text","text":"{said}"}}"#)),
        )?;
        turn += 1;
    }
    Ok(())
}

/// One more record for a session.
pub(crate) fn more(session: &str, text: &str) -> String {
    format!(
        r#"{{"type":"user","uuid":"{text}","sessionId":"{session}","cwd":"/tmp","timestamp":"2026-12-01T00:00:00.000Z","message":{{"role":"user","content":"{text}"}}}}"#
    ) + "\n"
}
