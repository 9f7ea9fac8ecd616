//! Why a certificate does not count, in the words that callers and operators get.
//!
//! It is no server that is away: whoever is there is not who was asked for, and asking again changes nothing.

use std::{error::Error, io};

use rustls::CertificateError;

/// What is wrong with the certificate that an error is about, if it is about one.
pub(super) fn wrong(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(wrong)) = of_tls(error) {
            return Some(words(wrong));
        }
        cause = error.source();
    }
    None
}

/// An `io::Error` says of what it holds only where that comes from.
fn of_tls<'a>(mut error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    while let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        error = inner;
    }
    error.downcast_ref()
}

fn words(wrong: &CertificateError) -> &'static str {
    use CertificateError as Wrong;
    match wrong {
        Wrong::Expired | Wrong::ExpiredContext { .. } => "has expired",
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => "is not valid yet",
        Wrong::UnknownIssuer | Wrong::BadSignature => "is signed by nobody that this machine trusts",
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => "is for another name",
        Wrong::Revoked => "was revoked",
        _ => "is not one of a server, or is damaged",
    }
}
