//! People: local accounts, roles, locks, shares, and ending agents in bulk, as the page
//! and the command line use them.

use crate::login::device;
use crate::support::api::Api;
use crate::support::daemon::{Daemon, Site};
use crate::support::socket::Socket;
use crate::support::wait::until;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Output, Stdio};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Runs a command with this on its stdin.
pub(crate) fn told(site: &Site, arguments: &[&str], stdin: &str) -> Output {
    let mut child = site
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(stdin.as_bytes()).unwrap();
    drop(pipe);
    child.wait_with_output().unwrap()
}

fn good(output: &Output) -> Value {
    let (out, err) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}");
    serde_json::from_slice(out).unwrap_or(Value::Null)
}

fn request(name: &str, password: &str) -> Value {
    let (_, jwk) = device();
    json!({"name": name, "password": password, "key": jwk, "label": "A test"})
}

async fn log_in(daemon: &Daemon, name: &str, password: &str) -> Api {
    let open = Api::new(&daemon.url, "");
    let answer = open.must("/api/auth/login", request(name, password)).await;
    Api::new(&daemon.url, answer["access_token"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_logs_in_with_its_password_until_it_is_locked_or_changed() {
    let mut site = Site::new();
    site.config = "[limits]\nlogin_attempts_per_minute = 1000\n".into();
    let daemon = site.start();
    let open = Api::new(&daemon.url, "");
    let config = open.read("/api/client-config").await;
    assert_eq!(config["accounts"], false);
    let add = ["user", "add", "alice", "--role", "developer", "--json"];
    let short = told(&site, &add, "short\n");
    assert_eq!(short.status.code(), Some(1), "a short password is refused");
    let alice = good(&told(&site, &add, &format!("{PASSWORD}\n")));
    assert_eq!(
        (&alice["role"], &alice["account"]),
        (&json!("developer"), &json!(true))
    );
    let again = told(&site, &add, &format!("{PASSWORD}\n"));
    assert!(String::from_utf8_lossy(&again.stderr).contains("account of that name"));
    assert_eq!(open.read("/api/client-config").await["accounts"], true);

    let mut refusals = Vec::new();
    for (name, password) in [
        ("alice", "wrong horse battery"),
        ("alice", ""),
        ("nobody", PASSWORD),
        ("Alice", PASSWORD),
        ("tester", PASSWORD),
    ] {
        let (status, mut body) = open.post("/api/auth/login", request(name, password)).await;
        assert_eq!(status, 401, "{name} {password}: {body}");
        body["instance"] = Value::Null;
        refusals.push(body);
    }
    assert!(
        refusals.windows(2).all(|two| two[0] == two[1]),
        "a wrong name and a wrong password look alike"
    );
    let page = log_in(&daemon, "alice", PASSWORD).await;
    assert_eq!(page.read("/api/me").await["roles"], json!(["developer"]));
    assert_eq!(page.get("/api/admin/users").await.0, 403);

    good(&told(&site, &["user", "role", "alice", "viewer"], ""));
    let fewer = until("the role to reach the token", || async {
        let me = page.read("/api/me").await;
        (me["roles"] == json!(["viewer"])).then_some(me)
    });
    fewer.await;
    let mut socket = Socket::open(&page).await;
    let listed = good(&told(&site, &["user", "lock", "alice", "--json"], ""));
    assert!(listed["locked_at"].is_string(), "{listed}");
    assert_eq!(socket.closed().await, Some(4403), "W10: locked");
    assert_eq!(page.get("/api/me").await.0, 401);
    let locked = open.post("/api/auth/login", request("alice", PASSWORD));
    assert_eq!(locked.await.0, 401);
    good(&told(&site, &["user", "unlock", "alice"], ""));

    let page = log_in(&daemon, "alice", PASSWORD).await;
    let new = told(
        &site,
        &["user", "passwd", "alice"],
        "another horse battery\n",
    );
    good(&new);
    until("the old device to end", || async {
        (page.get("/api/me").await.0 == 401).then_some(())
    })
    .await;
    let old = open.post("/api/auth/login", request("alice", PASSWORD));
    assert_eq!(old.await.0, 401);
    log_in(&daemon, "alice", "another horse battery").await;
    let table = site.run(&["user", "list"]);
    assert!(String::from_utf8_lossy(&table.stdout).contains("alice"));
    s04_no_password_is_kept_anywhere(&site);
}

/// S04, S01: neither right nor wrong passwords are in the log, the record or the database.
fn s04_no_password_is_kept_anywhere(site: &Site) {
    let mut folders = vec![site.data.clone(), site.data.with_file_name("daemon.log")];
    let mut seen = 0;
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            let inside = std::fs::read_dir(&path).unwrap();
            folders.extend(inside.map(|entry| entry.unwrap().path()));
        } else if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            seen += 1;
            for secret in [PASSWORD, "wrong horse battery", "another horse battery"] {
                let found = bytes
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes());
                assert!(!found, "{} holds {secret:?}", path.display());
            }
        }
    }
    assert!(seen > 4, "{seen} files were looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn s04_n03_guessing_passwords_is_slowed_down() {
    let site = Site::new();
    let daemon = site.start();
    let admin = daemon.api(&site, "admin", "root");
    let account = json!({"name": "alice", "role": "viewer", "password": PASSWORD});
    admin.must("/api/admin/users", account).await;
    let open = Api::new(&daemon.url, "");
    let mut last = 401;
    for _ in 0..12 {
        last = open
            .post("/api/auth/login", request("alice", "a wrong guess"))
            .await
            .0;
    }
    assert_eq!(last, 429);
    let right = open.post("/api/auth/login", request("alice", PASSWORD));
    assert_eq!(
        right.await.0,
        429,
        "the limit does not tell when it is right"
    );
    assert_eq!(admin.get("/api/me").await.0, 200, "who is in stays in");
}

#[tokio::test(flavor = "multi_thread")]
async fn r02_r04_w11_a_share_lets_read_or_type_and_ends_within_five_seconds() {
    let site = Site::new();
    let daemon = site.start();
    let ann = daemon.api(&site, "developer", "ann");
    let bob = daemon.api(&site, "developer", "bob");
    let viewer = daemon.api(&site, "viewer", "vic");
    for one in [&bob, &viewer] {
        one.read("/api/me").await;
    }
    let agent = ann.must("/api/agents", json!({"kind": "shell"})).await;
    let id = agent["id"].as_str().unwrap();
    let at = format!("/api/agents/{id}");
    let shares = format!("{at}/shares");
    let put = async |api: &Api, user: &str, rights: &str| {
        let request = api.request(reqwest::Method::PUT, &format!("{shares}/{user}"));
        api.send(request.json(&json!({"rights": rights}))).await.0
    };
    assert_eq!(bob.get(&at).await.0, 404);
    assert_eq!(put(&bob, "bob", "type").await, 404, "nobody lets itself in");
    assert_eq!(put(&ann, "nobody", "read").await, 404);
    assert_eq!(put(&ann, "bob", "own").await, 400);
    assert_eq!(put(&ann, "bob", "read").await, 204);

    assert_eq!(bob.get(&at).await.0, 200);
    let listed = bob.read("/api/agents").await;
    assert_eq!(listed["items"][0]["id"], json!(id), "R03: lists show it");
    assert_eq!(viewer.read("/api/agents").await["items"], json!([]));
    let typed = json!({"text": "x"});
    let input = format!("{at}/input");
    assert_eq!(bob.post(&input, typed.clone()).await.0, 403);
    assert_eq!(bob.post(&format!("{at}/kill"), json!({})).await.0, 403);
    assert_eq!(put(&bob, "vic", "read").await, 403, "only the owner shares");
    assert_eq!(bob.get(&shares).await.0, 403);

    assert_eq!(put(&ann, "bob", "type").await, 204);
    assert_eq!(put(&ann, "vic", "type").await, 204);
    assert_eq!(bob.post(&input, typed.clone()).await.0, 204);
    let role = viewer.post(&input, typed).await.0;
    assert_eq!(role, 403, "a share gives no right that the role lacks");
    assert_eq!(bob.post(&format!("{at}/kill"), json!({})).await.0, 403);
    let people = ann.read(&shares).await;
    assert_eq!(people["items"].as_array().unwrap().len(), 2);

    let mut socket = Socket::open(&bob).await;
    let session = agent["session_id"].clone();
    let watch = json!({"type": "subscribe_terminal", "session_id": session});
    socket.send(watch).await;
    socket
        .until("the terminal", |value| value["type"] == "subscribed")
        .await;
    let end = ann.request(reqwest::Method::DELETE, &format!("{shares}/bob"));
    assert_eq!(ann.send(end).await.0, 204);
    assert_eq!(bob.get(&at).await.0, 404);
    let input = json!({"type": "terminal_input", "session_id": session, "data": "x"});
    socket.send(input).await;
    let error = socket.until("the refusal", |value| value["type"] == "error");
    assert_eq!(error.await["status"], 404);
    assert_eq!(bob.read("/api/agents").await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_ends_all_of_one_person_or_of_everybody_but_only_when_it_is_meant() {
    let site = Site::new();
    let daemon = site.start();
    let admin = daemon.api(&site, "admin", "root");
    let ann = daemon.api(&site, "developer", "ann");
    let bob = daemon.api(&site, "developer", "bob");
    for api in [&ann, &ann, &bob] {
        api.must("/api/agents", json!({"kind": "shell"})).await;
    }
    let _socket = Socket::open(&ann).await;
    let people = admin.read("/api/admin/users").await;
    let of = |name: &str| {
        let people = people["items"].as_array().unwrap();
        people
            .iter()
            .find(|one| one["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&of("ann")["agents"], &of("ann")["sockets"]),
        (&json!(2), &json!(1))
    );
    let sockets = admin.read("/api/admin/sockets").await;
    assert_eq!(sockets["items"][0]["name"], "ann");
    let order = json!({"user": of("ann")["id"], "confirm": "bob"});
    assert_eq!(admin.post("/api/admin/kill", order).await.0, 400);
    let order = json!({"user": of("ann")["id"], "confirm": "ann"});
    assert_eq!(bob.post("/api/admin/kill", order.clone()).await.0, 403);
    let done = admin.must("/api/admin/kill", order).await;
    assert_eq!(done["killed"].as_array().unwrap().len(), 2);
    assert_eq!(ann.read("/api/agents/active").await["items"], json!([]));
    let left = bob.read("/api/agents/active").await;
    assert_eq!(left["items"].as_array().unwrap().len(), 1);

    let unmeant = told(&site, &["kill", "--all"], "yes\n");
    assert_eq!(unmeant.status.code(), Some(1));
    let done = good(&told(&site, &["kill", "--all", "--json"], "everything\n"));
    assert_eq!(done["killed"].as_array().unwrap().len(), 1);
    assert_eq!(bob.read("/api/agents/active").await["items"], json!([]));

    let own = admin.read("/api/me").await["principal"]["id"].clone();
    let lock = json!({"user": own, "locked": true});
    assert_eq!(admin.post("/api/admin/locks", lock).await.0, 409);
}
