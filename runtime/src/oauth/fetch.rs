//! Asks an issuer for a document.
//!
//! Invariant: an answer is bounded in time and size, and no redirect is followed, so a document comes from the address
//! that was meant. The system's proxies are not used.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::Address;

/// How long one document may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How large one may be, in bytes.
pub(super) const LARGEST: usize = 256 * 1024;

/// Where documents come from.
pub(crate) trait Fetch: Send + Sync {
    /// The document at an address.
    fn get(&self, address: Address) -> BoxFuture<'_, Result<Vec<u8>, FetchError>>;
}

/// Why there is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    /// It was answered, and not with a document.
    #[error("was answered with status {0}")]
    Status(u16),
    #[error("is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("can't be had: {0}")]
    Away(String),
}

/// By HTTPS, with the system's root certificates; by HTTP on loopback.
pub(crate) struct Https(reqwest::Client);

impl Https {
    /// A client for all issuers.
    ///
    /// # Errors
    /// When the TLS library can't be set up.
    pub(crate) fn new() -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        if roots.add_parsable_certificates(found.certs).0 == 0 {
            tracing::warn!("the system has no root certificates, so no issuer can be asked for its keys by https");
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .connect_timeout(TIMEOUT)
            .user_agent(concat!("steadfast/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map(Self).map_err(|error| error.to_string())
    }
}

impl Fetch for Https {
    fn get(&self, address: Address) -> BoxFuture<'_, Result<Vec<u8>, FetchError>> {
        let away = |error: reqwest::Error| FetchError::Away(cause(&error));
        Box::pin(async move {
            let request = self.0.get(address.as_str()).header(http::header::ACCEPT, "application/json");
            let mut response = request.send().await.map_err(away)?;
            if response.status() != http::StatusCode::OK {
                return Err(FetchError::Status(response.status().as_u16()));
            }
            let mut document = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(away)? {
                if document.len() + chunk.len() > LARGEST {
                    return Err(FetchError::TooLarge);
                }
                document.extend_from_slice(&chunk);
            }
            Ok(document)
        })
    }
}

/// The last of an error's sources: "connection refused", where the first says that a request could not be sent.
fn cause(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
