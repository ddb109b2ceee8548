//! The grammar of the command line.

use super::*;
use clap::CommandFactory;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_grammar_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn what_people_type_is_understood() {
    for line in [
        "orchestra up --listen 127.0.0.1:0 --data-dir d --config c --no-open --json",
        "orchestra token --role admin --sub alice --ttl 10m --data-dir d",
        "orchestra web --no-open",
        "orchestra status --all --json",
        "orchestra status -w",
        "orchestra config show limits --json",
        "orchestra config set limits.depth 5 --config c",
        "orchestra config import --dry-run",
        "orchestra sessions --in x two words",
        "orchestra spawn shell --cols 100 --rows 30 --cwd .",
        "orchestra spawn --specialist droid --prompt -",
        "orchestra spawn a b --parallel 3 --worktree --base main --kind shell --timeout 5m",
        "orchestra worktrees",
        "orchestra worktrees list --json",
        "orchestra worktrees diff x --path a --scope uncommitted --stat",
        "orchestra worktrees commit x -m -y",
        "orchestra worktrees merge x --confirm w",
        "orchestra worktrees clean x y --keep-branch",
        "orchestra collect 1 droid-001 --stat --json",
        "orchestra attach droid-001 --stream",
        "orchestra logs droid-001 -f",
        "orchestra send primary hello --wait --timeout 30s",
        "orchestra delegate --specialist droid work --wait",
        "orchestra tasks 7 --json",
        "orchestra kill droid-001 --reason done",
        "orchestra interrupt droid-001",
        "orchestra retry droid-001",
        "orchestra doctor --json",
        "orchestra mcp",
        "orchestra hook claude Stop",
        "orchestra hook codex --arg {}",
        "orchestra send primary --settings=x --wait",
        "orchestra delegate --kind shell --help-me --wait",
        "orchestra spawn shell --title -x --prompt --settings=x",
        "orchestra completions zsh",
        "orchestra status --url http://localhost:1 --token-file t",
        "orchestra user add alice --role viewer --json",
        "orchestra audit tail -n 2 -f --json --data-dir d",
    ] {
        parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn a_text_that_looks_like_a_flag_is_a_text() {
    let cli = parse("orchestra send primary --settings=x --wait").unwrap();
    let Command::Send(args) = cli.command else {
        panic!("{cli:?}");
    };
    assert_eq!((args.text.as_str(), args.wait), ("--settings=x", true));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for line in [
        "orchestra",
        "orchestra fly",
        "orchestra status --fly",
        "orchestra spawn",
        "orchestra spawn --kind shell --specialist droid",
        "orchestra spawn shell --parallel 0",
        "orchestra spawn shell --base main",
        "orchestra worktrees fly",
        "orchestra worktrees commit x",
        "orchestra spawn shell --cols 100",
        "orchestra spawn shell --cols 70000 --rows 10",
        "orchestra token",
        "orchestra token --role root",
        "orchestra token --role admin --ttl soon",
        "orchestra delegate work",
        "orchestra delegate --kind shell --agent x work",
        "orchestra completions basic",
        "orchestra config",
        "orchestra config set limits.depth",
        "orchestra sessions --in x",
    ] {
        match parse(line) {
            Ok(cli) => panic!("{line}: {cli:?}"),
            Err(error) => assert_eq!(error.exit_code(), 2, "{line}"),
        }
    }
}
