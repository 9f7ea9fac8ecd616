//! Why a token was refused. For the log and for metrics: whoever sent it hears `invalid_token`, and nothing that would
//! help to make a better one.

/// See the module. Nothing of the token is in it but the names of claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("it is longer than {} bytes", super::token::LONGEST)]
    TooLong,
    #[error("it has not three parts")]
    Parts,
    #[error("a part of it is not base64url without padding")]
    Encoding,
    #[error("its {0} is not a JSON object")]
    NotAnObject(Part),
    #[error("a member of its {0} stands twice")]
    Twice(Part),
    #[error("its header asks for an extension by `crit` or `b64`, and none is known here")]
    Extension,
    #[error("`{0}` is missing")]
    Missing(String),
    #[error("`{0}` is not what it should be")]
    Wrong(String),
    #[error("its issuer is none of `auth.issuers`")]
    UnknownIssuer,
    #[error("its `typ` is none of the issuer's `token_types`")]
    Type,
    #[error("its `alg` is none of the issuer's `algorithms`")]
    Algorithm,
    #[error("it names no key, and the issuer has several")]
    NoKeyId,
    #[error("the issuer has no key of this `kid` that may check signatures")]
    UnknownKey,
    #[error("its `alg` is not one of the key that it names")]
    KeyMismatch,
    #[error("its signature is not by the key that it names")]
    Signature,
    #[error("it is for another audience")]
    Audience,
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet")]
    NotYet,
    #[error("it is valid for longer than `auth.max_token_lifetime`")]
    TooLongLived,
    #[error("it is of another tenant than this server")]
    OtherTenant,
    #[error("it is bound to a key of its client (`cnf`), which is not supported")]
    SenderConstrained,
    /// The only one that is not the token's fault.
    #[error("the issuer's keys could not be had")]
    KeysAway,
}

/// A part of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Header,
    Claims,
}

impl TokenError {
    /// Its name in metrics.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::TooLong | Self::Parts | Self::Encoding | Self::NotAnObject(_) | Self::Twice(_) | Self::Extension => {
                "token_malformed"
            }
            Self::Missing(_) | Self::Wrong(_) | Self::TooLongLived => "token_claims",
            Self::UnknownIssuer => "token_issuer",
            Self::Type => "token_type",
            Self::Algorithm => "token_algorithm",
            Self::NoKeyId | Self::UnknownKey | Self::KeyMismatch => "token_key",
            Self::Signature => "token_signature",
            Self::Audience => "token_audience",
            Self::Expired => "token_expired",
            Self::NotYet => "token_not_yet",
            Self::OtherTenant => "token_tenant",
            Self::SenderConstrained => "token_bound",
            Self::KeysAway => "issuer_away",
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "claims",
        })
    }
}
