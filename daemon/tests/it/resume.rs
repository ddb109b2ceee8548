//! Sessions of the real Claude Code and Codex, begun without Orchestra, go on as agents.

use crate::support::api::Api;
use crate::support::daemon::Site;
use crate::support::kit::Model;
use crate::support::wait::until;
use serde_json::{Value, json};

async fn only(api: &Api, query: &str) -> Value {
    until("the session to be read", || async {
        let page = api.read(&format!("/api/transcripts?{query}")).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() < 2, "{items:?}");
        let item = items.first()?.clone();
        (item["messages"].as_u64()? >= 2).then_some(item)
    })
    .await
}

async fn answered(api: &Api, agent: &str, text: &str) {
    let path = format!("/api/agents/{agent}/messages");
    let sent = api.must(&path, json!({"text": text})).await;
    until("the answer", || async {
        let list = api.read(&path).await;
        let mut items = list["items"].as_array().unwrap().iter();
        let own = items.find(|item| item["id"] == sent["id"])?;
        assert_ne!(own["status"], "failed", "{own}");
        (own["status"] == "answered").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_begun_by_hand_go_on_with_one_writer_each() {
    let model = Model::start("main-job.json");
    let site = Site::with_clis(&model);
    site.by_hand(&["claude", "-p", "hello by hand"]);
    site.by_hand(&["codex", "exec", "--skip-git-repo-check", "hello by hand"]);
    let daemon = site.start();
    let api = daemon.api(&site, "developer", &site.env["USER"]);
    for kind in ["claude", "codex"] {
        let query = format!("kind={kind}");
        let found = only(&api, &query).await;
        assert_eq!(found["resumable"], true, "{found}");
        let path = format!("/api/transcripts/{}/resume", found["id"].as_str().unwrap());
        // Two at once: one gets it.
        let (one, two) = tokio::join!(api.post(&path, json!({})), api.post(&path, json!({})));
        let mut codes = [one.0, two.0];
        codes.sort_unstable();
        assert_eq!(codes, [201, 409], "{one:?} {two:?}");
        let agent = if one.0 == 201 { one.1 } else { two.1 };
        let agent = agent["id"].as_str().unwrap();
        answered(&api, agent, "and one more word").await;
        let view = until("the same file to have grown", || async {
            let item = only(&api, &query).await;
            (item["messages"].as_u64() > found["messages"].as_u64()).then_some(item)
        })
        .await;
        assert_eq!(
            (&view["id"], &view["agent_id"]),
            (&found["id"], &json!(agent))
        );
        assert_eq!(
            (&view["live"], &view["resumable"]),
            (&json!(true), &json!(false))
        );
        // A copy may begin meanwhile, and leaves the session as it is.
        let fork = api.must(&path, json!({"fork": true})).await;
        let fork = fork["id"].as_str().unwrap();
        answered(&api, fork, "in the copy").await;
        let words = "in%20the%20copy";
        let copy = until("the copy to be found", || async {
            let page = api
                .read(&format!("/api/transcripts?{query}&q={words}"))
                .await;
            page["items"].as_array().unwrap().first().cloned()
        })
        .await;
        assert_ne!(copy["id"], found["id"]);
        for one in [agent, fork] {
            api.must(&format!("/api/agents/{one}/kill"), json!({}))
                .await;
        }
        until("the session to be free", || async {
            let view = api.read(&path.replace("/resume", "?limit=0")).await;
            (view["transcript"]["resumable"] == true).then_some(())
        })
        .await;
    }
}
