//! Text that tmux, a shell or a terminal could take for more than text.

use super::marked;
use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use serde_json::json;

async fn set(site: &Site) -> (Daemon, Api, String) {
    let daemon = site.start();
    let api = daemon.api(site, "developer", "ann");
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    (daemon, api, agent["id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn t04_t05_typed_text_is_text_to_tmux() {
    let site = Site::new();
    let (_daemon, api, id) = set(&site).await;
    let other = api.must("/api/agents", json!({"kind": "shell"})).await;
    let path = format!("/api/agents/{id}/input");
    api.must(&path, json!({"text": "cat > typed.txt\r"})).await;
    let lines = [
        "x;",
        "; kill-server",
        "; kill-session -t sess-shell-002",
        "C-c",
        "Enter",
        "-t sess-shell-002",
        "-X cancel",
        "#(touch canary)",
        "$(touch canary) `touch canary`",
        "%output %end 1 1 0",
        "\"'\\;",
        "end",
    ];
    for line in lines {
        api.must(&path, json!({"text": line})).await;
        api.must(&path, json!({"keys": ["Enter"]})).await;
    }
    api.must(&path, json!({"keys": ["C-d"]})).await;
    let typed = marked(&site.project.join("typed.txt"), "end").await;
    assert_eq!(typed.lines().collect::<Vec<_>>(), lines);
    assert!(!site.project.join("canary").exists());
    for keys in [
        json!(["-t", "sess-shell-002"]),
        json!(["x;"]),
        json!(["-X"]),
        json!(["kill-server"]),
    ] {
        let (status, problem) = api.post(&path, json!({ "keys": keys })).await;
        assert_eq!(status, 400, "{problem}");
    }
    let alive = api
        .read(&format!("/api/agents/{}", other["id"].as_str().unwrap()))
        .await;
    assert_eq!(alive["status"], "running");
}

#[tokio::test(flavor = "multi_thread")]
async fn t09_a_paste_cannot_end_itself() {
    let site = Site::new();
    let (_daemon, api, id) = set(&site).await;
    let path = format!("/api/agents/{id}/input");
    // Once it shows its prompt, the shell asks for marks around a paste; what ended them
    // early would be a command.
    api.must(&path, json!({"text": "echo re''ady\r"})).await;
    let screen = format!("/api/agents/{id}/screen?until=");
    api.read(&format!("{screen}ready%5Cn.*[%23$]")).await;
    let paste = "echo one\u{1b}[201~\ntouch canary\r\u{9b}201~\ntouch canary\n";
    api.must(&path, json!({ "paste": paste })).await;
    api.read(&format!("{screen}canary")).await;
    api.must(&path, json!({"keys": ["C-c"]})).await;
    api.must(&path, json!({"text": "echo done > done.txt\r"}))
        .await;
    marked(&site.project.join("done.txt"), "done").await;
    assert!(!site.project.join("canary").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn t12_nobodys_tmux_settings_are_read() {
    let mut site = Site::new();
    let hostile = format!(
        "run-shell 'touch {0}/canary'\nset-hook -g session-created 'run-shell \"touch {0}/canary\"'\n",
        site.home.display()
    );
    std::fs::create_dir_all(site.home.join(".config/tmux")).unwrap();
    std::fs::write(site.home.join(".tmux.conf"), &hostile).unwrap();
    std::fs::write(site.home.join(".config/tmux/tmux.conf"), &hostile).unwrap();
    site.env.insert("TMUX".into(), "/tmp/elsewhere,1,0".into());
    site.env.insert("TMUX_TMPDIR".into(), "/tmp".into());
    site.env
        .insert("LD_DEBUG_OUTPUT".into(), "/tmp/elsewhere".into());
    site.env.insert(
        "BASH_ENV".into(),
        site.home.join("evil").display().to_string(),
    );
    let (_daemon, api, id) = set(&site).await;
    let path = format!("/api/agents/{id}/input");
    api.must(
        &path,
        json!({"text": "env > env.txt; echo end >> env.txt\r"}),
    )
    .await;
    let env = marked(&site.project.join("env.txt"), "end").await;
    assert!(!site.home.join("canary").exists());
    for name in ["BASH_ENV=", "LD_DEBUG", "TMUX_TMPDIR=", "elsewhere"] {
        assert!(!env.contains(name), "{env}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_w20_what_a_screen_says_moves_nothing() {
    let site = Site::new();
    let (_daemon, api, id) = set(&site).await;
    let path = format!("/api/agents/{id}/input");
    // Questions to the terminal, titles with commands in them, the marks of a hook.
    let draw = r"printf '\033]0;#(touch canary)\007\033]2;$(touch canary)\007\033]52;c;eA==\007'; printf 'approve? y\n'; echo drawn > drawn.txt";
    api.must(&path, json!({"text": format!("{draw}\r")})).await;
    marked(&site.project.join("drawn.txt"), "drawn").await;
    let screen = api
        .read(&format!("/api/agents/{id}/screen?until=approve"))
        .await;
    assert!(screen["text"].as_str().unwrap().contains("approve? y"));
    assert!(!site.project.join("canary").exists());
    let buffers = site.tmux(&["list-buffers"]);
    assert!(buffers.stdout.is_empty(), "no clipboard was set");
    assert_eq!(api.read("/api/tasks").await["items"], json!([]));
}

/// Kilobytes of memory that a process has.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

/// Bytes without a pattern, the same each time.
fn noise() -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    (0..200_000).map(|_| next()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn t15_hostile_output_stays_bounded() {
    let site = Site::new();
    let (daemon, api, id) = set(&site).await;
    let before = memory(daemon.child.id());
    let script = "head -c 8000000 /dev/zero | tr '\\0' x
i=0; while [ $i -lt 20000 ]; do printf '\\033]2;t%s\\007' $i; i=$((i+1)); done
printf '\\377\\376\\300\\200\\033[38:2::255:0:0m\\033[999999999;999999999H\\033[38:2:::::::::m\\033[0m\\n'
cat noise
# Ends whatever string the noise began: tmux waits for its end, as terminals do.
printf '\\033\\\\\\033c\\nfin%s\\n' ished
";
    std::fs::write(site.project.join("noise"), noise()).unwrap();
    std::fs::write(site.project.join("hostile"), script).unwrap();
    let path = format!("/api/agents/{id}");
    let order = json!({"text": "sh hostile\r"});
    api.must(&format!("{path}/input"), order).await;
    api.read(&format!("{path}/screen?until=finished&timeout_ms=60000"))
        .await;
    let agent = api.read(&path).await;
    assert_eq!(agent["status"], "running");
    assert!(agent["title"].as_str().unwrap_or_default().len() < 300);
    let after = memory(daemon.child.id());
    assert!(after < before + 100_000, "{before} and then {after} kB");
    api.must(&format!("{path}/input"), json!({"text": "echo sti''ll\r"}))
        .await;
    api.read(&format!("{path}/screen?until=still")).await;
}
