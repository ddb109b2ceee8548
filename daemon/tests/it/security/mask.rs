//! What an agent sees of the daemon where bubblewrap hides it.

use super::{agent_token, marked};
use crate::support::daemon::Site;
use crate::support::kit::Model;
use crate::support::unix;
use crate::support::wait::until;
use serde_json::json;

/// False where bubblewrap is missing or may not make namespaces; then the daemon has to
/// say that nothing is hidden.
async fn works(site: &Site) -> bool {
    let trial = ["--unshare-user", "--dev-bind", "/", "/", "true"];
    let path = site.env["PATH"].as_str();
    let mut program = std::process::Command::new("bwrap");
    let tried = program.env("PATH", path).args(trial).output();
    if tried.is_ok_and(|output| output.status.success()) {
        return true;
    }
    let daemon = site.start();
    let api = daemon.api(site, "developer", "ann");
    assert_eq!(api.read("/api/me").await["agents_masked"], false);
    let log = std::fs::read_to_string(site.data.with_file_name("daemon.log")).unwrap();
    assert!(
        log.contains("agents can read this daemon's folders"),
        "{log}"
    );
    false
}

/// A shell under the mask runs these lines; what they print.
async fn inside(site: &Site, script: &str) -> (crate::support::daemon::Daemon, String) {
    let daemon = site.start();
    let api = daemon.api(site, "developer", "ann");
    assert_eq!(api.read("/api/me").await["agents_masked"], true);
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    std::fs::write(site.project.join("try"), script).unwrap();
    let path = format!("/api/agents/{}/input", agent["id"].as_str().unwrap());
    let order = json!({"text": "sh try > tried.txt 2>&1; echo end >> tried.txt\r"});
    api.must(&path, order).await;
    let said = marked(&site.project.join("tried.txt"), "end").await;
    (daemon, said)
}

fn masked() -> Site {
    behind_the_mask(Site::new())
}

fn behind_the_mask(mut site: Site) -> Site {
    site.config = "[isolation]\nmask = true\n".into();
    // Where the setup of the tests puts it: outside of PATH, for the other tests' sake.
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../.cache");
    let environment = orchestra::config::environment();
    let cache = environment
        .get("ORCHESTRA_TEST_CACHE")
        .map_or(beside, String::as_str);
    let tools = std::path::Path::new(cache).join("tools/bubblewrap/usr/bin");
    let path = format!("{}:{}", tools.display(), site.env["PATH"]);
    site.env.insert("PATH".into(), path);
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn s03_t10_d11_a_masked_agent_sees_neither_keys_nor_tmux_nor_other_agents() {
    let site = masked();
    if !works(&site).await {
        return;
    }
    let (data, home) = (site.data.display(), site.home.display());
    let script = format!(
        "exec 2>&1
for path in keys orchestra.db audit lock run/tmux.sock agents/shell-002; do
  test -e {data}/$path && echo seen $path
done
ls {data}/agents
test -e {home}/.config/orchestra/logins && echo seen logins
test -S {data}/run/orchestra.sock && echo socket
touch $ORCHESTRA_AGENT_DIR/own && echo own
touch {data}/forged && echo forged
umount -l {data} && echo unmasked
unshare -Urm umount -l {data} && echo unmasked
for one in /proc/[0-9]*; do
  grep -qs ORCHESTRA_DATA_DIR $one/environ && echo read $one
  test -e $one/root{data}/keys && echo through $one
done
tmux -S {data}/run/tmux.sock ls && echo tmux
echo passed
"
    );
    std::fs::create_dir_all(site.home.join(".config/orchestra/logins")).unwrap();
    let (daemon, said) = inside(&site, &script).await;
    for wanted in ["shell-001", "socket", "own", "passed"] {
        assert!(said.lines().any(|line| line == wanted), "{wanted}: {said}");
    }
    for bad in ["seen", "forged", "unmasked", "read", "through", "shell-002"] {
        let found = said.lines().any(|line| line.starts_with(bad));
        assert!(!found, "{bad}: {said}");
    }
    assert!(!said.lines().any(|line| line == "tmux"), "{said}");
    // The next daemon makes another socket, and an agent under the mask reaches it.
    daemon.stop();
    let daemon = site.start();
    let api = daemon.api(&site, "developer", "ann");
    let order = json!({"text": "true\r"});
    api.must("/api/agents/shell-001/input", order).await;
    let token = agent_token(&site, "shell-001");
    let through = site.data.join("run/door/orchestra.sock");
    let me = unix::call(&through, "GET", "/api/me", &token, None).await;
    assert_eq!(me.status, 200, "{}", me.text);
    until("the marker of a finished command", || async {
        let explained = api.read("/api/agents/shell-001/explain").await;
        (explained["activity"]["state"] == "idle").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d01_a_masked_agent_that_sheds_everything_mints_no_token() {
    let site = masked();
    if !works(&site).await {
        return;
    }
    let binary = crate::support::daemon::ORCHESTRA;
    let (data, home) = (site.data.display(), site.home.display());
    // Neither parents, nor environment, nor token: at level 0 without a mask that is enough.
    let script = format!(
        "setsid sh -c 'env -i HOME={home} PATH=/usr/bin:/bin {binary} token --role admin --data-dir {data} \
         > minted.txt 2>&1; echo end >> minted.txt' </dev/null >/dev/null 2>&1 &
"
    );
    let (_daemon, _) = inside(&site, &script).await;
    let minted = marked(&site.project.join("minted.txt"), "end").await;
    assert!(minted.contains("agent may not"), "{minted}");
    assert!(!minted.contains("eyJ"), "{minted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_of_codex_works_under_the_mask_and_neither_is_taken_away() {
    let model = Model::start("approvals.json");
    let mut site = behind_the_mask(Site::with_clis(&model));
    if !works(&site).await {
        return;
    }
    // Codex keeps the names under which it calls itself in its HOME, but not where that lies
    // in the folder for temporary files; with an older bubblewrap it needs them.
    let temporary = site.home.join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    site.env
        .insert("TMPDIR".into(), temporary.display().to_string());
    site.config += "[kinds.codex]\nenv = [\"OPENAI_API_KEY\", \"TMPDIR\"]\n";
    let daemon = site.start();
    let api = daemon.api(&site, "developer", "ann");
    let agent = api.must("/api/agents", json!({"kind": "codex"})).await;
    let path = format!("/api/agents/{}/messages", agent["id"].as_str().unwrap());
    let data = site.data.display();
    let script = format!(
        "test -e {data}/keys && echo seen
unshare -Urm umount -l {data} 2>/dev/null; unshare -Urm test -e {data}/keys && echo unmasked
test -w /etc && echo outside
echo end
"
    );
    std::fs::write(site.project.join("try"), script).unwrap();
    api.must(&path, json!({"text": "run sh try > tried.txt"}))
        .await;
    let said = marked(&site.project.join("tried.txt"), "end").await;
    assert_eq!(said.trim(), "end", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_masked_agent_ends_whole_and_its_exit_is_told() {
    let site = masked();
    if !works(&site).await {
        return;
    }
    let (daemon, _) = inside(&site, "setsid sleep 7654 & exit 0\n").await;
    let api = daemon.api(&site, "developer", "ann");
    let ended = api.must("/api/agents/shell-001/kill", json!({})).await;
    assert_eq!(ended["status"], "killed");
    let left = std::process::Command::new("pgrep")
        .args(["-f", "sleep 7654"])
        .output();
    assert!(left.unwrap().stdout.is_empty());
    let agent = api.must("/api/agents", json!({"kind": "shell"})).await;
    let path = format!("/api/agents/{}", agent["id"].as_str().unwrap());
    api.must(&format!("{path}/input"), json!({"text": "exit 7\r"}))
        .await;
    let code = until("the end", || async {
        let agent = api.read(&path).await;
        agent["exit_code"].as_i64()
    });
    assert_eq!(code.await, 7);
}
