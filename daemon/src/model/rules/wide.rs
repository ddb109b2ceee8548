//! Rules that cover more than they seem to.

/// Programs that run what files of the project name.
const PROJECT_RUNNERS: &[&str] = &[
    "npm",
    "pnpm",
    "yarn",
    "make",
    "just",
    "rake",
    "cargo",
    "go",
    "gradle",
    "gradlew",
    "mvn",
    "mvnw",
    "ant",
    "sbt",
    "bazel",
    "composer",
    "bundle",
    "poetry",
    "pdm",
    "hatch",
    "uv",
    "tox",
    "nox",
    "pip",
    "pip3",
    "docker",
    "podman",
    "docker-compose",
    "ansible-playbook",
    "terraform",
    "mix",
    "dotnet",
];

/// Why a rule with only these words covers any program: it runs what the project's files
/// name, and an agent may write those.
pub(super) fn runs_a_project(fixed: &[String]) -> Option<String> {
    let [program] = fixed else { return None };
    let name = program.rsplit('/').next().unwrap_or(program);
    PROJECT_RUNNERS.contains(&name).then(|| {
        format!("covers any program, because {name} runs what the project's own files name")
    })
}
