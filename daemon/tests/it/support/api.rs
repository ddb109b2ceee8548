//! REST as a client sees it: status and JSON.

use serde_json::Value;

/// A caller with one token.
#[derive(Clone)]
pub(crate) struct Api {
    pub base: String,
    pub token: String,
    client: reqwest::Client,
}

impl Api {
    /// A caller of that daemon; an empty token sends none.
    pub(crate) fn new(base: &str, token: &str) -> Self {
        Self {
            base: base.to_owned(),
            token: token.to_owned(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// The same caller at another address, after a restart.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self::new(base, &self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(self.request(reqwest::Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(self.request(reqwest::Method::POST, path).json(&body))
            .await
    }

    /// A POST that has to succeed.
    pub(crate) async fn must(&self, path: &str, body: Value) -> Value {
        let (status, value) = self.post(path, body).await;
        assert!(
            (200..300).contains(&status),
            "POST {path}: {status} {value}"
        );
        value
    }

    /// A GET that has to succeed.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let (status, value) = self.get(path).await;
        assert_eq!(status, 200, "GET {path}: {value}");
        value
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        if self.token.is_empty() {
            return request;
        }
        request.bearer_auth(&self.token)
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }
}
