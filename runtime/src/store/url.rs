//! Where a store that is a server is reached.
//!
//! Invariant: nothing that is shown, logged or printed for debugging holds a user's name, a password or a query. A URL
//! that can't be taken apart without doubt is shown by its scheme alone.

use std::fmt;

/// A URL of a scheme that this program has a store for.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StoreUrl {
    text: String,
    scheme: Scheme,
}

/// What kind of server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Postgres,
    Redis,
}

/// Why a URL is not taken, without the URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UrlProblem {
    pub(crate) what: String,
    pub(crate) help: String,
}

impl StoreUrl {
    /// Reads a URL of any store.
    ///
    /// # Errors
    /// When its scheme is unknown or not compiled in, or its query has a key that could hold a secret by mistake: the
    /// drivers log those that they don't know.
    pub(crate) fn parse(text: &str) -> Result<Self, UrlProblem> {
        let problem = |what: &str, help: &str| UrlProblem { what: what.into(), help: help.into() };
        let scheme = match text.split_once("://").map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => Scheme::Postgres,
            Some("redis" | "rediss") => Scheme::Redis,
            _ => {
                return Err(problem(
                    "this is no URL of a store",
                    "write \"postgres://user:password@host/database\" or \"redis://user:password@host\"",
                ));
            }
        };
        if !scheme.is_compiled_in() {
            let feature = scheme.feature();
            return Err(UrlProblem {
                what: format!("this program was built without the store of this URL, the feature `{feature}`"),
                help: format!("build it with `steadfast = {{ features = [\"{feature}\"] }}`"),
            });
        }
        let query = text.split_once('?').map_or("", |(_, query)| query);
        let keys = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next().unwrap_or(""));
        for key in keys {
            let key = key.split('[').next().unwrap_or("");
            if !scheme.query_keys().contains(&key) {
                return Err(UrlProblem {
                    what: "the query of the URL has a key that is not known".into(),
                    help: format!(
                        "known are {}; user and password stand before the host, percent-encoded",
                        scheme.query_keys().join(", ")
                    ),
                });
            }
        }
        Ok(Self { text: text.to_owned(), scheme })
    }

    pub(super) const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether limits are counted fast by this store.
    pub(crate) fn is_redis(&self) -> bool {
        self.scheme == Scheme::Redis
    }

    /// The URL with everything in it, for the driver alone.
    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(super) fn secret(&self) -> &str {
        &self.text
    }
}

impl Scheme {
    const fn feature(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
        }
    }

    const fn is_compiled_in(self) -> bool {
        match self {
            Self::Postgres => cfg!(feature = "postgres"),
            Self::Redis => cfg!(feature = "redis"),
        }
    }

    /// What a query may say; none of it is secret.
    const fn query_keys(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["application_name", "host", "options", "sslcert", "sslkey", "sslmode", "sslrootcert"],
            Self::Redis => &["protocol"],
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Redis => "Redis",
        }
    }
}

/// `PostgreSQL at host:5432/database`.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.scheme.name();
        match place(&self.text) {
            Some(place) => write!(f, "{name} at {place}"),
            None => f.write_str(name),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

/// Host, port and path, if it is beyond doubt where they begin and end.
fn place(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let place = match rest.split_once('@') {
        Some((user, _)) if user.contains(['/', '?', '#']) => return None,
        Some((_, place)) => place,
        None => rest,
    };
    let end = place.find(['?', '#']).unwrap_or(place.len());
    let clear = |b: u8| b.is_ascii_alphanumeric() || b".-_:[]/,%".contains(&b);
    let (place, query) = place.split_at(end);
    (!place.is_empty() && place.bytes().all(clear) && !query.contains('@')).then_some(place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(text: &str) -> StoreUrl {
        StoreUrl { text: text.into(), scheme: Scheme::Postgres }
    }

    #[test]
    fn a_url_is_shown_without_user_password_and_query() {
        for (text, shown) in [
            ("postgres://u:hunter2@db.internal:5432/app?sslmode=require", "PostgreSQL at db.internal:5432/app"),
            ("postgres://db.internal/app", "PostgreSQL at db.internal/app"),
            ("postgres://u:hun/ter2@db/app", "PostgreSQL"),
            ("postgres://u:hun?ter2@db/app", "PostgreSQL"),
            ("postgres://u:hun@ter2@db/app", "PostgreSQL"),
            ("postgres://db/app?options=x@hunter2", "PostgreSQL"),
            ("postgres://", "PostgreSQL"),
        ] {
            assert_eq!(
                (url(text).to_string(), format!("{:?}", url(text))),
                (shown.into(), format!("StoreUrl({shown})"))
            );
        }
    }

    proptest! {
        #[test]
        fn no_part_of_a_password_is_shown(before in "[!-~]{0,6}", after in "[!-~]{0,6}", query in "[!-~]{0,9}") {
            let url = url(&format!("postgres://user:{before}hunter2{after}@db/app{query}"));
            let shown = format!("{url} {url:?}");
            prop_assert!(!shown.contains("hunter2"), "{}", shown);
        }
    }

    #[test]
    fn what_is_not_known_is_refused_without_saying_what_it_was() {
        for text in ["mysql://u:hunter2@db", "hunter2", "postgres://db?pasword=hunter2", "redis://db?password=hunter2"]
        {
            let problem = StoreUrl::parse(text).unwrap_err();
            assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        }
    }

    #[cfg(not(feature = "redis"))]
    #[test]
    fn a_store_that_is_not_compiled_in_is_named_by_its_feature() {
        assert!(StoreUrl::parse("redis://localhost").unwrap_err().what.contains("the feature `redis`"));
    }

    #[cfg(all(feature = "postgres", feature = "redis"))]
    #[test]
    fn the_urls_of_both_servers_are_taken() {
        assert!(!StoreUrl::parse("postgresql://db/app?options[search_path]=a&sslmode=require").unwrap().is_redis());
        assert!(StoreUrl::parse("rediss://:secret@cache:6380/1").unwrap().is_redis());
    }
}
