//! `orchestra login` and `orchestra logout`: a login of the command line at a daemon
//! elsewhere, by password or at its OIDC provider.

mod device_code;
mod loopback;
mod provider;

use super::client::kept::{Kept, Place, Renewal};
use super::client::{Call, Client, Credential, Target};
use super::connection::Connection;
use super::failure::Failure;
use super::{browser, output, tty};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use orchestra_protocol::admin::LoginRequest;
use orchestra_protocol::auth::{ClientConfig, DeviceKey, LoginMode, Me, TokenAnswer};
use provider::Provider;
use secrecy::ExposeSecret as _;

/// Logs this command line in at a daemon elsewhere, named by --url.
///
/// Later commands with the same --url need no token file.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// Name of your account there; default: your user name. With an OIDC provider: unused.
    pub name: Option<String>,
    /// With an OIDC provider: in a browser on this machine. Prints the address where none
    /// can be opened.
    #[arg(long, conflicts_with = "code")]
    pub browser: bool,
    /// With an OIDC provider: by a code that you confirm in a browser anywhere.
    #[arg(long)]
    pub code: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// Ends the login of this command line at a daemon elsewhere.
#[derive(Debug, Args)]
pub struct LogoutArgs {
    #[command(flatten)]
    pub connection: Connection,
}

/// Logs in and keeps the login.
///
/// # Errors
/// When the daemon is not reachable, or the login is refused.
pub async fn login(args: LoginArgs) -> Result<(), Failure> {
    let paths = args.connection.paths()?;
    let client = Client::new(args.connection.target()?, Credential::None);
    let url = safe(&client)?.to_owned();
    let config: ClientConfig = client.get("/api/client-config").await?;
    let kept = match config.login {
        LoginMode::Oidc => {
            let provider = Provider::find(&url, &config).await?;
            let browser = args.browser || browser::here() || !provider.gives_codes();
            if args.code || !browser {
                device_code::log_in(&client, &url, &provider).await?
            } else {
                let folder = paths.config_dir.join("logins");
                loopback::log_in(&client, &url, &provider, config.cli_port, &folder).await?
            }
        }
        LoginMode::Local if config.accounts => local(&client, &url, args.name).await?,
        LoginMode::Local => {
            let text = format!(
                "there are no accounts at {url} yet; on that machine run: orchestra user add NAME \
                 --role developer, or orchestra token"
            );
            return Err(Failure::Failed(text));
        }
    };
    let place = Place::of(&paths, &url);
    place.write(&kept)?;
    let client = Client::new(args.connection.target()?, Credential::Kept(place));
    let me: Me = client.get("/api/me").await?;
    if args.connection.json {
        output::json(&me);
        return Ok(());
    }
    let name = output::plain(&me.principal.name);
    output::line(&match me.roles.first() {
        Some(role) => format!("You are logged in at {url} as {name}, {role}."),
        None => {
            format!(
                "You are logged in at {url} as {name}, but may do nothing there: ask its admin."
            )
        }
    });
    Ok(())
}

/// Ends the login there, and forgets it here.
///
/// # Errors
/// When there is none, or its file cannot be removed.
pub async fn logout(args: LogoutArgs) -> Result<(), Failure> {
    let paths = args.connection.paths()?;
    let target = args.connection.target()?;
    let place = match &target {
        Target::Url { base, .. } => Place::of(&paths, base),
        Target::Socket(_) => return Err(Failure::Usage("say where with --url".into())),
    };
    let client = Client::new(target, Credential::Kept(place.clone()));
    let call = Call::new(Method::POST, "/api/auth/logout").json(&serde_json::json!({}))?;
    let told = client.fetch::<()>(call).await;
    let gone = std::fs::remove_file(place.path());
    told?;
    gone.map_err(|error| Failure::local("the login cannot be forgotten", &error))?;
    if !args.connection.json {
        output::line("You are logged out.");
    }
    Ok(())
}

/// The address, when a password or token may travel to it.
fn safe(client: &Client) -> Result<&str, Failure> {
    let Target::Url { base, .. } = &client.target else {
        let text = "the daemon on this machine knows you without a login; name another with --url";
        return Err(Failure::Usage(text.into()));
    };
    crate::auth::jwks::remote::address(base).map_err(|_| {
        let text = format!("{base} is not https: others on the way would see the login");
        Failure::Usage(text)
    })?;
    Ok(base)
}

/// A password for a device: the key that renews the login stays in the kept file.
async fn local(client: &Client, url: &str, name: Option<String>) -> Result<Kept, Failure> {
    let environment = crate::config::environment();
    let name = name
        .or_else(|| environment.get("USER").cloned())
        .ok_or_else(|| Failure::Usage("say as whom: orchestra login NAME --url …".into()))?;
    let shown = output::plain(&name);
    let password = tty::secret(&format!("Password of {shown} at {url}:"))?;
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(no_key)?;
    let secret = pair.to_pkcs8v1().map_err(no_key)?;
    let request = LoginRequest {
        name,
        password: password.expose_secret().to_owned(),
        key: public(&pair),
        label: format!("Command line on {}", machine()),
    };
    let call = Call::new(Method::POST, "/api/auth/login").json(&request)?;
    let answer: TokenAnswer = client.plain(&call).await?;
    Ok(Kept {
        url: url.to_owned(),
        access_token: answer.access_token,
        expires_at: answer.expires_at,
        renewal: match answer.device_id {
            Some(id) => Renewal::Device {
                id,
                key: URL_SAFE_NO_PAD.encode(secret.as_ref()),
            },
            None => Renewal::Nothing,
        },
    })
}

/// The public half as a JWK: the point is a byte, then both coordinates.
fn public(pair: &EcdsaKeyPair) -> DeviceKey {
    let point = pair.public_key().as_ref();
    let part = |range: std::ops::Range<usize>| {
        URL_SAFE_NO_PAD.encode(point.get(range).unwrap_or_default())
    };
    DeviceKey {
        kty: "EC".into(),
        crv: "P-256".into(),
        x: part(1..33),
        y: part(33..65),
    }
}

fn no_key<E>(_: E) -> Failure {
    Failure::Failed("no key can be made here".into())
}

/// What this machine is called, for the list of devices.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"))
        .unwrap_or_default();
    let name: String = name.trim().chars().take(100).collect();
    if name.is_empty() {
        "a machine".into()
    } else {
        name
    }
}
