#include "session.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/process/secret.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "host.h"
#include "ledger/postgres/server_url.h"
#include "server_password.h"
#include "server_words.h"
#include "session_core.h"
#include "sqlstate.h"

#define CONNECT_MS 10000 /* for each host */
#define PARAMETERS_MAX 40
#define SYSTEM_CERTIFICATES "/etc/ssl/certs/ca-certificates.crt"

/* A statement is planned once, often when the ledger is empty: so that it never becomes one that
 * reads whole tables, or joins them so. */
#define PLANS                                                                                      \
    " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off"          \
    " -c enable_mergejoin=off -c enable_bitmapscan=off -c jit=off"

/* What holds in each session, whatever the server's and the role's own settings say. A statement
 * that waits, and a client that was stopped in a transaction, keep others from their rows. */
#define SETTINGS_OF_ALL                                                                            \
    "-c default_transaction_isolation=read\\ committed -c standard_conforming_strings=on"          \
    " -c search_path=claimbatch -c timezone=UTC -c client_min_messages=warning"                    \
    " -c bytea_output=hex -c lock_timeout=5s"                                                      \
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
#define SETTINGS                                                                                   \
    SETTINGS_OF_ALL " -c statement_timeout=10s -c idle_in_transaction_session_timeout=10s" PLANS

/* Who looks keeps nobody waiting and reads whole tables, each statement planned for what is in
 * them. */
#define SETTINGS_TO_LOOK                                                                           \
    SETTINGS_OF_ALL " -c default_transaction_read_only=on -c statement_timeout=10min"              \
                    " -c idle_in_transaction_session_timeout=60s"                                  \
                    " -c client_connection_check_interval=5s"                                      \
                    " -c plan_cache_mode=force_custom_plan -c jit=off"

/* ---- what went wrong ---- */

static int exit_code_of_connection(const struct session *session, const char *words)
{
    char state[SQLSTATE_BYTES];

    if (sqlstate_find(words, state))
        return sqlstate_exit_code(state);
    if (PQconnectionNeedsPassword(session->connection) || server_words_are_of_tls(words))
        return EXIT_BAD_CONFIG;
    return EXIT_TRY_LATER;
}

/* `said` has what was said of the hosts before, and gets what is said of this one. */
static int fail_to_connect(const struct session *session, int exit_code, struct buffer *said,
                           struct error *err)
{
    return error_set(err, exit_code, "cannot connect to the ledger '%s': %s; nothing was sent",
                     LOG_QUOTED(session->url), LOG_QUOTED_WITHIN(buffer_string(said), 1024));
}

static int fail_by_words(const struct session *session, struct buffer *said, struct error *err)
{
    const char *words = PQerrorMessage(session->connection);

    if (server_words_are_of_pooler(words))
        return session_refuse_pooler(session, err);
    server_words_join(words, said);
    return fail_to_connect(session, exit_code_of_connection(session, words), said, err);
}

/* ---- how it is connected ---- */

/* What libpq is told, in the order of precedence: of two values of a name the later one counts. */
struct parameters {
    PQconninfoOption *said;     /* by the URL */
    PQconninfoOption *defaults; /* by the environment, the service of PGSERVICE, libpq */
    const char *names[PARAMETERS_MAX + 1];
    const char *values[PARAMETERS_MAX + 1];
    size_t count;
    struct secret password;
    struct buffer host, address, port; /* of the one that is tried */
    struct buffer said_of;             /* those that were tried */
};

static void put(struct parameters *p, const char *name, const char *value)
{
    if (p->count < PARAMETERS_MAX) {
        p->names[p->count] = name;
        p->values[p->count++] = value;
    }
}

/* NULL where it is not there. */
static const char *value_in(const PQconninfoOption *options, const char *name)
{
    for (; options->keyword; options++)
        if (strcmp(options->keyword, name) == 0)
            return options->val && *options->val ? options->val : NULL;
    return NULL;
}

static const char *value_of(const struct parameters *p, const char *name)
{
    const char *value = value_in(p->said, name);

    return value ? value : value_in(p->defaults, name);
}

static bool has_own_certificates(void)
{
    const char *home = getenv("HOME");
    struct buffer path = {0};
    bool has;

    buffer_format(&path, "%s/.postgresql/root.crt", home ? home : "");
    has = !path.failed && access(path.ptr, R_OK) == 0;
    buffer_release(&path);
    return has;
}

/* Off this host the server is who its certificate says, or nothing is said to it. */
static int put_tls(struct parameters *p, const char *url, struct error *err)
{
    const char *mode = value_of(p, "sslmode");

    if (mode && strcmp(mode, "prefer") == 0 && !value_in(p->said, "sslmode")) {
        mode = "verify-full"; /* "prefer" is what libpq has where nobody says anything */
        put(p, "sslmode", mode);
    }
    if (!mode || strcmp(mode, "verify-full") != 0)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' is on another host, and with sslmode=%s anybody on the "
                         "way could be that host: leave sslmode out, or say verify-full; nothing "
                         "was sent",
                         LOG_QUOTED(url), LOG_QUOTED(mode ? mode : ""));
    if (!value_of(p, "sslrootcert") && !has_own_certificates())
        put(p, "sslrootcert", SYSTEM_CERTIFICATES);
    return 0;
}

static void put_own(struct parameters *p, bool only_looks)
{
    const char *const own[][2] = {
        {"application_name", "claimbatch"},
        {"client_encoding", "UTF8"},
        {"gssencmode", "disable"},
        {"keepalives", "1"},
        {"keepalives_idle", "10"},
        {"keepalives_interval", "5"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "10000"},
        {"options", only_looks ? SETTINGS_TO_LOOK : SETTINGS},
        {"target_session_attrs", only_looks ? "any" : "read-write"},
    };

    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
        put(p, own[i][0], own[i][1]);
}

static int prepare(struct parameters *p, const struct session *session, bool all_local,
                   struct error *err)
{
    for (const PQconninfoOption *option = p->said; option->keyword; option++)
        if (option->val && *option->val)
            put(p, option->keyword, option->val);
    put_own(p, session->only_looks);
    if (!all_local && put_tls(p, session->url, err))
        return -1;
    if (server_password_read(&p->password, err))
        return -1;
    if (p->password.text)
        put(p, "password", p->password.text);
    return 0;
}

/* Until libpq says that it is connected, or why not. */
static int wait_until_connected(struct session *session, struct buffer *said, struct error *err)
{
    int64_t deadline_ms = clock_mono_ms() + CONNECT_MS;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;

    while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
        struct pollfd fds[] = {
            {PQsocket(session->connection),
             state == PGRES_POLLING_READING ? (short)POLLIN : (short)POLLOUT, 0},
            {stop_fd(), POLLIN, 0},
        };
        int64_t left = deadline_ms - clock_mono_ms();

        if (stop_signal())
            return error_set(err, EXIT_TRY_LATER, "stopped by a signal: %s",
                             strsignal(stop_signal()));
        if (left <= 0 || poll(fds, 2, (int)left) == 0) {
            language_format(said, "no answer within %d s", CONNECT_MS / 1000);
            return fail_to_connect(session, EXIT_TRY_LATER, said, err);
        }
        if (fds[0].revents)
            state = PQconnectPoll(session->connection);
    }
    if (state != PGRES_POLLING_OK || PQsetnonblocking(session->connection, 1))
        return fail_by_words(session, said, err);
    return 0;
}

/* One of a list, which libpq would go on from only where a host refuses: one that hangs would keep
 * it from the others. */
static void put_one(struct parameters *p, const char *name, size_t place, struct buffer *text)
{
    const char *list = value_of(p, name);

    if (!list)
        return;
    host_nth(list, place, text);
    put(p, name, buffer_string(text));
}

static int start_one(struct session *session, struct parameters *p, size_t place, struct error *err)
{
    size_t count = p->count;

    if (p->said_of.len)
        buffer_text(&p->said_of, "; ");
    put_one(p, "host", place, &p->host);
    put_one(p, "hostaddr", place, &p->address);
    put_one(p, "port", place, &p->port);
    p->names[p->count] = p->values[p->count] = NULL;
    session->connection = PQconnectStartParams(p->names, p->values, 0);
    p->count = count;
    if (!session->connection)
        return error_no_memory(err);
    /* So that the server's code stands in the message, the only place it has. */
    PQsetErrorVerbosity(session->connection, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(session->connection, session_take_warning, session);
    if (PQstatus(session->connection) == CONNECTION_BAD)
        return fail_by_words(session, &p->said_of, err);
    return wait_until_connected(session, &p->said_of, err);
}

static int start(struct session *session, struct parameters *p, struct error *err)
{
    const char *addresses = value_of(p, "hostaddr");
    bool all_local;
    size_t hosts = host_count(addresses ? addresses : value_of(p, "host"), &all_local);

    if (prepare(p, session, all_local, err))
        return -1;
    for (size_t place = 0; place < hosts; place++) {
        PQfinish(session->connection);
        if (!start_one(session, p, place, err))
            return 0;
        if (err->exit_code != EXIT_TRY_LATER || stop_signal())
            break;
    }
    return -1;
}

static int connect_by_url(struct session *session, struct error *err)
{
    struct parameters p = {0};
    char *words = NULL;
    int result;

    if (server_url_check(session->url, err))
        return -1;
    p.said = PQconninfoParse(session->url, &words);
    p.defaults = PQconndefaults();
    if (p.said && p.defaults)
        result = start(session, &p, err);
    else if (words)
        result = error_set(err, EXIT_BAD_CONFIG, "the ledger's URL '%s' cannot be read: %s",
                           LOG_QUOTED(session->url), LOG_QUOTED(words));
    else
        result = error_set(err, EXIT_BAD_CONFIG,
                           "the service that PGSERVICE names cannot be read; nothing was sent");
    PQconninfoFree(p.said);
    PQconninfoFree(p.defaults);
    PQfreemem(words);
    secret_release(&p.password);
    buffer_release(&p.host);
    buffer_release(&p.address);
    buffer_release(&p.port);
    buffer_release(&p.said_of);
    return result;
}

/* ---- what the server promises ---- */

/* That it is no standby is asked of libpq. Who only looks commits nothing. */
static int check_server(struct session *session, struct error *err)
{
    static const struct {
        const char *is, *else_why;
        bool is_of_commits;
    } promises[] = {
        {"t", N_("is older than PostgreSQL 15"), false},
        {"on", N_("runs with fsync off: it forgets commits when it crashes"), true},
        {"on", N_("runs with full_page_writes off: a crash may leave pages half written"), true},
        {"UTF8", N_("keeps this database in another encoding than UTF8"), false},
    };
    static const char question[] =
        "SELECT current_setting('server_version_num')::integer>=150000, current_setting('fsync'),"
        " current_setting('full_page_writes'), current_setting('server_encoding'),"
        " current_setting('synchronous_commit'), pg_backend_pid()";
    int count = sizeof(promises) / sizeof(*promises);

    if (session_ask(session, question, 0, NULL, err))
        return -1;
    /* A pooler cannot tell it as the connection begins: it has no session for it yet. */
    if (session_integer(session, 0, count + 1) != PQbackendPID(session->connection))
        return session_refuse_pooler(session, err);
    for (int i = 0; i < count; i++)
        if (strcmp(session_text(session, 0, i), promises[i].is) != 0 &&
            !(session->only_looks && promises[i].is_of_commits))
            return error_set(err, EXIT_BAD_CONFIG,
                             "the server of the ledger '%s' %s; nothing was sent",
                             LOG_QUOTED(session->url), _(promises[i].else_why));
    if (session->only_looks || strcmp(session_text(session, 0, count), "remote_apply") == 0)
        return 0;
    return session_execute(session, "SET synchronous_commit=on", err);
}

static int open_as(const struct session *wanted, struct session **ret_session, struct error *err)
{
    struct session *session = malloc(sizeof(*session));

    *ret_session = NULL;
    if (!session)
        return error_no_memory(err);
    *session = *wanted;
    if (connect_by_url(session, err) || check_server(session, err)) {
        session_close(session);
        return -1;
    }
    *ret_session = session;
    return 0;
}

int session_open(const char *url, struct session **ret_session, struct error *err)
{
    struct session wanted = {.url = url, .answer_ms = SESSION_ANSWER_MS};

    return open_as(&wanted, ret_session, err);
}

int session_open_to_look(const char *url, struct session **ret_session, struct error *err)
{
    struct session wanted = {.url = url, .answer_ms = SESSION_LOOK_MS, .only_looks = true};

    return open_as(&wanted, ret_session, err);
}

const char *session_url(const struct session *session)
{
    return session->url;
}

void session_close(struct session *session)
{
    if (!session)
        return;
    for (size_t i = 0; i < session->answer_count; i++)
        PQclear(session->answers[i]);
    PQclear(session->result); /* the connection is gone with what it waits for: never cancelled */
    PQfinish(session->connection);
    buffer_release(&session->warnings);
    free(session);
}
