//! Is what Orchestra shows what the CLI does? Plays scripted turns at the real CLIs, takes
//! the truth from their hooks, the model's clock and our own acts, and compares: what was
//! shown, and what would have been shown with a source hidden (`docs/ACCURACY.md`).
//!
//! Without further ado one short run of two CLIs; `testkit/accuracy/run.sh` sets more.

mod judge;
mod plan;
mod recording;
mod replay;
mod sampler;
pub(in crate::clis) mod stage;
mod truth;

use judge::Score;
use recording::{Label, Recording, What};
use replay::Hidden;
use std::path::{Path, PathBuf};

/// Most of the time that may be shown wrong, in per cent.
const MOST: f64 = 5.0;
/// The same without hooks: a used up quota is known from them alone, and Codex holds its
/// dialog back while ours is asked.
const MOST_WITHOUT_HOOKS: f64 = 15.0;

/// How large a run is; set from outside.
struct Size {
    kinds: Vec<&'static str>,
    runs: u64,
    /// Where recordings lie that are judged instead of played anew.
    from: Option<PathBuf>,
}

impl Size {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's size is set from outside"
    )]
    fn given() -> Self {
        let var = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let wanted = var("ACCURACY_KINDS").unwrap_or_else(|| "claude codex".to_owned());
        let all = ["claude", "codex", "gemini", "opencode", "qwen", "aider"];
        let wanted: Vec<&str> = wanted.split_whitespace().collect();
        Self {
            kinds: all
                .into_iter()
                .filter(|kind| wanted.contains(kind))
                .collect(),
            runs: var("ACCURACY_RUNS").map_or(1, |text| text.parse().unwrap()),
            from: var("ACCURACY_FROM").map(PathBuf::from),
        }
    }

    /// One run, played or taken from where it was kept.
    async fn run(&self, kind: &'static str, seed: u64) -> Option<Recording> {
        let name = format!("{kind}-{seed}.json");
        if let Some(folder) = &self.from {
            let bytes = std::fs::read(folder.join(name)).ok()?;
            return Some(serde_json::from_slice(&bytes).unwrap());
        }
        let recording = stage::play(kind, seed, self.runs == 1).await;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let folder = root.join("artifacts/accuracy");
        std::fs::create_dir_all(&folder).unwrap();
        let text = serde_json::to_string(&recording).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
        Some(recording)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_is_what_the_cli_does() {
    let size = Size::given();
    let mut wrong = Vec::new();
    for kind in &size.kinds {
        let mut halves: [Vec<Recording>; 2] = [Vec::new(), Vec::new()];
        for seed in 0..size.runs {
            let recording = size.run(kind, seed).await;
            halves[usize::from(seed % 2 == 1)].extend(recording);
        }
        for (half, recordings) in ["even", "odd"].into_iter().zip(&halves) {
            if !recordings.is_empty() {
                wrong.extend(report(kind, half, recordings));
            }
        }
    }
    assert!(!size.kinds.is_empty(), "no CLI of that name");
    assert!(wrong.is_empty(), "shown wrong for too long: {wrong:#?}");
}

/// Prints what came of one half of a CLI's runs; what of it is too wrong.
fn report(kind: &str, half: &str, recordings: &[Recording]) -> Vec<String> {
    let name = format!("{kind} {}", recordings[0].version);
    let clocks = recordings.iter().map(|one| one.clocks_ms).max();
    let clocks = clocks.unwrap_or_default();
    eprintln!(
        "accuracy\t{name}\t{half} seeds\t{} runs; hook and model differ by at most {clocks} ms about the end of a turn",
        recordings.len()
    );
    let mut live = Score::default();
    for recording in recordings {
        live.add(recording, &lived(recording));
    }
    let mut rows = vec![("shown".to_owned(), live)];
    for hidden in Hidden::ALL {
        if recordings.iter().any(|one| hidden.applies(one)) {
            let mut score = Score::default();
            for recording in recordings {
                score.add(recording, &replay::shown(recording, *hidden));
            }
            rows.push((format!("without {}", hidden.name()), score));
        }
    }
    let mut wrong = Vec::new();
    for (what, score) in &rows {
        let line = format!("accuracy\t{name}\t{half} seeds\t{what}\t{}", score.line());
        eprintln!("{line}");
        for row in score.rows() {
            eprintln!("table\t{name}\t{half} seeds\t{what}\t{row}");
        }
        if !score.scenes.is_empty() {
            eprintln!("scenes\t{name}\t{half} seeds\t{what}\t{:?}", score.scenes);
        }
        let most = match what.contains("hook") {
            true => MOST_WITHOUT_HOOKS,
            false => MOST,
        };
        if score.error_rate() > most {
            wrong.push(line);
        }
    }
    wrong
}

/// What was shown in the run itself.
fn lived(recording: &Recording) -> Vec<(i64, Label)> {
    let shown = recording.seen.iter().filter_map(|one| match one.what {
        What::Shown { label, .. } => Some((one.at, label)),
        _ => None,
    });
    shown.collect()
}
