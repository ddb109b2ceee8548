//! Local login, devices, agents' tokens and tickets over a real store.

use super::forge::installation;
use crate::auth::permission::Role;
use crate::auth::principal::Principal;
use crate::auth::tickets::TicketError;
use crate::auth::{Auth, AuthError};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use orchestra_protocol::auth::{
    DeviceKey, ExchangeRequest, RenewRequest, TicketRights, TokenAnswer,
};
use std::time::Duration;

/// A browser's key.
struct Key(EcdsaKeyPair);

impl Key {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn public(&self) -> DeviceKey {
        let point = self.0.public_key().as_ref();
        DeviceKey {
            kty: "EC".into(),
            crv: "P-256".into(),
            x: URL_SAFE_NO_PAD.encode(&point[1..33]),
            y: URL_SAFE_NO_PAD.encode(&point[33..]),
        }
    }

    fn answer(&self, device: &str, challenge: &str) -> RenewRequest {
        let signature = self
            .0
            .sign(&SystemRandom::new(), challenge.as_bytes())
            .unwrap();
        RenewRequest {
            device_id: device.into(),
            challenge: challenge.into(),
            signature: URL_SAFE_NO_PAD.encode(signature.as_ref()),
        }
    }
}

async fn log_in(auth: &Auth, key: &Key) -> TokenAnswer {
    let (secret, _) = auth.login_secret().unwrap();
    let request = ExchangeRequest {
        secret,
        key: key.public(),
        label: "Firefox".into(),
    };
    auth.exchange(&request).await.unwrap()
}

#[tokio::test]
async fn a_login_link_works_once_and_makes_a_device_that_renews() {
    let (auth, _, _folder) = installation().await;
    let key = Key::new();
    let (secret, _) = auth.login_secret().unwrap();
    let mut request = ExchangeRequest {
        secret,
        key: DeviceKey {
            y: key.public().x,
            ..key.public()
        },
        label: "Firefox".into(),
    };
    assert!(
        matches!(auth.exchange(&request).await, Err(AuthError::Invalid(_))),
        "no such point"
    );
    request.key = key.public();
    let login = auth.exchange(&request).await.unwrap();
    assert!(
        auth.exchange(&request).await.is_err(),
        "the secret is used up"
    );

    let principal = auth.bearer(&login.access_token).await.unwrap();
    assert_eq!(principal.role(), Some(Role::Admin));
    assert_eq!(principal.device_id, login.device_id);
    let device = login.device_id.unwrap();

    let challenge = auth.challenge(&device).unwrap().challenge;
    let stranger = Key::new().answer(&device, &challenge);
    assert!(auth.renew(&stranger).await.is_err(), "another key");
    let answer = key.answer(&device, &challenge);
    let renewed = auth.renew(&answer).await.unwrap();
    assert_eq!(
        auth.bearer(&renewed.access_token).await.unwrap().user,
        principal.user
    );
    assert!(
        auth.renew(&answer).await.is_err(),
        "the challenge is used up"
    );
    let other = auth.challenge("another").unwrap().challenge;
    assert!(
        auth.renew(&key.answer(&device, &other)).await.is_err(),
        "another device's"
    );

    let devices = auth.devices(&principal).await.unwrap();
    assert_eq!((devices.len(), devices[0].current), (1, true));
}

#[tokio::test]
async fn w10_revoking_locking_and_logging_out_end_what_lives() {
    let (auth, store, _folder) = installation().await;
    let first = log_in(&auth, &Key::new()).await;
    let second = log_in(&auth, &Key::new()).await;
    let one = auth.bearer(&first.access_token).await.unwrap();
    let two = auth.bearer(&second.access_token).await.unwrap();
    let before = auth.generation();

    auth.revoke_device(&two, first.device_id.as_ref().unwrap())
        .await
        .unwrap();
    assert_ne!(auth.generation(), before);
    assert!(auth.recheck(&one).await.is_err());
    assert!(auth.bearer(&first.access_token).await.is_err());
    assert!(auth.recheck(&two).await.is_ok());

    // A role taken back reaches the device's tokens, W11.
    crate::store::users::set_role(&store, &two.user.id, "viewer")
        .await
        .unwrap();
    assert_eq!(auth.recheck(&two).await.unwrap().role(), Some(Role::Viewer));

    auth.lock(&two.user.id, true).await.unwrap();
    assert!(matches!(
        auth.recheck(&two).await,
        Err(AuthError::Refused("locked"))
    ));
    assert!(auth.bearer(&second.access_token).await.is_err());
    auth.lock(&two.user.id, false).await.unwrap();
    assert!(auth.bearer(&second.access_token).await.is_ok());

    let minted = auth
        .mint(Role::Developer, Some("ann"), Duration::from_secs(60))
        .await
        .unwrap();
    let ann = auth.bearer(&minted.token).await.unwrap();
    assert_eq!(
        (ann.role(), ann.user.subject.as_str()),
        (Some(Role::Developer), "ann")
    );
    auth.logout(&ann).await.unwrap();
    assert!(auth.bearer(&minted.token).await.is_err());
    let again = auth
        .mint(Role::Viewer, Some("ann"), Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(
        auth.bearer(&again.token).await.unwrap().user.id,
        ann.user.id
    );
}

#[tokio::test]
async fn minting_refuses_odd_lives_and_names() {
    let (auth, _, _folder) = installation().await;
    let minute = Duration::from_secs(60);
    for life in [Duration::ZERO, Duration::from_secs(86_401)] {
        assert!(auth.mint(Role::Viewer, None, life).await.is_err());
    }
    for name in ["", "a\nb", "-x", &"x".repeat(300)] {
        assert!(
            auth.mint(Role::Viewer, Some(name), minute).await.is_err(),
            "{name}"
        );
    }
}

async fn ann(auth: &Auth) -> Principal {
    let minted = auth
        .mint(Role::Developer, Some("ann"), Duration::from_secs(60))
        .await
        .unwrap();
    auth.bearer(&minted.token).await.unwrap()
}

#[tokio::test]
async fn w05_a_ticket_opens_one_socket_of_one_page_within_half_a_minute() {
    let (auth, _, _folder) = installation().await;
    let ann = ann(&auth).await;
    let page = Some("http://localhost:8080");
    let issue = |rights| auth.tickets().issue(&ann, rights, page).unwrap().ticket;

    let ticket = issue(TicketRights::Full);
    let holder = auth.redeem(&ticket, page).await.unwrap();
    assert_eq!(holder.role(), Some(Role::Developer));
    assert!(auth.redeem(&ticket, page).await.is_err(), "replay");

    let reader = auth.redeem(&issue(TicketRights::Read), page).await.unwrap();
    assert_eq!(
        reader.role(),
        Some(Role::Viewer),
        "a ticket to read cannot type"
    );
    assert_eq!(
        auth.recheck(&reader).await.unwrap().role(),
        Some(Role::Viewer)
    );

    for other in [
        None,
        Some("http://evil.test"),
        Some("http://localhost:8081"),
    ] {
        let refused = auth.redeem(&issue(TicketRights::Full), other).await;
        assert!(
            matches!(refused, Err(AuthError::Ticket(TicketError::Origin))),
            "{other:?}"
        );
    }
    let old = issue(TicketRights::Full);
    auth.tickets().age(31_000);
    assert!(auth.redeem(&old, page).await.is_err(), "after 31 s");

    let ticket = issue(TicketRights::Full);
    auth.lock(&ann.user.id, true).await.unwrap();
    assert!(
        auth.redeem(&ticket, page).await.is_err(),
        "locked meanwhile"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w05_one_of_a_thousand_parallel_redeems_wins() {
    let (auth, _, _folder) = installation().await;
    let ann = ann(&auth).await;
    let ticket = auth
        .tickets()
        .issue(&ann, TicketRights::Full, None)
        .unwrap()
        .ticket;
    let wins: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| {
                let redeem = || auth.tickets().redeem(&ticket, None).is_ok();
                scope.spawn(move || (0..125).filter(|_| redeem()).count())
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!(wins, 1);
}

#[tokio::test]
async fn tickets_have_a_cap_for_each_caller() {
    let (auth, _, _folder) = installation().await;
    let ann = ann(&auth).await;
    let issued = (0..300).filter(|_| auth.tickets().issue(&ann, TicketRights::Full, None).is_ok());
    assert_eq!(issued.count(), 256);
    auth.tickets().age(31_000);
    assert!(auth.tickets().issue(&ann, TicketRights::Full, None).is_ok());
}

#[tokio::test]
async fn an_unknown_agent_token_is_refused() {
    let (auth, _, _folder) = installation().await;
    let (token, hash) = crate::auth::new_agent_token();
    let text = secrecy::ExposeSecret::expose_secret(&token);
    assert_eq!(crate::auth::secret::digest(text), hash);
    assert!(matches!(
        auth.bearer(text).await,
        Err(AuthError::Refused("agent_token"))
    ));
}
