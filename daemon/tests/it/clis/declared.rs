//! Kinds without a CLI of their own here: those that the configuration declares, and those
//! built from documentation, each with a stand-in program.

use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::wait::until;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Takes a line, works for a moment, answers it.
pub(super) const PARROT: &str = r#"#!/bin/bash
trap 'echo; printf "you> "' INT
[ "$1" = --version ] && { echo "parrot 1.2.3"; exit; }
printf 'you> '
while IFS= read -r line; do
  echo "thinking ..."
  sleep "${PARROT_S:-0.7}"
  printf '\033[1A\033[2Kparrot says: %s.\nyou> ' "$line"
done
"#;

/// Draws a composer in a box as the documentation of such CLIs shows it.
const BOXED: &str = r#"#!/bin/bash
[ "$1" = --version ] && { echo "2026.1.2"; exit; }
stty -icanon -echo
said=() typed=
draw() {
  printf '\033[2J\033[H'
  for line in "${said[@]}"; do printf ' %s\r\n' "$line"; done
  [ -n "$1" ] && printf ' %s\r\n' "$1"
  printf '┌──────────────────────────────┐\r\n│ %s %s │\r\n└──────────────────────────────┘\r\n' "$SIGN" "${typed:-$HINT}"
}
draw
while IFS= read -r -d '' -n 1 letter; do
  if [ "$letter" = $'\n' ] || [ "$letter" = $'\r' ]; then
    asked=$typed typed=
    said+=("$asked"); draw "$BUSY"; sleep 1
    said+=("answer to: $asked."); draw
  else
    typed+=$letter
    read -r -t 0.05 -n 4000 -d $'\r' more && more+=$'\r'
    typed+=${more%$'\r'}
    draw
  fi
done
"#;

pub(super) fn program(site: &Site, name: &str, text: &str) -> PathBuf {
    let path = site.home.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

async fn answer(api: &Api, id: &str, text: &str) -> (Value, String) {
    let path = format!("/api/agents/{id}/messages");
    let sent = api.must(&path, json!({ "text": text })).await;
    let (message, reply) = until("the answer", || async {
        let list = api.read(&path).await;
        let items = list["items"].as_array().unwrap().clone();
        let now = items.iter().find(|item| item["id"] == sent["id"]).unwrap();
        let ended = now["status"] == "answered" || now["status"] == "failed";
        let reply = items.iter().find(|item| item["reply_to"] == sent["id"]);
        ended.then(|| (now.clone(), reply.cloned()))
    })
    .await;
    let reply = reply.map(|one| one["text"].as_str().unwrap().to_owned());
    (message, reply.unwrap_or_default())
}

async fn kind(api: &Api, name: &str) -> Value {
    let kinds = api.read("/api/agent-kinds").await;
    let mut items = kinds["items"].as_array().unwrap().iter();
    items.find(|one| one["kind"] == name).unwrap().clone()
}

fn start(site: &Site) -> (Daemon, Api) {
    let daemon = site.start();
    let api = daemon.api(site, "admin", "tester");
    (daemon, api)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_kind_takes_prompts_and_answers() {
    let mut site = Site::new();
    let parrot = program(&site, "parrot", PARROT);
    site.config = format!(
        "[kinds.parrot]\ncommand = {parrot:?}\ntitle = \"Parrot\"\nready = '^you>'\nbusy = '^thinking'\nprompt = \"line\"\n"
    );
    let (_daemon, api) = start(&site);
    let told = kind(&api, "parrot").await;
    assert_eq!(
        (&told["title"], &told["ready"], &told["proven"]),
        (&json!("Parrot"), &json!(true), &json!(false))
    );
    assert_eq!(told["version"], "1.2.3");
    let agent = api.must("/api/agents", json!({ "kind": "parrot" })).await;
    let id = agent["id"].as_str().unwrap();
    for text in ["one", "two words", "three\nlines in\none"] {
        let (message, reply) = answer(&api, id, text).await;
        assert_eq!(message["status"], "answered", "{message}");
        assert_eq!(message["evidence"], "screen");
        let line = text.replace('\n', " ");
        assert!(reply.contains(&format!("parrot says: {line}")), "{reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declaration_that_cannot_work_is_refused_with_a_sentence() {
    for (config, word) in [
        (
            "[kinds.parrot]\nready = '('\ncommand = '/bin/cat'\n",
            "kinds.parrot.ready",
        ),
        ("[kinds.parrot]\nready = '^x'\n", "kinds.parrot.command"),
        (
            "[kinds.Parrot]\nready = '^x'\ncommand = '/bin/cat'\n",
            "[a-z]",
        ),
    ] {
        let site = Site::new();
        let path = site.root.path().join("config.toml");
        std::fs::write(&path, config).unwrap();
        let output = site.run(&["up", "--no-open", "--config", path.to_str().unwrap()]);
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(word), "{said}");
    }
}

async fn stand_in(name: &str, program_name: &str, sign: &str, hint: &str, busy: &str) {
    let site = Site::new();
    let text = BOXED
        .replace("$SIGN", sign)
        .replace("$HINT", hint)
        .replace("$BUSY", busy);
    let path = program(&site, program_name, &text);
    let mut site = site;
    site.config = format!("[kinds.{name}]\ncommand = {path:?}\n");
    let (_daemon, api) = start(&site);
    let told = kind(&api, name).await;
    assert_eq!(
        (&told["proven"], &told["tested"]),
        (&json!(false), &json!([])),
        "{told}"
    );
    let agent = api.must("/api/agents", json!({ "kind": name })).await;
    let id = agent["id"].as_str().unwrap();
    for text in ["first words", "second words"] {
        let (message, reply) = answer(&api, id, text).await;
        assert_eq!(message["status"], "answered", "{message}");
        assert_eq!(message["evidence"], "screen");
        assert!(reply.contains(&format!("answer to: {text}")), "{reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cursor_works_with_a_stand_in() {
    stand_in(
        "cursor",
        "cursor-agent",
        "→",
        "Add a follow-up",
        "Generating ctrl+c to stop",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn droid_works_with_a_stand_in() {
    stand_in(
        "droid",
        "droid",
        ">",
        "Try \\\"fix it\\\"",
        "Thinking (Press ESC to stop)",
    )
    .await;
}

/// Tells its events by itself; its screen shows nothing of a turn.
const TELLER: &str = r#"#!/bin/bash
[ "$1" = --version ] && { echo "teller 1.0.0"; exit; }
tell() { printf '%s' "$1" | "$ORCHESTRA" hook teller; }
tell '{"hook_event_name":"SessionStart","session_id":"s1"}'
printf 'you> '
while IFS= read -r line; do
  tell "{\"hook_event_name\":\"UserPromptSubmit\",\"prompt\":\"$line\"}"
  case $line in
    fail*) tell '{"hook_event_name":"StopFailure","error":"no such thing"}' ;;
    *) tell "{\"hook_event_name\":\"Stop\",\"last_assistant_message\":\"told $line\"}" ;;
  esac
  printf 'you> '
done
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_kind_that_tells_events_is_believed_like_one_with_hooks() {
    let mut site = Site::new();
    let text = TELLER.replace("$ORCHESTRA", crate::support::daemon::ORCHESTRA);
    let teller = program(&site, "teller", &text);
    site.config = format!("[kinds.teller]\ncommand = {teller:?}\nready = '^you>'\nevents = true\n");
    let (_daemon, api) = start(&site);
    let agent = api.must("/api/agents", json!({ "kind": "teller" })).await;
    let id = agent["id"].as_str().unwrap();
    let (message, reply) = answer(&api, id, "one").await;
    assert_eq!(
        (&message["status"], &message["evidence"]),
        (&json!("answered"), &json!("hook")),
        "{message}"
    );
    assert_eq!(reply, "told one");
    let (message, _) = answer(&api, id, "fail now").await;
    assert_eq!(message["status"], "failed");
    assert_eq!(message["reason"], "no such thing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapper_keeps_exit_code_and_last_words() {
    let mut site = Site::new();
    let wrapper =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../agent-wrappers/wrap.sh");
    let text = "#!/bin/bash\necho 'cannot find the model'\nexit 9\n";
    let hasty = program(&site, "hasty", text);
    let orchestra = crate::support::daemon::ORCHESTRA;
    site.config = format!(
        "[kinds.hasty]\ncommand = {wrapper:?}\nargs = [\"--kind\", \"hasty\", \"--orchestra\", {orchestra:?}, \"--\", {hasty:?}]\nready = '^you>'\n"
    );
    let (_daemon, api) = start(&site);
    let agent = api.must("/api/agents", json!({ "kind": "hasty" })).await;
    let path = format!("/api/agents/{}", agent["id"].as_str().unwrap());
    let agent = until("its end", || async {
        let agent = api.read(&path).await;
        (agent["status"] == "failed").then_some(agent)
    })
    .await;
    assert_eq!(agent["exit_code"], 9, "{agent}");
    let reason = agent["reason"].as_str().unwrap();
    assert!(reason.ends_with("cannot find the model"), "{agent}");
}
