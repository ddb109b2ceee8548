//! Completion scripts, and the ids of agents that they ask for while a person types.

use super::Cli;
use super::client::Client;
use super::connection::Connection;
use super::failure::Failure;
use super::output;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use orchestra_protocol::agent::Agent;
use std::time::Duration;

/// A person waits for it with a finger on the key.
const PATIENCE: Duration = Duration::from_secs(2);
/// Commands whose first word is an agent.
const VERBS: &str = "attach logs send kill interrupt retry share";

/// Prints a completion script for a shell; ids of agents complete too.
///
/// bash:  orchestra completions bash > ~/.local/share/bash-completion/completions/orchestra
/// zsh:   orchestra completions zsh > a folder of $fpath, as _orchestra
/// fish:  orchestra completions fish > ~/.config/fish/completions/orchestra.fish
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct CompletionsArgs {
    pub shell: Shell,
}

/// Prints the ids of agents, those that live first. For completions.
#[derive(Debug, Args)]
pub struct IdsArgs {
    #[command(flatten)]
    pub connection: Connection,
}

/// Prints the script.
pub fn script(shell: Shell) {
    output::text(&written(shell));
}

/// Prints the ids; nothing when no daemon answers, because nobody asked for a complaint.
///
/// # Errors
/// When the options name no usable daemon.
pub async fn ids(args: &IdsArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    let asked = tokio::time::timeout(PATIENCE, agents(&client)).await;
    let Ok(Ok(mut agents)) = asked else {
        return Ok(());
    };
    agents.sort_by_key(|agent| agent.status.is_final());
    for agent in agents {
        output::line(&agent.id);
    }
    Ok(())
}

async fn agents(client: &Client) -> Result<Vec<Agent>, Failure> {
    client.list("/api/agents").await
}

fn written(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "orchestra", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => format!("{script}\n{}", bash()),
        Shell::Zsh => zsh(&script),
        Shell::Fish => format!("{script}\n{}", fish()),
        _ => script,
    }
}

fn bash() -> String {
    let verbs = VERBS.replace(' ', "|");
    format!(
        r#"# Where an agent is named, its id completes.
_orchestra_with_ids() {{
    _orchestra "$@"
    local word="${{COMP_WORDS[COMP_CWORD]}}"
    if [[ $COMP_CWORD -eq 2 && $word != -* ]]; then
        case "${{COMP_WORDS[1]}}" in
            {verbs}) COMPREPLY=($(compgen -W "$(orchestra ids 2>/dev/null)" -- "$word")) ;;
        esac
    fi
}}
complete -F _orchestra_with_ids -o bashdefault -o default orchestra
"#
    )
}

fn zsh(script: &str) -> String {
    let mut out = String::new();
    for line in script.lines() {
        // The arguments that are described as an agent's id.
        let id = line.contains("droid-001") && line.ends_with(":_default' \\");
        let line = match line.strip_suffix(":_default' \\") {
            Some(rest) if id => format!("{rest}:_orchestra_ids' \\"),
            _ => line.to_owned(),
        };
        out.push_str(&line);
        out.push('\n');
    }
    let ids = "_orchestra_ids() {\n    local -a ids\n    \
        ids=(${(f)\"$(orchestra ids 2>/dev/null)\"})\n    compadd -a ids\n}\n\n";
    // Before the last lines, which call the function when the file is autoloaded.
    match out.rfind("if [ \"$funcstack[1]\"") {
        Some(end) => out.insert_str(end, ids),
        None => out.push_str(ids),
    }
    out
}

fn fish() -> String {
    format!(
        "# Where an agent is named, its id completes.\n\
         complete -c orchestra -n \"__fish_seen_subcommand_from {VERBS}\" -f -a \"(orchestra ids 2>/dev/null)\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_asks_for_ids() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = written(shell);
            assert!(script.contains("orchestra ids"), "{shell}");
        }
        let zsh = written(Shell::Zsh);
        // One use each, but share names a person too.
        let uses = zsh.matches(":_orchestra_ids'").count();
        assert!(uses >= VERBS.split(' ').count(), "{uses}");
        for verb in VERBS.split(' ') {
            assert!(Cli::command().find_subcommand(verb).is_some(), "{verb}");
        }
    }
}
