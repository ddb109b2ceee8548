//! Local accounts: a name and a password for a device, where no OIDC provider is.

use super::permission::Role;
use super::{Auth, AuthError};
use crate::model::ids::UserId;
use crate::model::limits::label;
use crate::store::users::UserRow;
use crate::store::{self, StoreError};
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use orchestra_protocol::admin::LoginRequest;
use orchestra_protocol::auth::TokenAnswer;

/// Letters of a name.
const MAX_NAME: usize = 64;
/// Letters of a password: fewer are guessed, more only cost time.
const PASSWORD: std::ops::RangeInclusive<usize> = 10..=256;
const REFUSED: AuthError = AuthError::Refused("password");

/// 19 MiB and two passes, argon2id.
fn argon() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn hash(password: &str) -> Result<String, AuthError> {
    let failed = |_| AuthError::Invalid("the password cannot be hashed");
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).map_err(failed)?;
    let hash = argon()
        .hash_password(password.as_bytes(), &salt)
        .map_err(failed)?;
    Ok(hash.to_string())
}

fn matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| argon().verify_password(password.as_bytes(), &hash).is_ok())
}

fn check_password(password: &str) -> Result<(), AuthError> {
    if PASSWORD.contains(&password.chars().count()) {
        Ok(())
    } else {
        Err(AuthError::Invalid("a password has 10 to 256 characters"))
    }
}

impl Auth {
    /// True when somebody may log in with a password here.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_accounts(&self) -> Result<bool, AuthError> {
        Ok(self.0.local.is_some() && store::accounts::any(&self.0.store).await?)
    }

    /// True when people elsewhere have a way to log in: an account, or a provider.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn somebody_logs_in(&self) -> Result<bool, AuthError> {
        Ok(self.0.local.is_none() || self.has_accounts().await?)
    }

    /// Hashing takes memory and time on purpose: two at once, and not on the threads that
    /// serve.
    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        let failed = AuthError::Invalid("the daemon is ending");
        let Ok(_permit) = self.0.hashing.acquire().await else {
            return Err(failed);
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| failed)
    }

    /// A new account; its user is made.
    ///
    /// # Errors
    /// When the name is taken, the name or password is not good, or logins are an OIDC
    /// provider's affair.
    pub async fn add_account(
        &self,
        name: &str,
        role: Role,
        password: &str,
    ) -> Result<UserRow, AuthError> {
        let local = self.0.local.as_ref().ok_or(AuthError::NoLocalIssuer)?;
        check_password(password)?;
        let good = label("name", name, MAX_NAME).is_ok_and(|clean| clean == name);
        if !good || name.is_empty() {
            return Err(AuthError::Invalid(
                "a name is a line of at most 64 characters",
            ));
        }
        let password = password.to_owned();
        let hash = self.hashing(move || hash(&password)).await??;
        let role = Some(role.name());
        let store = &self.0.store;
        let before = store::users::find(store, &local.name, name).await?;
        let user = store::users::seen(store, &local.name, name, name, role).await?;
        match store::accounts::insert(store, &user.id, &hash).await {
            Err(StoreError::Conflict(_)) => return Err(AuthError::NameTaken),
            other => other?,
        }
        if before.is_some()
            && let Some(role) = role
        {
            store::users::set_role(store, &user.id, role).await?;
            self.bump();
        }
        Ok(user)
    }

    /// Another role or password for a local user; a new password ends its devices.
    ///
    /// # Errors
    /// When there is no such local user, or the password is not good.
    pub async fn change_account(
        &self,
        id: &UserId,
        role: Option<Role>,
        password: Option<&str>,
    ) -> Result<(), AuthError> {
        let local = self.0.local.as_ref().ok_or(AuthError::NoLocalIssuer)?;
        let store = &self.0.store;
        let user = store::users::get(store, id).await?;
        if user.issuer != local.name {
            return Err(AuthError::NoLocalIssuer);
        }
        if let Some(password) = password {
            check_password(password)?;
            let password = password.to_owned();
            let hash = self.hashing(move || hash(&password)).await??;
            store::accounts::set_password(store, id, &hash).await?;
        }
        if let Some(role) = role {
            store::users::set_role(store, id, role.name()).await?;
        }
        self.bump();
        Ok(())
    }

    /// A name, a password and a device's public key for a device and its first token. A
    /// name that does not exist takes as long as a wrong password.
    ///
    /// # Errors
    /// When the key or label is bad, or name and password do not belong together.
    pub async fn log_in(&self, request: &LoginRequest) -> Result<TokenAnswer, AuthError> {
        let local = self.0.local.as_ref().ok_or(AuthError::NoLocalIssuer)?;
        Self::check_device(&request.key, &request.label)?;
        let store = &self.0.store;
        let user = store::users::find(store, &local.name, &request.name).await?;
        let kept = match &user {
            Some(user) => store::accounts::password(store, &user.id).await?,
            None => None,
        };
        let password = request.password.clone();
        let known = kept.is_some();
        let right = self.hashing(move || match kept {
            // Too long to be anybody's, so that its hash is not worth the time.
            _ if password.len() > 4 * PASSWORD.end() => false,
            Some(kept) => matches(&password, &kept),
            None => hash(&password).is_ok(),
        });
        let right = right.await?;
        let user = user.filter(|_| known && right).ok_or(REFUSED)?;
        if user.locked_at.is_some() {
            return Err(AuthError::Refused("locked"));
        }
        self.new_device(&user, &request.key, &request.label).await
    }
}
