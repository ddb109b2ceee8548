//! What only an installation with the local issuer can do: mint, log in, renew.

use super::issuer::{MAX_LIFE, Minted};
use super::peer::{PeerError, UnixPeer, check_owner};
use super::permission::Role;
use super::principal::Principal;
use super::{Auth, AuthError, login};
use crate::model::limits::{MAX_TITLE, label};
use crate::store::users::UserRow;
use crate::store::{self, StoreError};
use orchestra_protocol::auth::{
    Challenge, Device, DeviceKey, ExchangeRequest, RenewRequest, TokenAnswer,
};
use orchestra_protocol::time::Timestamp;
use serde_json::Value;
use std::time::Duration;

const REFUSED: AuthError = AuthError::Refused("login");

impl Auth {
    /// Refuses a local caller that is another user or one of our agents.
    ///
    /// # Errors
    /// Says which.
    pub fn check_local(&self, peer: UnixPeer) -> Result<(), PeerError> {
        let panes = self.0.panes.get().map(|list| list()).unwrap_or_default();
        check_owner(peer, &panes)
    }

    /// True for the person whose machine this is: the owner by the local issuer's word.
    pub fn is_owner(&self, principal: &Principal) -> bool {
        let user = &principal.user;
        let local = self
            .0
            .local
            .as_ref()
            .is_some_and(|local| local.name == user.issuer);
        local && user.subject == self.0.owner
    }

    /// The public keys of the local issuer.
    ///
    /// # Errors
    /// `NoLocalIssuer`.
    pub fn jwks(&self) -> Result<Value, AuthError> {
        Ok(self
            .0
            .local
            .as_ref()
            .ok_or(AuthError::NoLocalIssuer)?
            .jwks())
    }

    /// Signs with a new key from now on.
    ///
    /// # Errors
    /// `NoLocalIssuer`, or when the key cannot be written.
    pub fn rotate_keys(&self) -> Result<(), AuthError> {
        let local = self.0.local.as_ref().ok_or(AuthError::NoLocalIssuer)?;
        local.rotate()?;
        self.0.verifier.keys.install(&local.jwks());
        Ok(())
    }

    /// A token for `subject`, or for the owner; the user is made when it is new.
    ///
    /// # Errors
    /// `NoLocalIssuer`, a bad subject or life, or when the store fails.
    pub async fn mint(
        &self,
        role: Role,
        subject: Option<&str>,
        life: Duration,
    ) -> Result<Minted, AuthError> {
        if life.is_zero() || life > MAX_LIFE {
            return Err(AuthError::Invalid(
                "a token lives from 1 second to 24 hours",
            ));
        }
        let subject = subject.unwrap_or(&self.0.owner);
        label("sub", subject, MAX_TITLE)
            .map_err(|_| AuthError::Invalid("sub must be a name of at most 200 characters"))?;
        let local = self.0.local.as_ref().ok_or(AuthError::NoLocalIssuer)?;
        let first = if subject == self.0.owner {
            Role::Admin
        } else {
            role
        };
        let user = self.local_user(&local.name, subject, first).await?;
        Ok(local.mint(role, subject, &user.name, None, life)?)
    }

    /// A secret for a login link; it logs the owner in once, within 5 minutes.
    ///
    /// # Errors
    /// `NoLocalIssuer`.
    pub fn login_secret(&self) -> Result<(String, Timestamp), AuthError> {
        self.0.local.as_ref().ok_or(AuthError::NoLocalIssuer)?;
        Ok(self.0.logins.secret(&self.0.owner))
    }

    /// A one-time secret and a device's public key for a device and its first token.
    ///
    /// # Errors
    /// When the key or label is bad, or the secret is unknown, used or too old.
    pub async fn exchange(&self, request: &ExchangeRequest) -> Result<TokenAnswer, AuthError> {
        let local = self.0.local.as_ref().ok_or(AuthError::NoLocalIssuer)?;
        Self::check_device(&request.key, &request.label)?;
        let subject = self.0.logins.take(&request.secret).ok_or(REFUSED)?;
        let user = self.local_user(&local.name, &subject, Role::Admin).await?;
        if user.locked_at.is_some() {
            return Err(AuthError::Refused("locked"));
        }
        self.new_device(&user, &request.key, &request.label).await
    }

    pub(in crate::auth) fn check_device(key: &DeviceKey, name: &str) -> Result<(), AuthError> {
        if login::point(key).is_none() {
            return Err(AuthError::Invalid(
                "key must be a public P-256 key as a JWK",
            ));
        }
        label("label", name, MAX_TITLE)
            .map_err(|_| AuthError::Invalid("label must be a line of at most 200 characters"))?;
        Ok(())
    }

    /// A device of a user that proved who it is, and its first token.
    pub(in crate::auth) async fn new_device(
        &self,
        user: &UserRow,
        key: &DeviceKey,
        name: &str,
    ) -> Result<TokenAnswer, AuthError> {
        let key = store::to_json("device key", key)?;
        let end = self.device_end();
        let device = store::devices::insert(&self.0.store, &user.id, name, &key, end).await?;
        self.token_of(user, &device.id)
    }

    /// Something for a device to sign.
    ///
    /// # Errors
    /// `NoLocalIssuer`.
    pub fn challenge(&self, device: &str) -> Result<Challenge, AuthError> {
        self.0.local.as_ref().ok_or(AuthError::NoLocalIssuer)?;
        Ok(self.0.logins.challenge(device))
    }

    /// A signed challenge for a new token; the device's life begins anew.
    ///
    /// # Errors
    /// When the challenge, device or signature is not good, all alike.
    pub async fn renew(&self, request: &RenewRequest) -> Result<TokenAnswer, AuthError> {
        self.0.local.as_ref().ok_or(AuthError::NoLocalIssuer)?;
        let logins = &self.0.logins;
        if !logins.fresh(&request.device_id, &request.challenge) {
            return Err(REFUSED);
        }
        let store = &self.0.store;
        let device = store::devices::find(store, &request.device_id)
            .await?
            .ok_or(REFUSED)?;
        let key: DeviceKey = store::json("device key", &device.public_key)?;
        if !login::signed(&key, &request.challenge, &request.signature)
            || !logins.answer(&request.challenge)
        {
            return Err(REFUSED);
        }
        let user = store::users::get(store, &device.user_id).await?;
        if user.locked_at.is_some() {
            return Err(AuthError::Refused("locked"));
        }
        match store::devices::used(store, &device.id, self.device_end()).await {
            Err(StoreError::Conflict(_)) => return Err(AuthError::Refused("device")),
            other => other?,
        }
        self.token_of(&user, &device.id)
    }

    /// The caller's devices, the last used first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn devices(&self, principal: &Principal) -> Result<Vec<Device>, AuthError> {
        let rows = store::devices::of_user(&self.0.store, &principal.user.id).await?;
        let current = principal.device_id.as_deref();
        let view = rows.into_iter().map(|row| Device {
            current: current == Some(row.id.as_str()),
            id: row.id,
            label: row.label,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        });
        Ok(view.collect())
    }

    /// Takes a device of the caller back; its tokens and sockets end within 5 s.
    ///
    /// # Errors
    /// When the caller has no such device or the store fails.
    pub async fn revoke_device(&self, principal: &Principal, id: &str) -> Result<(), AuthError> {
        store::devices::revoke(&self.0.store, &principal.user.id, id).await?;
        self.bump();
        Ok(())
    }

    /// Ends the caller's login: its token and its device.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn logout(&self, principal: &Principal) -> Result<(), AuthError> {
        if let Some(device) = &principal.device_id {
            store::devices::revoke(&self.0.store, &principal.user.id, device).await?;
        }
        if let (Some(token), Some(end)) = (&principal.token_id, principal.expires_at) {
            store::devices::revoke_token(&self.0.store, token, end).await?;
        }
        self.bump();
        Ok(())
    }

    async fn local_user(
        &self,
        issuer: &str,
        subject: &str,
        role: Role,
    ) -> Result<UserRow, AuthError> {
        let role = Some(role.name());
        Ok(store::users::seen(&self.0.store, issuer, subject, subject, role).await?)
    }

    fn token_of(&self, user: &UserRow, device: &str) -> Result<TokenAnswer, AuthError> {
        let local = self.0.local.as_ref().ok_or(AuthError::NoLocalIssuer)?;
        let role = user
            .role
            .as_deref()
            .and_then(Role::parse)
            .unwrap_or(Role::Viewer);
        let life = Duration::from_secs(self.0.settings.token_ttl_s);
        let minted = local.mint(role, &user.subject, &user.name, Some(device), life)?;
        Ok(TokenAnswer {
            access_token: minted.token,
            expires_at: minted.expires_at,
            device_id: Some(device.to_owned()),
        })
    }

    fn device_end(&self) -> Timestamp {
        let days = i64::from(self.0.settings.device_ttl_days);
        Timestamp(Timestamp::now().0 + days * 86_400_000)
    }
}
