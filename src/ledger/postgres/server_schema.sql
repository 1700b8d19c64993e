-- The tables of a claimbatch ledger, schema 1: one ledger in a database of its own, PostgreSQL 15 or newer.
--
-- The owner of the ledger runs this once, in that database:
--     claimbatch status --print-schema | psql --set=ON_ERROR_STOP=1 -d postgresql://OWNER@HOST/DATABASE
-- Where others than the owner are to use it, make the role claimbatch_user before (CREATE ROLE claimbatch_user),
-- and put them into it (GRANT claimbatch_user TO clerk). They may read and write what runs write, and neither
-- change nor remove what the ledger is. Run a second time, this adds what is missing, and rights, and nothing else.

BEGIN;

-- Only where it can last, and only what this version knows.
DO $$
DECLARE
    made text;
BEGIN
    PERFORM pg_advisory_xact_lock(4846791580151137331);
    IF to_regclass('claimbatch.meta') IS NOT NULL THEN
        SELECT value INTO made FROM claimbatch.meta WHERE name = 'schema';
        IF made IS DISTINCT FROM '1' THEN
            RAISE EXCEPTION 'the ledger in this database has schema %, and this is schema 1', coalesce(made, '?')
                USING ERRCODE = 'CB002';
        END IF;
    ELSIF current_setting('synchronous_standby_names') = '' AND EXISTS (SELECT 1 FROM pg_stat_replication) THEN
        RAISE EXCEPTION 'this server has a standby that it does not wait for, which forgets commits when it takes over: set synchronous_standby_names'
            USING ERRCODE = 'CB003';
    END IF;
END$$;

CREATE SCHEMA IF NOT EXISTS claimbatch;

CREATE TABLE IF NOT EXISTS claimbatch.meta (
    name text PRIMARY KEY,
    value text NOT NULL
);
-- reads_from: the oldest schema whose program may still use this ledger. durability: what the server promised.
INSERT INTO claimbatch.meta VALUES
    ('schema', '1'),
    ('reads_from', '1'),
    ('id', replace(gen_random_uuid()::text, '-', '')),
    ('durability', CASE WHEN current_setting('synchronous_standby_names') = '' THEN 'disk' ELSE 'standby' END)
    ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS claimbatch.platform (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);

-- Who is at work, one row a start of the program. place: the host's lock file.
CREATE TABLE IF NOT EXISTS claimbatch.worker (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host text NOT NULL,
    place uuid NOT NULL,
    boot text NOT NULL,
    pid integer NOT NULL,
    version text NOT NULL,
    app integer,
    started timestamptz NOT NULL DEFAULT clock_timestamp(),
    epoch integer NOT NULL DEFAULT 0,
    beat bigint NOT NULL DEFAULT 0,
    beat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    calls bigint NOT NULL DEFAULT 0,
    fenced boolean NOT NULL DEFAULT false,
    fenced_by bigint,
    ended boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);
CREATE INDEX IF NOT EXISTS worker_alive ON claimbatch.worker (id) WHERE NOT fenced AND NOT ended;

CREATE TABLE IF NOT EXISTS claimbatch.run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    command text NOT NULL,
    platform integer NOT NULL,
    export_name text NOT NULL,
    export_sha256 bytea NOT NULL,
    export_bytes bigint NOT NULL,
    reading text NOT NULL,
    report_path text NOT NULL,
    started_ms bigint NOT NULL,
    finished_ms bigint NOT NULL,
    stopped_because text NOT NULL,
    complete smallint NOT NULL,
    open_rows bigint NOT NULL,
    invalid_rows bigint NOT NULL,
    published smallint NOT NULL,
    parent text NOT NULL DEFAULT '',
    origin bigint NOT NULL DEFAULT 0,
    released bigint NOT NULL DEFAULT 0,
    sequence bigint NOT NULL DEFAULT 0,
    corrects bytea,
    worker bigint,
    halt_code smallint NOT NULL DEFAULT 0,
    halt_text text NOT NULL DEFAULT ''
) WITH (fillfactor = 50);
CREATE INDEX IF NOT EXISTS run_of_export ON claimbatch.run (export_sha256, platform);
CREATE INDEX IF NOT EXISTS run_of_worker ON claimbatch.run (worker) WHERE worker IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS run_in_order ON claimbatch.run (sequence);

CREATE TABLE IF NOT EXISTS claimbatch.run_count (
    run bigint,
    outcome smallint,
    rows bigint NOT NULL,
    counts_as bigint NOT NULL,
    fee_fen text NOT NULL,
    PRIMARY KEY (run, outcome)
);

CREATE TABLE IF NOT EXISTS claimbatch.round (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run bigint NOT NULL,
    kind smallint NOT NULL,
    by text NOT NULL,
    reason text NOT NULL,
    opened_ms bigint NOT NULL,
    finished_ms bigint NOT NULL,
    UNIQUE (run, kind, by, reason)
);

CREATE TABLE IF NOT EXISTS claimbatch.event (
    run bigint,
    at_ms bigint,
    kind smallint,
    until_ms bigint NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (run, at_ms, kind)
);

-- A claim's open attempt is columns of its row: at most one is open, and one statement compares and sets. version is
-- raised whenever these change. Rows are written again while they are open, so room is left beside them.
-- A claim's id is the number of the call that told of it first; where there was no call, the next of this sequence.
CREATE SEQUENCE IF NOT EXISTS claimbatch.claim_id INCREMENT -1;
CREATE TABLE IF NOT EXISTS claimbatch.claim (
    id bigint PRIMARY KEY,
    workcard_id bigint NOT NULL,
    platform integer NOT NULL,
    version integer NOT NULL,
    claim_order_no text COLLATE "C" NOT NULL,
    accepted_run bigint,
    accepted_row bigint,
    accepted_ms bigint,
    accepted_digest bytea,
    accepted_fee bigint,
    open_call bigint,
    open_worker bigint,
    open_run bigint,
    open_row bigint,
    open_ms bigint,
    open_round bigint,
    open_attempts integer,
    open_tries integer,
    open_intent boolean,
    open_besides boolean, -- an attempt of another row is unknown, too
    open_digest bytea,
    open_warnings text,
    settle_from timestamptz,
    UNIQUE (claim_order_no, workcard_id, platform)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX IF NOT EXISTS claim_open ON claimbatch.claim (open_worker) WHERE open_call IS NOT NULL;

CREATE TABLE IF NOT EXISTS claimbatch.row (
    run bigint,
    row bigint,
    claim bigint,
    call bigint,
    submitted_ms bigint NOT NULL,
    duration_ms bigint NOT NULL,
    round bigint NOT NULL,
    state smallint NOT NULL,
    outcome smallint NOT NULL,
    counts_as smallint NOT NULL,
    http_status smallint NOT NULL,
    attempts integer NOT NULL,
    tries integer NOT NULL,
    digest bytea NOT NULL,
    code text NOT NULL,
    sub_code text NOT NULL,
    message text NOT NULL,
    request_id text NOT NULL,
    warnings text NOT NULL,
    PRIMARY KEY (run, row)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX IF NOT EXISTS row_of_claim ON claimbatch.row (claim, run, row);

CREATE TABLE IF NOT EXISTS claimbatch.changed (
    run bigint,
    row bigint,
    fee_before bigint,
    fee_after bigint NOT NULL,
    PRIMARY KEY (run, row)
);

CREATE TABLE IF NOT EXISTS claimbatch.settlement (
    run bigint,
    row bigint,
    at_ms bigint,
    outcome smallint NOT NULL,
    digest bytea NOT NULL,
    submitted_ms bigint NOT NULL,
    by text NOT NULL,
    reason text NOT NULL,
    was text NOT NULL,
    PRIMARY KEY (run, row, at_ms)
);

-- Answers that came when the run was another host's already: evidence, never changed.
CREATE TABLE IF NOT EXISTS claimbatch.late_answer (
    call bigint PRIMARY KEY,
    run bigint NOT NULL,
    row bigint NOT NULL,
    claim bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome smallint NOT NULL,
    applied boolean NOT NULL,
    record jsonb NOT NULL
);

-- Bans and the day's calls of an app key, and among whom its rate is divided.
CREATE TABLE IF NOT EXISTS claimbatch.app (
    platform integer,
    app_key text,
    ban_until timestamptz,
    ban_wait_ms bigint,
    day integer NOT NULL DEFAULT 0,
    calls bigint NOT NULL DEFAULT 0,
    generation bigint NOT NULL DEFAULT 0,
    changed timestamptz,
    left_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    found_rate bigint,
    found_ms bigint,
    PRIMARY KEY (platform, app_key)
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS claimbatch.member (
    platform integer,
    app_key text,
    worker bigint,
    rate_said bigint,
    share bigint NOT NULL,
    acked bigint NOT NULL,
    PRIMARY KEY (platform, app_key, worker)
) WITH (fillfactor = 50);
CREATE INDEX IF NOT EXISTS member_of_worker ON claimbatch.member (worker);

-- What persons did, and what reports taught.
CREATE TABLE IF NOT EXISTS claimbatch.abandonment (
    export_sha256 bytea,
    platform integer,
    command text,
    run bigint,
    at_ms bigint NOT NULL,
    by text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (export_sha256, platform, command, run)
);
CREATE TABLE IF NOT EXISTS claimbatch.pruned_export (
    export_sha256 bytea,
    platform integer,
    command text,
    run bigint NOT NULL,
    PRIMARY KEY (export_sha256, platform, command)
);
CREATE TABLE IF NOT EXISTS claimbatch.report_move (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run text NOT NULL,
    from_path text NOT NULL,
    to_path text NOT NULL,
    at_ms bigint NOT NULL,
    done smallint NOT NULL
);
CREATE INDEX IF NOT EXISTS report_move_from ON claimbatch.report_move (from_path);
CREATE TABLE IF NOT EXISTS claimbatch.pass (
    ledger text,
    run text,
    commits bigint,
    kind smallint,
    at_ms bigint NOT NULL,
    by text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (ledger, run, commits, kind)
);
CREATE TABLE IF NOT EXISTS claimbatch.import (
    run bigint,
    report_sha256 text,
    at_ms bigint NOT NULL,
    by text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (run, report_sha256)
);

-- Ends a transaction where what it stands on does not hold any more.
CREATE OR REPLACE FUNCTION claimbatch.need(ok boolean) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT coalesce(ok, false) THEN
        RAISE EXCEPTION 'fenced' USING ERRCODE = 'CB001';
    END IF;
END$$;
REVOKE ALL ON FUNCTION claimbatch.need FROM PUBLIC;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'claimbatch_user') THEN
        GRANT USAGE ON SCHEMA claimbatch TO claimbatch_user;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA claimbatch TO claimbatch_user;
        REVOKE INSERT, UPDATE, DELETE ON claimbatch.meta FROM claimbatch_user;
        REVOKE UPDATE, DELETE ON claimbatch.late_answer FROM claimbatch_user;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA claimbatch TO claimbatch_user;
        GRANT EXECUTE ON FUNCTION claimbatch.need TO claimbatch_user;
    END IF;
END$$;

COMMIT;
