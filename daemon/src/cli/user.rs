//! `orchestra user …` and `orchestra share`: people, their roles, locks and passwords.

use super::account::Role;
use super::client::{Call, Client};
use super::connection::Connection;
use super::failure::Failure;
use super::{output, tty, values};
use axum::http::Method;
use clap::{Args, Subcommand};
use orchestra_protocol::admin::{
    AccountChange, AccountRequest, LockRequest, ShareRequest, ShareRights, UserView,
};
use orchestra_protocol::problem::Problem;
use secrecy::ExposeSecret as _;

/// People: local accounts, roles, locks.
#[derive(Debug, Args)]
pub struct UserArgs {
    #[command(subcommand)]
    pub action: Action,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Debug, Subcommand)]
pub enum Action {
    /// A new local account; asks for its password, or reads it from stdin.
    Add {
        name: String,
        #[arg(long, value_enum)]
        role: Role,
    },
    /// Everybody who was ever here.
    List,
    /// Another role for a local user.
    Role {
        name: String,
        #[arg(value_enum)]
        role: Role,
    },
    /// Locks somebody out everywhere within five seconds; the agents run on.
    Lock { name: String },
    /// Lets somebody in again.
    Unlock { name: String },
    /// Another password for a local account; ends its logins.
    Passwd { name: String },
}

/// Lets somebody read an agent of yours, or type into it.
#[derive(Debug, Args)]
pub struct ShareArgs {
    /// Such as droid-001.
    pub id: String,
    /// Name or id of the person.
    pub user: String,
    /// Also lets them type, send messages and decide.
    #[arg(long = "type", conflicts_with = "stop")]
    pub typing: bool,
    /// Takes it back.
    #[arg(long)]
    pub stop: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// Runs one of them.
///
/// # Errors
/// When the daemon is not reachable or refuses.
pub async fn run(args: UserArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    let json = args.connection.json;
    let done = match args.action {
        Action::List => return list(&client, json).await,
        Action::Add { name, role } => {
            let password = tty::secret(&format!("Password for {}:", output::plain(&name)))?;
            let request = AccountRequest {
                name,
                role: role.name().to_owned(),
                password: password.expose_secret().to_owned(),
            };
            client.post("/api/admin/users", &request).await?
        }
        Action::Role { name, role } => {
            let role = Some(role.name().to_owned());
            change(
                &client,
                &name,
                AccountChange {
                    role,
                    password: None,
                },
            )
            .await?
        }
        Action::Passwd { name } => {
            let password = tty::secret(&format!("New password for {}:", output::plain(&name)))?;
            let password = Some(password.expose_secret().to_owned());
            change(
                &client,
                &name,
                AccountChange {
                    role: None,
                    password,
                },
            )
            .await?
        }
        Action::Lock { name } => lock(&client, &name, true).await?,
        Action::Unlock { name } => lock(&client, &name, false).await?,
    };
    show(&[done], json);
    Ok(())
}

/// Shares an agent or takes that back.
///
/// # Errors
/// When the daemon is not reachable or refuses.
pub async fn share(args: &ShareArgs) -> Result<(), Failure> {
    let id = values::agent(&args.id)?;
    let user = values::segment(&args.user);
    let path = format!("/api/agents/{id}/shares/{user}");
    let client = args.connection.client()?;
    let call = if args.stop {
        Call::new(Method::DELETE, path)
    } else {
        let rights = if args.typing {
            ShareRights::Type
        } else {
            ShareRights::Read
        };
        Call::new(Method::PUT, path).json(&ShareRequest { rights })?
    };
    client.fetch::<()>(call).await?;
    if !args.connection.json {
        let what = if args.stop {
            "is not shared with"
        } else {
            "is shared with"
        };
        output::line(&format!("{id} {what} {}", output::plain(&args.user)));
    }
    Ok(())
}

/// The one person of that name or id.
///
/// # Errors
/// When there is none or more than one.
pub async fn find(client: &Client, name: &str) -> Result<UserView, Failure> {
    let mut people: Vec<UserView> = client.list("/api/admin/users").await?;
    people.retain(|one| one.id == name || one.name == name);
    match people.len() {
        1 => Ok(people.remove(0)),
        0 => {
            let text = format!("there is no user {name:?}; orchestra user list shows them");
            Err(Failure::Problem(Problem::new(
                404,
                "not_found",
                "Not found",
                text,
            )))
        }
        _ => Err(Failure::Usage(format!(
            "more than one person is called {name:?}; use the id from orchestra user list"
        ))),
    }
}

async fn change(client: &Client, name: &str, change: AccountChange) -> Result<UserView, Failure> {
    let user = find(client, name).await?;
    let path = format!("/api/admin/users/{}", user.id);
    client
        .fetch(Call::new(Method::PATCH, path).json(&change)?)
        .await
}

async fn lock(client: &Client, name: &str, locked: bool) -> Result<UserView, Failure> {
    let user = find(client, name).await?.id;
    client
        .post("/api/admin/locks", &LockRequest { user, locked })
        .await
}

async fn list(client: &Client, json: bool) -> Result<(), Failure> {
    let people: Vec<UserView> = client.list("/api/admin/users").await?;
    show(&people, json);
    Ok(())
}

fn show(people: &[UserView], json: bool) {
    if json {
        for one in people {
            output::json(one);
        }
        return;
    }
    let rows: Vec<Vec<String>> = people
        .iter()
        .map(|one| {
            let login = match (one.locked_at.is_some(), one.account) {
                (true, _) => "locked",
                (false, true) => "password",
                (false, false) => "link or provider",
            };
            vec![
                output::plain(&one.name),
                one.role.clone().unwrap_or_else(|| "by token".into()),
                login.to_owned(),
                one.agents.to_string(),
                one.sockets.to_string(),
                one.id.clone(),
            ]
        })
        .collect();
    let head = ["NAME", "ROLE", "LOGIN", "AGENTS", "SOCKETS", "ID"];
    output::print_table(&head, &rows, |_, _| output::Tone::Plain);
}
