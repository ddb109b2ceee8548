//! How a command fails: one line that says what is wrong and what to do, and an exit code
//! that a script can rely on.

use orchestra_protocol::problem::Problem;
use std::process::ExitCode;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The daemon said no.
    #[error("{}", .0.detail)]
    Problem(Problem),
    /// Nobody answers.
    #[error("{0}")]
    Unreachable(String),
    /// The command line is wrong in a way that its grammar cannot tell.
    #[error("{0}")]
    Usage(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    /// A failure on this machine, with what was being done.
    pub fn local(what: &str, error: &dyn std::fmt::Display) -> Self {
        Self::Failed(format!("{what}: {error}"))
    }

    /// The documented exit code: 1 failed, 2 usage, 3 not found, 4 refused, 5 not reachable.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Problem(problem) => match problem.status {
                404 | 410 => 3,
                401 | 403 => 4,
                _ => 1,
            },
            Self::Unreachable(_) => 5,
            Self::Usage(_) => 2,
            Self::Failed(_) => 1,
        })
    }

    /// The failure as one JSON object, for `--json`.
    pub fn json(&self) -> serde_json::Value {
        let refusal = match self {
            Self::Problem(problem) => problem.worktree.as_ref(),
            _ => None,
        };
        let (code, status) = match self {
            Self::Problem(problem) => (problem.code(), Some(problem.status)),
            Self::Unreachable(_) => ("unreachable", None),
            Self::Usage(_) => ("usage", None),
            Self::Failed(_) => ("failed", None),
        };
        let mut error = serde_json::json!({
            "code": code, "status": status, "detail": self.to_string(),
        });
        if let Some(refusal) = refusal {
            error["worktree"] = serde_json::json!(refusal);
        }
        serde_json::json!({ "error": error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_failure_has_its_exit_code() {
        let problem = |status| Failure::Problem(Problem::new(status, "x", "X", "x"));
        for (failure, code) in [
            (problem(404), 3),
            (problem(401), 4),
            (problem(403), 4),
            (problem(409), 1),
            (Failure::Unreachable(String::new()), 5),
            (Failure::Usage(String::new()), 2),
            (Failure::Failed(String::new()), 1),
        ] {
            assert_eq!(failure.exit_code(), ExitCode::from(code), "{failure:?}");
        }
    }
}
