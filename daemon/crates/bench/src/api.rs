//! REST as any client speaks it, over TCP or over the daemon's Unix socket.

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;

/// Life of a token; no run takes longer.
const TOKEN_LIFE_S: u64 = 3600;

/// A caller with one token.
#[derive(Clone)]
pub(crate) struct Api {
    pub base: String,
    pub token: String,
    client: reqwest::Client,
}

impl Api {
    /// A caller of that daemon.
    pub(crate) fn new(base: &str, token: &str) -> anyhow::Result<Self> {
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
            client: reqwest::Client::builder().no_proxy().build()?,
        })
    }

    /// GET that has to succeed.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None).await
    }

    /// POST that has to succeed.
    pub(crate) async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method.clone(), url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let request = request.bearer_auth(&self.token);
        answer(request)
            .await
            .with_context(|| format!("{method} {path}"))
    }
}

/// A token of that user, minted by the daemon over its Unix socket.
pub(crate) async fn mint(socket: &Path, role: &str, sub: &str) -> anyhow::Result<String> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .unix_socket(socket)
        .build()?;
    let body = json!({"role": role, "sub": sub, "ttl_s": TOKEN_LIFE_S});
    let request = client.post("http://localhost/api/local/token").json(&body);
    let value = answer(request).await.context("POST /api/local/token")?;
    let token = value["access_token"].as_str().context("no access_token")?;
    Ok(token.to_owned())
}

async fn answer(request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
    let response = request.send().await?;
    let status = response.status();
    let text = response.text().await?;
    ensure!(status.is_success(), "{status}: {text}");
    Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
