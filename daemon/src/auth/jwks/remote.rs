//! Fetches an OIDC issuer's key set: discovery, https only, no redirects, small.

use reqwest::Url;
use serde_json::Value;
use std::time::Duration;

/// Largest document taken.
const MAX_BYTES: usize = 64 * 1024;

/// Why the keys could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{0} is no https address")]
    Address(String),
    #[error("the issuer cannot be reached: {0}")]
    Http(#[from] reqwest::Error),
    #[error("{0} answers with more than 64 KiB")]
    Large(Url),
    #[error("{0} answers with something else than the document asked for")]
    Document(Url),
    #[error("the discovery document is of the issuer {0:?}")]
    Issuer(String),
}

/// Where an issuer's keys are.
pub struct Remote {
    issuer: String,
    discovery: Url,
    client: reqwest::Client,
}

impl Remote {
    /// Checks the address; fetches nothing yet.
    ///
    /// # Errors
    /// When the issuer is no https address (plain http is for loopback only).
    pub fn new(issuer: &str) -> Result<Self, FetchError> {
        let base = issuer.trim_end_matches('/');
        let discovery = address(&format!("{base}/.well-known/openid-configuration"))?;
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(5))
            .build()?;
        Ok(Self {
            issuer: issuer.to_owned(),
            discovery,
            client,
        })
    }

    /// The key set, as the issuer publishes it now.
    ///
    /// # Errors
    /// When a document cannot be fetched or is not what it should be.
    pub async fn fetch(&self) -> Result<Value, FetchError> {
        let document = self.discover().await?;
        let keys = document["jwks_uri"].as_str().unwrap_or_default();
        self.get(&named(&self.discovery, keys)?).await
    }

    /// The discovery document, which has to be this issuer's.
    ///
    /// # Errors
    /// When it cannot be fetched or is another's.
    pub async fn discover(&self) -> Result<Value, FetchError> {
        let document = self.get(&self.discovery).await?;
        let stated = document["issuer"].as_str().unwrap_or_default();
        if stated != self.issuer {
            return Err(FetchError::Issuer(stated.chars().take(200).collect()));
        }
        Ok(document)
    }

    async fn get(&self, url: &Url) -> Result<Value, FetchError> {
        let mut response = self
            .client
            .get(url.clone())
            .send()
            .await?
            .error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(FetchError::Large(url.clone()));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|_| FetchError::Document(url.clone()))
    }
}

/// An address that an issuer names: one elsewhere names nothing of this machine's own.
fn named(issuer: &Url, text: &str) -> Result<Url, FetchError> {
    let url = address(text)?;
    if url.scheme() == "https" || issuer.scheme() == "http" {
        return Ok(url);
    }
    Err(FetchError::Address(text.chars().take(200).collect()))
}

/// An https address; plain http is for loopback only.
///
/// # Errors
/// When it is none.
pub fn address(text: &str) -> Result<Url, FetchError> {
    let refuse = || FetchError::Address(text.chars().take(200).collect());
    let url = Url::parse(text).map_err(|_| refuse())?;
    let host = url.host_str().unwrap_or_default();
    let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let good = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    if good { Ok(url) } else { Err(refuse()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n08_an_issuer_elsewhere_names_nothing_on_this_machine() {
        let (far, near) = ("https://issuer.example", "http://127.0.0.1:9");
        let [far, near] = [far, near].map(|text| Url::parse(text).unwrap());
        for text in [
            "http://127.0.0.1:8080/keys",
            "http://localhost/keys",
            "http://[::1]/keys",
            "http://169.254.169.254/latest/meta-data",
            "http://keys.example/",
            "file:///etc/passwd",
            "unix:/run/docker.sock",
            "gopher://127.0.0.1/",
            "",
        ] {
            assert!(named(&far, text).is_err(), "{text}");
        }
        assert!(named(&far, "https://keys.example/").is_ok());
        assert!(named(&near, "http://127.0.0.1:10/keys").is_ok());
        assert!(named(&near, "http://169.254.169.254/").is_err());
    }
}
