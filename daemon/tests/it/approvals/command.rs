//! The inbox from the command line.

use super::Stage;
use serde_json::{Value, json};

fn run(stage: &Stage, args: &[&str]) -> (i32, String) {
    let done = stage.site.run(args);
    let text = [done.stdout, done.stderr].concat();
    (
        done.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_enough_to_look_allow_and_deny() {
    // The Unix socket knows its own user.
    let user = "tester";
    let stage = Stage::of(user, "").await;
    let (code, said) = run(&stage, &["approvals"]);
    assert_eq!((code, said.trim()), (0, "No agent asks you anything."));
    stage.say("run git init one").await;
    let asked = stage.asked().await;
    let id = asked["id"].as_str().unwrap();
    let short = &id[id.len() - 8..];
    let (code, said) = run(&stage, &["approvals"]);
    assert_eq!(code, 0);
    assert!(
        said.contains(short) && said.contains("git init one"),
        "{said}"
    );
    let (_, said) = run(&stage, &["approvals", short]);
    for part in ["to use Bash", "command: git init one", "Bash(git init *)"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (code, said) = run(&stage, &["approve", "00000000"]);
    assert_eq!(code, 3, "{said}");
    let (code, said) = run(&stage, &["approve", short, "--rule", "Bash(make *)"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("does not cover"), "{said}");
    let (code, said) = run(&stage, &["approve", short]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("allowed: claude-001 git init one"), "{said}");
    stage.made("one").await;
    let (code, said) = run(&stage, &["deny", short]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains(&format!("it was allowed by {user}")),
        "{said}"
    );

    let sent = stage.say("run git init two").await;
    let asked = stage.asked().await;
    let id = asked["id"].as_str().unwrap();
    let (code, said) = run(&stage, &["deny", id, "-m", "no word w51", "--json"]);
    assert_eq!(code, 0, "{said}");
    let ended: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(ended["state"], json!("denied"));
    assert!(stage.answer(&sent).await.contains("no word w51"));

    stage.say("ask which colour").await;
    let asked = stage.asked().await;
    let id = asked["id"].as_str().unwrap();
    let (code, said) = run(&stage, &["approve", id]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("Which colour"), "{said}");
    let (code, said) = run(&stage, &["approve", id, "--answer", "Blue"]);
    assert_eq!(code, 0, "{said}");
    let (_, said) = run(&stage, &["approvals", "--all"]);
    assert_eq!(said.matches("allowed").count(), 2, "{said}");
}
