//! `/mcp` as the daemon mounts it: the caller's credential reaches the API, and browsers
//! and foreign names reach nothing.

use super::api::{Book, router};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use orchestra::mcp::http::http_service;
use serde_json::{Value, json};
use tower::ServiceExt;

fn app(book: &Book) -> Router {
    let hosts = vec!["localhost".to_owned(), "orchestra.example".to_owned()];
    Router::new().route_service("/mcp", http_service(router(book.clone()), hosts))
}

async fn post(app: &Router, headers: &[(&str, &str)], message: &Value) -> Response<Body> {
    let mut request = Request::post("/mcp")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-11-25");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(message.to_string())).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

async fn value(response: Response<Body>) -> Value {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    // One answer: as JSON, or as the only event with data.
    let data = text
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .next_back();
    serde_json::from_str(data.unwrap_or(&text)).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn call(tool: &str, arguments: &Value) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": tool, "arguments": arguments },
    })
}

#[tokio::test]
async fn a_call_acts_with_its_own_credential() {
    let book = Book::default();
    let app = app(&book);
    let wait = call(
        "delegate",
        &json!({ "specialist": "droid", "task": "x", "wait_ms": 0 }),
    );
    let host = ("host", "orchestra.example");
    let good = post(&app, &[host, ("authorization", "Bearer good")], &wait).await;
    assert_eq!(good.status(), StatusCode::OK);
    let result = value(good).await["result"].clone();
    assert_eq!(result["structuredContent"]["task_id"], 7, "{result}");
    // The same message again is another call: nothing ties it to the first.
    let again = post(&app, &[host, ("authorization", "Bearer good")], &wait).await;
    assert_eq!(
        value(again).await["result"]["structuredContent"]["task_id"],
        8
    );
    for (headers, words) in [
        (&[host][..], "no right"),
        (&[host, ("authorization", "Bearer bad")], "no right"),
    ] {
        let result = value(post(&app, headers, &wait).await).await["result"].clone();
        assert_eq!(result["isError"], true, "{result}");
        assert!(result.to_string().contains(words), "{result}");
    }
    let tokens: Vec<String> = book
        .seen("/api/delegate")
        .into_iter()
        .map(|seen| seen.token)
        .collect();
    assert_eq!(tokens, ["good", "good", "", "bad"]);
}

#[tokio::test]
async fn browsers_and_foreign_names_are_refused() {
    let book = Book::default();
    let app = app(&book);
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
    for headers in [
        &[("host", "evil.example")][..],
        &[("host", "localhost"), ("origin", "http://localhost")],
        &[("host", "localhost"), ("origin", "https://evil.example")],
        &[("host", "localhost"), ("origin", "null")],
    ] {
        let answer = post(&app, headers, &list).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{headers:?}");
    }
    let answer = post(&app, &[("host", "localhost")], &list).await;
    assert_eq!(
        value(answer).await["result"]["tools"]
            .as_array()
            .unwrap()
            .len(),
        7
    );
    assert!(book.seen("/").is_empty());
}
