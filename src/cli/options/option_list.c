#include "option_list.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/words/language.h"
#include "cli/command.h"
#include "cli/options/options.h"
#include "gateway/endpoint.h"
#include "gateway/top_batch.h"
#include "option_values.h"
#include "run/coordinator.h"

#define MEMBER(name) offsetof(struct options, name)
#define FLAG(commands, section, name, letter, member, help)                                        \
    {                                                                                              \
        commands, SECTION_##section, name, letter, KIND_FLAG, MEMBER(member), 0, 0, NULL, NULL,    \
            NULL, help                                                                             \
    }
#define TEXT(commands, section, name, letter, member, fallback, value, help)                       \
    {                                                                                              \
        commands, SECTION_##section, name, letter, KIND_TEXT, MEMBER(member), 0, 0, NULL,          \
            fallback, value, help                                                                  \
    }
#define INTEGER(commands, section, name, letter, member, least, most, fallback, value, help)       \
    {                                                                                              \
        commands, SECTION_##section, name, letter, KIND_INTEGER, MEMBER(member), least, most,      \
            NULL, fallback, value, help                                                            \
    }
#define SECONDS(commands, section, name, member, least, most, fallback, help)                      \
    {                                                                                              \
        commands, SECTION_##section, name, 0, KIND_SECONDS, MEMBER(member), least, most, NULL,     \
            fallback, "S", help                                                                    \
    }
#define SPECIAL(commands, section, name, take, fallback, value, help)                              \
    {                                                                                              \
        commands, SECTION_##section, name, 0, KIND_SPECIAL, 0, 0, 0, take, fallback, value, help   \
    }

#define U COMMAND_UPLOAD
#define R COMMAND_RERUN
#define C COMMAND_CHECK
#define A COMMAND_AUDIT
#define V COMMAND_RESOLVE
#define S COMMAND_STATUS
#define I COMMAND_IMPORT
#define EVERY COMMAND_EVERY

#define DAY_S 86400

const struct option_spec option_list[] = {
    TEXT(U, RUN, "report", 'o', report, NULL, "FILE",
         "where the report goes (CLAIMS.csv: CLAIMS.report.csv)"),
    TEXT(R, NONE, "report", 'o', report, NULL, "FILE",
         "where the report goes (X.csv: X.rerun-N.csv)"),
    TEXT(U | R, RUN, "report-dir", 0, report_dir, NULL, "DIR",
         "the folder where reports go, under their usual names"),
    TEXT(C, NONE, "report", 'o', report, NULL, "FILE", "the rows with problems, as CSV (none)"),
    TEXT(U | R | A | V | S | I, RUN, "ledger", 'L', ledger, NULL, "FILE",
         "the durable record of what was sent"),
    FLAG(U, NONE, "overwrite", 0, overwrite, "move aside what stands at FILE of -o"),
    FLAG(R, NONE, "overwrite", 0, overwrite, "move aside what stands at FILE of -o"),
    FLAG(C, NONE, "overwrite", 0, overwrite, "replace FILE of -o, unless claimbatch needs it"),
    FLAG(U | R, RUN, "require-ledger", 0, require_ledger,
         "never make a ledger where there is none"),
    FLAG(U, NONE, "new-ledger", 0, new_ledger,
         "go on though this ledger does not know what was sent; needs --by and --reason"),
    FLAG(R, NONE, "new-ledger", 0, new_ledger,
         "take the report's word for what was sent; needs --by and --reason"),
    FLAG(S, NONE, "create", 0, create, "make the first ledger, where there is none"),
    FLAG(S, NONE, "print-schema", 0, print_schema,
         "the tables of a ledger in PostgreSQL, for its DBA"),
    SPECIAL(R, NONE, "include", option_value_include, NULL, "WHAT",
            "rows that are rejected, unknown, or both: rejected,unknown"),
    FLAG(R, NONE, "accept-edits", 0, accept_edits,
         "send rows edited in the report as they are now"),
    TEXT(U | R | V | I, GATEWAY, "gateway", 'g', gateway, ENDPOINT_DEFAULT, "URL", "the gateway"),
    TEXT(U | R, GATEWAY, "app-key", 0, app_key, NULL, "KEY", "the app"),
    TEXT(U | R, GATEWAY, "app-secret-file", 0, app_secret_file, NULL, "FILE",
         "its secret, in the first line"),
    TEXT(U | R, GATEWAY, "session-file", 0, session_file, NULL, "FILE",
         "a session, in the first line, if one is needed"),
    SPECIAL(U | R, GATEWAY, "sign-method", option_value_sign_method, "hmac-sha256", "NAME",
            "hmac-sha256, hmac or md5"),
    SPECIAL(U | R, GATEWAY, "http", option_value_http, "1.1", "VERSION",
            "over TLS: 1.1, 2, or auto (2 where the gateway offers it)"),
    TEXT(U | R, GATEWAY, "ca-file", 0, ca_file, NULL, "FILE",
         "trusted certificates, PEM (the system's)"),
    FLAG(U | R, RUN, "allow-plaintext", 0, allow_plaintext,
         "plain http to hosts that are not loopback"),
    SECONDS(U | R, RUN, "connect-timeout", connect_timeout_ms, 1, DAY_S, "10", "to connect"),
    SECONDS(U | R, RUN, "timeout", timeout_ms, 1, DAY_S, "30", "for a whole call"),
    INTEGER(U | R, RUN, "in-flight", 'c', in_flight, 1, COORDINATOR_IN_FLIGHT_MAX, "16", "N",
            "most calls on the wire at once"),
    INTEGER(U | R, RUN, "batch", 0, batch, 1, TOP_BATCH_MAX, "1", "N",
            "claims in one call, up to 20; a call without an answer leaves all of them unknown"),
    INTEGER(U | R, RUN, "workers", 'w', workers, 1, COORDINATOR_IN_FLIGHT_MAX, NULL, "N",
            "worker threads (processors)"),
    {U | R, SECTION_RUN, "rate", 'r', KIND_SPECIAL, 0, 0, 0, option_value_rate, NULL, "N",
     N_("most claims in any second; auto: as many as the gateway takes; auto:N: not above N")},
    INTEGER(U | R | S, RUN, "daily-quota", 0, daily_quota, 1, INT64_MAX, NULL, "N",
            "most claims a Beijing day (no limit)"),
    INTEGER(U | R, RUN, "retries", 0, retries, 0, 1000, "4", "N",
            "further attempts after a sure failure"),
    SECONDS(U | R, RUN, "outage-patience", outage_patience_ms, 1, DAY_S, "120",
            "how long an outage may last"),
    SECONDS(U | R, RUN, "wait-patience", wait_patience_ms, 0, DAY_S, "120",
            "how long rows wait for another run"),
    SECONDS(U | R, RUN, "ledger-patience", ledger_patience_ms, 0, DAY_S, "120",
            "how long a ledger's server may be away"),
    INTEGER(U | R, RUN, "limit", 0, limit, 0, INT64_MAX, NULL, "N",
            "send the first N rows, then stop"),
    SPECIAL(U | R, RUN, "max-failures", option_value_max_failures, NULL, "N[%]",
            "stop after so many bad rows"),
    SPECIAL(U | R, RUN, "max-changed", option_value_max_changed, NULL, "N[%]",
            "most rows that were accepted with other content (5%, at least 20)"),
    SPECIAL(U | R | C | A, RUN, "max-fee", option_value_max_fee, NULL, "FEN",
            "a row above it is invalid"),
    INTEGER(U | R | C, RUN, "expect-rows", 0, expect_rows, 0, INT64_MAX, NULL, "N",
            "refuse an export of another number of rows"),
    INTEGER(U | R | C, RUN, "expect-fee", 0, expect_fee, 0, INT64_MAX, NULL, "FEN",
            "refuse an export of another total"),
    INTEGER(U | C, RUN, "min-rows", 0, min_rows, 0, INT64_MAX, NULL, "N",
            "refuse an export of fewer rows"),
    FLAG(U, RUN, "expect-new", 0, expect_new,
         "end with 75 when this export was finished on an earlier day"),
    FLAG(U | R, RUN, "require-valid", 0, require_valid, "send nothing if any row is invalid"),
    FLAG(U, NONE, "resend-unknown", 0, resend_unknown,
         "send rows whose outcome is unknown once more; needs --by and --reason"),
    FLAG(U, NONE, "resubmit", 0, resubmit,
         "send accepted and rejected rows once more; needs --by and --reason"),
    SPECIAL(V, NONE, "row", option_value_rows, NULL, "N", "settle this row, or several: 3,7-9"),
    TEXT(V, NONE, "claim", 0, claim, NULL, "ORDER_NO",
         "settle this claim; beside --row: that is the row's claim"),
    FLAG(V, NONE, "all", 0, all, "settle every unknown row; needs --expect-rows"),
    INTEGER(V, NONE, "expect-rows", 0, expect_rows, 0, INT64_MAX, NULL, "N",
            "how many rows --all will settle"),
    FLAG(V, NONE, "yes", 'y', yes, "do not ask"),
    TEXT(V, NONE, "as", 0, as, NULL, "WHAT", "accepted or not-executed"),
    TEXT(V, NONE, "from", 0, from, NULL, "FILE", "settle the rows of a CSV of decisions"),
    TEXT(V, NONE, "by", 0, by, NULL, "NAME", "who says so"),
    TEXT(V, NONE, "reason", 0, reason, NULL, "TEXT", "and why; both are recorded"),
    TEXT(V, NONE, "list", 'o', list, NULL, "FILE", "the unknown rows, as a CSV of decisions"),
    FLAG(V, NONE, "overwrite", 0, overwrite, "replace FILE of -o, unless claimbatch needs it"),
    FLAG(V, NONE, "json", 0, json, "the unknown rows as one JSON document"),
    TEXT(S, NONE, "move-to", 0, move_to, NULL, "FILE|URL",
         "the ledger moves from its file to PostgreSQL, or back, with all that it knows"),
    TEXT(S, NONE, "abandon", 0, abandon, NULL, "RUN",
         "end a run of a wrong file: none of its rows is sent any more"),
    TEXT(U | R | I | S, NONE, "by", 0, by, NULL, "NAME", "who says so"),
    TEXT(U | R | I | S, NONE, "reason", 0, reason, NULL, "TEXT", "and why; both are recorded"),
    SPECIAL(U | C | A | V, INPUT, "encoding", option_value_encoding, "auto", "NAME",
            "auto, utf-8, gb18030 or utf-16"),
    SPECIAL(U | C | A, INPUT, "delimiter", option_value_delimiter, ",", "C",
            "one character, also \\t or \\x01, or tab"),
    SPECIAL(U | C | A | I, COLUMNS, "column", option_value_column, NULL, "FIELD=HEADER",
            "name a column; claim_time=DATE+TIME: two; may be repeated"),
    SPECIAL(U | C | A, STATUSES, "status", option_value_status, NULL, "WORD=N",
            "what a word of the office means, 0, 1 or 2; may be repeated"),
    SPECIAL(U | C | A, INPUT, "null", option_value_null, NULL, "WORD",
            "cells that are empty in truth; none: no word is; may be repeated"),
    FLAG(U | C | A, INPUT, "short-rows", 0, rules.short_rows,
         "rows may leave out their last cells where those are optional"),
    TEXT(U | C | A, INPUT, "order-no-pattern", 0, rules.order_no_pattern, NULL, "ERE",
         "what a whole claim_order_no looks like"),
    SPECIAL(U | C | A, INPUT, "oldest-time", option_value_oldest_time, RULES_OLDEST_TIME, "DATE",
            "an earlier claim_time is an error"),
    SPECIAL(U | C | A, INPUT, "fee-unit", option_value_fee_unit, NULL, "UNIT",
            "fen or yuan (as the header says)"),
    SPECIAL(U | R | C | A, RULES, "rule", option_value_rule, NULL, "NAME=SEVERITY",
            "error, warn or off; may be repeated"),
    FLAG(U | R, RUN, "dry-run", 0, dry_run, "show what would be sent, send nothing"),
    TEXT(S, NONE, "claim", 0, claim, NULL, "ORDER_NO", "the history of one claim"),
    FLAG(S, NONE, "all", 0, all, "all runs and all unknown rows, not only the newest and oldest"),
    FLAG(S, NONE, "verify", 0, verify, "read the whole ledger and say what is wrong with it"),
    TEXT(S, NONE, "backup", 0, backup, NULL, "FILE", "copy the ledger, also while runs go on"),
    INTEGER(S, NONE, "prune", 0, prune, 0, 36500, NULL, "DAYS",
            "forget the details of runs that ended so many days ago"),
    FLAG(S, NONE, "dry-run", 0, dry_run, "show what --prune would forget, forget nothing"),
    FLAG(S, NONE, "json", 0, json, "everything as one JSON document"),
    SPECIAL(U | R, RUN, "progress", option_value_progress, "auto", "WHEN", "auto, always or never"),
    FLAG(U | R, RUN, "json", 0, json, "the manifest on standard output"),
    FLAG(C, NONE, "json", 0, json, "one JSON document with every problem"),
    FLAG(A, NONE, "json", 0, json, "everything as one JSON document"),
    TEXT(U | R | V, RUN, "sign-key", 0, sign_key, NULL, "FILE",
         "Ed25519 private key, PEM: sign the manifest"),
    TEXT(A, NONE, "export", 0, export_file, NULL, "FILE", "compare with the export as well"),
    TEXT(I, NONE, "export", 0, export_file, NULL, "FILE",
         "what the start of STARTED.json has read, an export or a report"),
    TEXT(A, NONE, "html", 0, html, NULL, "FILE",
         "everything as one page for a browser; - is standard output"),
    TEXT(A, NONE, "csv", 0, csv, NULL, "FILE",
         "each claim once, in its final state, as CSV; - is standard output"),
    TEXT(A, NONE, "xlsx", 0, xlsx, NULL, "FILE",
         "a workbook: overview, days, what needs a person, changed claims"),
    TEXT(A | I, RUN, "verify-key", 0, verify_key, NULL, "FILE",
         "Ed25519 public key, PEM: check the signatures"),
    TEXT(U | R, RUN, "after", 0, after, NULL, "COMMAND",
         "run by /bin/sh at the end, however it is; ended after 60 s"),
    TEXT(U | R, RUN, "metrics", 0, metrics, NULL, "FILE", "counts for Prometheus, at the end"),
    SPECIAL(EVERY, RUN, "log-format", option_value_log_format, "text", "NAME", "text or json"),
    TEXT(U | R | C | A | V | S | I, NONE, "config", 0, config_file, NULL, "FILE",
         "the configuration"),
    FLAG(U | R | C | A | V | S | I, NONE, "print-config", 0, print_config,
         "show what is in force, and from where"),
    FLAG(EVERY, RUN, "quiet", 'q', quiet, "warnings and errors only"),
    FLAG(EVERY, RUN, "verbose", 'v', verbose,
         "say more: of each attempt row, number, code and time"),
    FLAG(EVERY, RUN, "no-color", 0, no_color, "no colour"),
    FLAG(EVERY, NONE, "help", 'h', help, "this text"),
    FLAG(EVERY, NONE, "version", 'V', version, "the version"),
};

const size_t option_list_count = sizeof(option_list) / sizeof(*option_list);
_Static_assert(sizeof(option_list) / sizeof(*option_list) <= OPTION_LIST_MAX, "the list is longer");

const char *option_list_word(size_t i)
{
    return i < option_list_count ? option_list[i].name : NULL;
}

/* What the table calls an option and a configuration by another name. */
const char *option_list_key(const struct option_spec *spec)
{
    static const char *const keys[][2] = {
        {"gateway", "url"},
        {"app-key", "app_key"},
        {"app-secret-file", "app_secret_file"},
        {"session-file", "session_file"},
        {"sign-method", "sign_method"},
        {"ca-file", "ca_file"},
        {"fee-unit", "fee_unit"},
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (strcmp(keys[i][0], spec->name) == 0)
            return keys[i][1];
    return spec->name;
}
