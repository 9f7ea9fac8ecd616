-- Versions of all records; never used twice, also not after a record was removed.
CREATE SEQUENCE steadfast_versions;

-- Tenants and names are bytes: text of PostgreSQL can't hold every text, and its order is that of a language.
CREATE TABLE steadfast_store (
    tenant bytea NOT NULL,
    kind text NOT NULL,
    name bytea NOT NULL,
    -- The name itself, where `name` is a shortened one.
    long_name bytea,
    value bytea NOT NULL,
    version bigint NOT NULL,
    written timestamptz NOT NULL,
    -- Null is never. Of a limit: when all of the quota is there again.
    expires timestamptz,
    PRIMARY KEY (tenant, kind, name)
);

CREATE INDEX steadfast_store_expires ON steadfast_store (expires) WHERE expires IS NOT NULL;
