//! One simple command: a program and its words, nothing that a shell would do more with,
//! and no option that makes the program run another.

/// A shell gives these a meaning of its own, wherever they stand.
const SHELL: &[char] = &[
    ';', '|', '&', '<', '>', '$', '(', ')', '`', '\\', '{', '}', '!',
];
/// Unquoted they become other words: names of files, which may look like options.
const EXPANDS: &[char] = &['*', '?', '[', ']', '~', '^', '='];

/// Programs whose job is to run another one.
const WRAPPERS: &[&str] = &[
    "env",
    "sudo",
    "doas",
    "su",
    "xargs",
    "nohup",
    "nice",
    "ionice",
    "setsid",
    "timeout",
    "time",
    "watch",
    "exec",
    "eval",
    "command",
    "builtin",
    "source",
    ".",
    "parallel",
    "strace",
    "ltrace",
    "gdb",
    "script",
    "expect",
    "busybox",
    "chroot",
    "unshare",
    "nsenter",
    "systemd-run",
    "at",
    "batch",
    "crontab",
    "ssh",
    "tmux",
    "screen",
    "npx",
    "bunx",
    "pnpx",
    "uvx",
    "pipx",
    "stdbuf",
    "flock",
    "entr",
    "vi",
    "vim",
    "nvim",
    "view",
    "emacs",
    "ed",
    "ex",
    "nano",
    "less",
    "more",
    "man",
    "info",
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "sed",
    "dc",
    "m4",
    "trap",
    "alias",
    "hash",
];
/// Programs that run what they are given as text or as a file.
const INTERPRETERS: &[&str] = &[
    "sh",
    "bash",
    "zsh",
    "dash",
    "ksh",
    "fish",
    "csh",
    "tcsh",
    "perl",
    "python",
    "python2",
    "python3",
    "node",
    "ruby",
    "php",
    "lua",
    "deno",
    "bun",
    "tclsh",
    "osascript",
    "pwsh",
    "Rscript",
];
/// Long options that run a program, of any program; their abbreviations count too.
const RUNS: &[&str] = &[
    "--exec",
    "--execute",
    "--exec-path",
    "--command",
    "--call",
    "--upload-pack",
    "--receive-pack",
    "--rsh",
    "--rsync-path",
    "--rsh-command",
    "--checkpoint-action",
    "--to-command",
    "--use-compress-program",
    "--info-script",
    "--new-volume-script",
    "--pager",
    "--editor",
    "--open-files-in-pager",
    "--ext-diff",
    "--textconv",
    "--extcmd",
    "--tool",
    "--config",
    "--config-env",
    "--template",
    "--preprocessor",
    "--pre",
    "--hostname-bin",
    "--compress-program",
    "--filter",
    "--init-file",
    "--rcfile",
    "--eval",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "--node-options",
    "--script-shell",
    "--shell",
    "--ssh-command",
    "--use-askpass",
    "--unzip-command",
    "--hook",
    "--browser",
    "--interactive",
    "--strategy",
    "--plugin",
    "--wrapper",
    "--runner",
    "--git-dir",
    "--work-tree",
    "--print-file-name",
];
/// Words with a single dash that do.
const RUNS_SHORT: &[&str] = &[
    "-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fprintf", "-fls",
];
/// Letters of short options that do, by program.
const LETTERS: &[(&str, &str)] = &[
    ("tar", "IF"),
    ("rsync", "e"),
    ("scp", "SoF"),
    ("sftp", "SoF"),
    ("wget", "e"),
    ("curl", "K"),
    ("zip", "T"),
    ("make", "E"),
    ("npm", "c"),
    ("cargo", "Z"),
];
/// The same by part of git. `-s` names a strategy, which is a program.
const GIT_LETTERS: &[(&str, &str)] = &[
    ("clone", "uc"),
    ("grep", "O"),
    ("rebase", "xis"),
    ("merge", "s"),
    ("pull", "s"),
    ("cherry-pick", "s"),
    ("revert", "s"),
];
/// Addresses that git itself speaks; another scheme is the name of a program.
const SCHEMES: &[&str] = &["https://", "http://", "ssh://", "git://"];
/// Parts of git that do no more than their name says; others may be aliases.
const GIT: &[&str] = &[
    "add",
    "annotate",
    "apply",
    "blame",
    "branch",
    "cat-file",
    "check-ignore",
    "checkout",
    "cherry",
    "cherry-pick",
    "clean",
    "clone",
    "commit",
    "count-objects",
    "describe",
    "diff",
    "diff-tree",
    "fetch",
    "for-each-ref",
    "fsck",
    "grep",
    "init",
    "log",
    "ls-files",
    "ls-remote",
    "ls-tree",
    "merge",
    "merge-base",
    "mv",
    "name-rev",
    "pull",
    "push",
    "range-diff",
    "rebase",
    "reflog",
    "remote",
    "reset",
    "restore",
    "rev-list",
    "rev-parse",
    "revert",
    "rm",
    "shortlog",
    "show",
    "show-ref",
    "stash",
    "status",
    "switch",
    "symbolic-ref",
    "tag",
    "version",
    "worktree",
];
/// Parts of a package manager that run any program.
const NPM_RUNS: &[&str] = &[
    "exec", "x", "explore", "edit", "config", "set", "init", "create", "dlx",
];

/// The words of one simple command; none when it is more than that.
pub fn words(line: &str) -> Option<Vec<String>> {
    let line = line.trim_matches([' ', '\t']);
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for letter in line.chars() {
        if SHELL.contains(&letter) || (letter.is_control() && letter != '\t') {
            return None;
        }
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                word.get_or_insert_default();
                quote = Some(letter);
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            // A space that only looks like one would make another word than is seen.
            (None, _) if letter.is_whitespace() => return None,
            // In the first word `=` sets a variable; later it is only text.
            (None, '=') if !words.is_empty() => word.get_or_insert_default().push(letter),
            (None, _) if EXPANDS.contains(&letter) => return None,
            (None, '#') if word.is_none() => return None,
            (None, _) => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return None;
    }
    words.extend(word);
    Some(words)
}

/// True when the line is one simple command that begins with these words, or is them.
pub fn covers(fixed: &[String], more: bool, line: &str) -> bool {
    let Some(words) = words(line) else {
        return false;
    };
    if !more {
        return words == fixed;
    }
    words.starts_with(fixed) && too_wide(fixed).is_none() && !runs_a_program(&words, fixed.len())
}

/// Why these words may not be followed by any others; none when they may.
pub fn too_wide(fixed: &[String]) -> Option<String> {
    let program = fixed.first()?;
    let name = program.rsplit('/').next().unwrap_or(program);
    if WRAPPERS.contains(&name) {
        return Some(format!(
            "would run any program, because that is what {name} does; write the whole command without \"*\""
        ));
    }
    let plain = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    let interpreter = INTERPRETERS.contains(&name) || INTERPRETERS.contains(&plain);
    let script = fixed.get(1).is_some_and(|word| !word.starts_with('-'));
    if interpreter && !script {
        return Some(format!(
            "would run any program text; name the script after {name}, such as {name} build.py *"
        ));
    }
    None
}

/// Rules' insides for a command: itself, and its program with the part it is used for.
pub fn suggest(line: &str) -> Vec<String> {
    let Some(words) = words(line).filter(|words| !words.is_empty()) else {
        return Vec::new();
    };
    let mut all = vec![line.trim().to_owned()];
    let plain = |word: &&String| {
        word.chars().all(|letter| {
            letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/' | ':')
        })
    };
    let part = words
        .get(1)
        .filter(|word| plain(word) && !word.starts_with('-'));
    match part {
        Some(part) if plain(&&words[0]) => all.push(format!("{} {part} *", words[0])),
        None if plain(&&words[0]) => all.push(format!("{} *", words[0])),
        _ => {}
    }
    all
}

/// True when an option or a part of the program could make it run another program.
/// `given` words stand in the rule itself: whoever made it meant them.
fn runs_a_program(words: &[String], given: usize) -> bool {
    let name = words[0].rsplit('/').next().unwrap_or_default();
    let part = words.get(1).map_or("", String::as_str);
    let (table, key) = match name {
        "git" => (GIT_LETTERS, part),
        _ => (LETTERS, name),
    };
    let letters = table.iter().find(|(of, _)| *of == key);
    let letters = letters.map_or("", |(_, letters)| *letters);
    let said = |word: &String| {
        let option = word.split('=').next().unwrap_or(word);
        if option.starts_with("--") && option.len() > 2 {
            return RUNS.iter().any(|runs| runs.starts_with(option));
        }
        if word.len() > 1 && word.starts_with('-') && !word.starts_with("--") {
            return RUNS_SHORT.contains(&option)
                || word[1..].chars().any(|letter| letters.contains(letter));
        }
        // Git's transports by name: `ext::sh -c …` runs a program.
        word.contains("::")
            || (word.contains("://") && !SCHEMES.iter().any(|scheme| word.starts_with(scheme)))
    };
    if words[given.min(words.len())..].iter().any(said) {
        return true;
    }
    match name {
        "git" => !GIT.contains(&part),
        "npm" | "pnpm" | "yarn" => given < 2 && NPM_RUNS.contains(&part),
        // A tool chain named by hand may be any program.
        "cargo" | "rustc" => part.starts_with('+'),
        _ => false,
    }
}
