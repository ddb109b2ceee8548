//! TLS with a certificate of the owner's. It is read anew when its file changes, so that
//! a renewal needs no restart and no connection is dropped.

use crate::supervise::Tasks;
use parking_lot::RwLock;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Why TLS cannot be served; says what to change.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {path}: {error}")]
    Read {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{0} may be read by others; run: chmod 600 '{0}', and think of the key as known")]
    Open(PathBuf),
    #[error("{path} holds no {what} in PEM form")]
    Empty { path: PathBuf, what: &'static str },
    #[error("server.tls_cert and server.tls_key do not fit each other: {0}")]
    Pair(rustls::Error),
    #[error(
        "the certificate in {path} ended on {day}, and browsers refuse it; put a renewed one there, or listen on \
         127.0.0.1 without server.tls_cert and server.tls_key"
    )]
    Ended { path: PathBuf, day: String },
    #[error(
        "the certificate in {path} begins only on {day}; put one there that is valid now, or set this machine's clock"
    )]
    Early { path: PathBuf, day: String },
    #[error("TLS cannot be set up: {0}")]
    Set(rustls::Error),
}

/// Cheap handle; clone it freely.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
    files: Arc<Files>,
}

/// The certificate that new connections get.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read()))
    }
}

struct Files {
    cert: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
}

/// What changes when a file is replaced or written.
type Stamp = [Option<(u64, u64, SystemTime)>; 2];

impl Tls {
    /// Reads the chain and the key, both PEM.
    ///
    /// # Errors
    /// When one cannot be read, the key is open to others, or they do not fit.
    pub fn open(cert: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let files = Files {
            cert,
            key,
            provider: Arc::clone(&provider),
        };
        let current = Arc::new(Current(RwLock::new(Arc::new(files.read()?))));
        let resolver: Arc<dyn ResolvesServerCert> = current.clone();
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Set)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            current,
            files: Arc::new(files),
        })
    }

    /// What does the handshakes.
    pub fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Takes a renewed certificate when its files change; a bad one is told and not taken.
    pub fn keep_fresh(&self, tasks: &Tasks) {
        let tls = self.clone();
        tasks.spawn("tls", move |cancel| async move {
            let mut seen = tls.files.stamp();
            let mut ticks = tokio::time::interval(LOOK);
            loop {
                tokio::select! {
                    () = cancel.cancelled() => return,
                    _ = ticks.tick() => {}
                }
                let now = tls.files.stamp();
                if now == seen {
                    continue;
                }
                seen = now;
                match tls.files.read() {
                    Ok(fresh) => {
                        *tls.current.0.write() = Arc::new(fresh);
                        tracing::info!("the renewed TLS certificate is in use");
                    }
                    // Half of a renewal: the other half is another change.
                    Err(error) => tracing::warn!(%error, "the old TLS certificate stays in use"),
                }
            }
        });
    }
}

impl Files {
    fn stamp(&self) -> Stamp {
        [&self.cert, &self.key].map(|path| {
            let meta = std::fs::metadata(path).ok()?;
            Some((meta.ino(), meta.len(), meta.modified().ok()?))
        })
    }

    fn read(&self) -> Result<CertifiedKey, TlsError> {
        let text = read(&self.key)?;
        let mode = std::fs::metadata(&self.key).map(|meta| meta.mode());
        if mode.is_ok_and(|mode| mode & 0o077 != 0) {
            return Err(TlsError::Open(self.key.clone()));
        }
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| TlsError::Empty {
            path: self.key.clone(),
            what: "private key",
        })?;
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&read(&self.cert)?)
                .filter_map(Result::ok)
                .collect();
        if chain.is_empty() {
            return Err(TlsError::Empty {
                path: self.cert.clone(),
                what: "certificate",
            });
        }
        if let Some(first) = chain.first() {
            self.dates(first)?;
        }
        CertifiedKey::from_der(chain, key, &self.provider).map_err(TlsError::Pair)
    }

    /// Refuses a certificate that browsers would refuse for its dates alone.
    fn dates(&self, cert: &CertificateDer<'_>) -> Result<(), TlsError> {
        // One that cannot be read is told by the pair.
        let Ok(leaf) = webpki::EndEntityCert::try_from(cert) else {
            return Ok(());
        };
        // Whom it is by does not matter here: without anchors the dates are looked at
        // first, and any other complaint is about the issuer.
        let usage = webpki::KeyUsage::server_auth();
        let now = UnixTime::now();
        let path = self.cert.clone();
        match leaf.verify_for_usage(&[], &[], &[], now, usage, None, None) {
            Err(webpki::Error::CertExpired { not_after, .. }) => Err(TlsError::Ended {
                path,
                day: day(not_after),
            }),
            Err(webpki::Error::CertNotValidYet { not_before, .. }) => Err(TlsError::Early {
                path,
                day: day(not_before),
            }),
            _ => Ok(()),
        }
    }
}

/// A day as people write it, in UTC.
fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).map_or_else(
        |_| "a day out of reach".into(),
        |at| at.strftime("%Y-%m-%d").to_string(),
    )
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|error| TlsError::Read {
        path: path.to_owned(),
        error,
    })
}
