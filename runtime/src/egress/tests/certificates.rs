use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{RootCertStore, ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::servers::{Answers, LOOPBACK, egress, settings};
use crate::{egress::Client, error::ErrorKind, telemetry::Captured};

/// Signs certificates.
struct Authority(Issuer<'static, KeyPair>, RootCertStore);

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let mut roots = RootCertStore::empty();
        roots.add(params.self_signed(&key).unwrap().der().clone()).unwrap();
        Self(Issuer::new(params, key), roots)
    }

    /// A server's certificate for a name, with a change.
    fn sign(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap()
    }
}

/// A server by TLS; how many connections it had, and how many bytes it was sent within them.
async fn serve(config: ServerConfig) -> (u16, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (connections, sent) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
    let counted = (Arc::clone(&connections), Arc::clone(&sent));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.0.fetch_add(1, Ordering::SeqCst);
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let read = stream.read(&mut [0; 4096]).await.unwrap_or_default();
            counted.1.fetch_add(read, Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    (port, connections, sent)
}

#[tokio::test]
async fn a_certificate_that_does_not_count_is_told_and_gets_no_request() {
    let (ours, other, namesake) = (Authority::new("ours"), Authority::new("other"), Authority::new("ours"));
    let expired = |params: &mut CertificateParams| {
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    };
    let early = |params: &mut CertificateParams| params.not_before = date_time_ymd(4000, 1, 1);
    for (config, wrong) in [
        (ours.sign("api.test", |_| ()), None),
        (other.sign("api.test", |_| ()), Some("is signed by nobody that this machine trusts")),
        (namesake.sign("api.test", |_| ()), Some("is signed by nobody that this machine trusts")),
        (ours.sign("other.test", |_| ()), Some("is for another name")),
        (ours.sign("127.0.0.1", |_| ()), Some("is for another name")),
        (ours.sign("api.test", expired), Some("has expired")),
        (ours.sign("api.test", early), Some("is not valid yet")),
    ] {
        let (port, connections, sent) = serve(config).await;
        let lookup = Answers(vec![vec![LOOPBACK]], Arc::default());
        let client = Client::trusting(ours.1.clone(), settings(&["127.0.0.1"]), lookup).unwrap();
        let url = format!("https://api.test:{port}");
        let log = Captured::start();
        let answer = egress(client, &[&url]).get(&url).bearer("hunter2").timeout(Duration::from_secs(5)).send().await;
        assert_eq!(connections.load(Ordering::SeqCst), 1, "it is asked once");
        let Some(wrong) = wrong else {
            assert_eq!(answer.unwrap().status().as_u16(), 204);
            assert!(sent.load(Ordering::SeqCst) > 0);
            continue;
        };
        let error = answer.unwrap_err();
        assert_eq!(error.message(), format!("`api.test` is not trusted: its certificate {wrong}"));
        assert_eq!(error.kind(), ErrorKind::Denied, "which is not tried again: {error:?}");
        assert_eq!(sent.load(Ordering::SeqCst), 0);
        assert!(log.text().contains(wrong) && log.text().contains("api.test"), "{}", log.text());
    }
}
