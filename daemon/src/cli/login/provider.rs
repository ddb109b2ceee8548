//! The OIDC provider that a daemon elsewhere names: where it is asked, and what is kept of
//! its answer.

use crate::auth::jwks::remote::{FetchError, Remote};
use crate::cli::client::kept::{Kept, Renewal, granted};
use crate::cli::failure::Failure;
use crate::cli::output;
use orchestra_protocol::auth::ClientConfig;
use serde_json::Value;

/// What is asked for: who it is, and a token that renews the login.
pub(super) const SCOPE: &str = "openid profile offline_access";

/// A provider and the command line's client there.
pub(super) struct Provider {
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) audience: String,
    document: Value,
}

impl Provider {
    /// Reads the provider's own description of itself.
    ///
    /// # Errors
    /// When the daemon names no client for the command line, or the provider does not
    /// answer.
    pub(super) async fn find(url: &str, config: &ClientConfig) -> Result<Self, Failure> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let client_id = text(&config.cli_client_id);
        if client_id.is_empty() {
            let text = format!(
                "{url} names no client for the command line; its admin sets auth.cli_client_id"
            );
            return Err(Failure::Failed(text));
        }
        let issuer = text(&config.issuer);
        let failed = |error: FetchError| Failure::Failed(error.to_string());
        let remote = Remote::new(&issuer).map_err(failed)?;
        Ok(Self {
            document: remote.discover().await.map_err(failed)?,
            issuer,
            client_id,
            audience: text(&config.audience),
        })
    }

    /// An address of the provider, by the name that its description has for it.
    ///
    /// # Errors
    /// When it offers none.
    pub(super) fn endpoint(&self, name: &str) -> Result<&str, Failure> {
        self.document[name].as_str().ok_or_else(|| {
            Failure::Failed(format!(
                "the login provider {} does not offer this login ({name}); use --token-file",
                self.issuer
            ))
        })
    }

    /// True when it offers a login by a code that is confirmed elsewhere.
    pub(super) fn gives_codes(&self) -> bool {
        self.document["device_authorization_endpoint"].is_string()
    }

    /// True when it says its name with each answer (RFC 9207).
    pub(super) fn signs_answers(&self) -> bool {
        self.document["authorization_response_iss_parameter_supported"] == true
    }

    /// What is kept of the token endpoint's answer.
    ///
    /// # Errors
    /// When it holds no token.
    pub(super) fn kept(&self, url: &str, answer: &Value) -> Result<Kept, Failure> {
        let (access_token, expires_at) = granted(answer)?;
        Ok(Kept {
            url: url.to_owned(),
            access_token,
            expires_at,
            renewal: match answer["refresh_token"].as_str() {
                Some(token) => Renewal::Refresh {
                    endpoint: self.endpoint("token_endpoint")?.to_owned(),
                    client_id: self.client_id.clone(),
                    token: token.to_owned(),
                },
                None => Renewal::Nothing,
            },
        })
    }
}

/// What a refusal says.
pub(super) fn no(answer: &Value) -> Failure {
    let said = ["error_description", "error"]
        .iter()
        .find_map(|name| answer[*name].as_str())
        .unwrap_or("no reason was given");
    let said: String = output::plain(said).chars().take(300).collect();
    Failure::Failed(format!("the login provider refuses: {said}"))
}
