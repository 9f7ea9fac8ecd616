//! The statements. `clock_timestamp()` everywhere: `now()` is the beginning of the transaction.
//!
//! $1, $2, $3 are tenant, kind and name.

/// Value, version, age in milliseconds.
pub(super) const GET: &str = "
    SELECT value, version, GREATEST(0, extract(epoch FROM clock_timestamp() - written) * 1000)::bigint
    FROM steadfast_store
    WHERE tenant = $1 AND kind = $2 AND name = $3 AND (expires IS NULL OR expires > clock_timestamp())";

/// The version, if it was written. $4 value, $5 time to live in milliseconds, $6 long name.
pub(super) const PUT_ABSENT: &str = "
    INSERT INTO steadfast_store AS s (tenant, kind, name, value, version, written, expires, long_name)
    VALUES ($1, $2, $3, $4, nextval('steadfast_versions'), clock_timestamp(),
        clock_timestamp() + $5::bigint * interval '1 millisecond', $6)
    ON CONFLICT (tenant, kind, name) DO UPDATE
    SET value = excluded.value, version = excluded.version, written = excluded.written, expires = excluded.expires
    WHERE s.expires <= clock_timestamp()
    RETURNING version";

/// The same without a condition.
pub(super) const PUT_ANYTHING: &str = "
    INSERT INTO steadfast_store (tenant, kind, name, value, version, written, expires, long_name)
    VALUES ($1, $2, $3, $4, nextval('steadfast_versions'), clock_timestamp(),
        clock_timestamp() + $5::bigint * interval '1 millisecond', $6)
    ON CONFLICT (tenant, kind, name) DO UPDATE
    SET value = excluded.value, version = excluded.version, written = excluded.written, expires = excluded.expires
    RETURNING version";

/// The version, if it was written. $4 value, $5 time to live in milliseconds, $6 the version that has to be there.
pub(super) const PUT_VERSION: &str = "
    UPDATE steadfast_store
    SET value = $4, version = nextval('steadfast_versions'), written = clock_timestamp(),
        expires = clock_timestamp() + $5::bigint * interval '1 millisecond'
    WHERE tenant = $1 AND kind = $2 AND name = $3 AND version = $6
        AND (expires IS NULL OR expires > clock_timestamp())
    RETURNING version";

/// The version, if it was removed. $4 the version that has to be there, or null.
pub(super) const REMOVE: &str = "
    DELETE FROM steadfast_store
    WHERE tenant = $1 AND kind = $2 AND name = $3 AND ($4::bigint IS NULL OR version = $4)
        AND (expires IS NULL OR expires > clock_timestamp())
    RETURNING version";

/// Name, long name, value, version, age. $3 the first name, $4 how many.
pub(super) const LIST: &str = "
    SELECT name, long_name, value, version,
        GREATEST(0, extract(epoch FROM clock_timestamp() - written) * 1000)::bigint
    FROM steadfast_store
    WHERE tenant = $1 AND kind = $2 AND name >= $3 AND (expires IS NULL OR expires > clock_timestamp())
    ORDER BY name LIMIT $4";

/// A row if it was granted. A limit is a record that ends when all of its quota is there again, which is its
/// theoretical arrival time. $4 the interval, $5 the span, in microseconds.
pub(super) const TAKE: &str = "
    INSERT INTO steadfast_store AS s (tenant, kind, name, value, version, written, expires)
    SELECT $1, $2, $3, ''::bytea, 0, t.at, t.at + $4::bigint * interval '1 microsecond'
    FROM (SELECT clock_timestamp() AS at) t
    ON CONFLICT (tenant, kind, name) DO UPDATE
    SET expires = GREATEST(s.expires, excluded.written) + $4::bigint * interval '1 microsecond',
        written = excluded.written
    WHERE GREATEST(s.expires, excluded.written) + $4::bigint * interval '1 microsecond'
        <= excluded.written + $5::bigint * interval '1 microsecond'
    RETURNING version";

/// Microseconds until one is granted.
pub(super) const WAIT: &str = "
    SELECT GREATEST(0, extract(epoch FROM expires - clock_timestamp()) * 1000000 + $4::bigint - $5::bigint)::bigint
    FROM steadfast_store
    WHERE tenant = $1 AND kind = $2 AND name = $3";

/// Replicas that sweep together take different rows. $1 how many.
pub(super) const SWEEP: &str = "
    DELETE FROM steadfast_store WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM steadfast_store WHERE expires <= clock_timestamp()
        ORDER BY expires LIMIT $1 FOR UPDATE SKIP LOCKED))";
