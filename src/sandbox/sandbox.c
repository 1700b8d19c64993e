/*
 * claimbatch-sandbox: a gateway on this machine that behaves as TOP does, for trying and for tests.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/process/secret.h"
#include "base/stop.h"
#include "certificate.h"
#include "fault.h"
#include "journal.h"
#include "limit.h"
#include "server.h"

#include "commit.h"

static const char usage[] =
    "usage: claimbatch-sandbox --app-key KEY --app-secret-file FILE [option...]\n"
    "\n"
    "A local gateway that behaves as TOP does. When it is ready it prints one line,\n"
    "'listening on URL', and it ends by SIGINT or SIGTERM.\n"
    "\n"
    "      --address ADDRESS        numeric address to listen on (127.0.0.1)\n"
    "      --port N                 port; 0: the system chooses (0)\n"
    "      --threads N              threads that serve (1)\n"
    "      --app-key KEY            the app\n"
    "      --app-secret-file FILE   its secret, in a file that only the owner can read\n"
    "      --session-file FILE      ask for this session in every call\n"
    "      --journal FILE           append one JSON line a claim call\n"
    "      --latency MS[..MS]       answer so much later (0)\n"
    "      --flow-limit N           claims in any second; more than that starts a ban\n"
    "      --ban-seconds N          length of a ban (1)\n"
    "      --daily-quota N          claims a Beijing day\n"
    "      --fault NAME=P           let a fault strike with probability P (0.01 or 1%);\n"
    "                               may be repeated; NAME also all-CLASS or every-row\n"
    "      --fault-attempts N       faults strike only the first N attempts of a claim\n"
    "      --seed N                 another number makes other claims suffer (1)\n"
    "      --tls                    speak HTTPS with a certificate made at start\n"
    "      --certificate-file FILE  where to write that certificate (PEM)\n"
    "      --certificate KIND       good, expired or other-host (good)\n"
    "      --list-faults            show what can be made to fail\n"
    "      --help, --version\n";

enum option_code {
    OPTION_ADDRESS = 256,
    OPTION_PORT,
    OPTION_THREADS,
    OPTION_APP_KEY,
    OPTION_APP_SECRET_FILE,
    OPTION_SESSION_FILE,
    OPTION_JOURNAL,
    OPTION_LATENCY,
    OPTION_FLOW_LIMIT,
    OPTION_BAN_SECONDS,
    OPTION_DAILY_QUOTA,
    OPTION_FAULT,
    OPTION_FAULT_ATTEMPTS,
    OPTION_SEED,
    OPTION_TLS,
    OPTION_CERTIFICATE_FILE,
    OPTION_CERTIFICATE,
    OPTION_LIST_FAULTS,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option options[] = {
    {"address", required_argument, NULL, OPTION_ADDRESS},
    {"port", required_argument, NULL, OPTION_PORT},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"app-key", required_argument, NULL, OPTION_APP_KEY},
    {"app-secret-file", required_argument, NULL, OPTION_APP_SECRET_FILE},
    {"session-file", required_argument, NULL, OPTION_SESSION_FILE},
    {"journal", required_argument, NULL, OPTION_JOURNAL},
    {"latency", required_argument, NULL, OPTION_LATENCY},
    {"flow-limit", required_argument, NULL, OPTION_FLOW_LIMIT},
    {"ban-seconds", required_argument, NULL, OPTION_BAN_SECONDS},
    {"daily-quota", required_argument, NULL, OPTION_DAILY_QUOTA},
    {"fault", required_argument, NULL, OPTION_FAULT},
    {"fault-attempts", required_argument, NULL, OPTION_FAULT_ATTEMPTS},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"tls", no_argument, NULL, OPTION_TLS},
    {"certificate-file", required_argument, NULL, OPTION_CERTIFICATE_FILE},
    {"certificate", required_argument, NULL, OPTION_CERTIFICATE},
    {"list-faults", no_argument, NULL, OPTION_LIST_FAULTS},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

#define FAULTS_MAX 256

/* What the user asked for, and what was made of it. */
struct sandbox {
    const char *app_secret_file, *session_file, *journal_file, *certificate_file;
    const char *fault_shares[FAULTS_MAX];
    size_t fault_count;
    bool tls;
    enum certificate_kind certificate_kind;
    struct faults_settings faults;
    struct limit_settings limit;
    struct server_settings server;

    struct secret app_secret, session;
    struct buffer certificate, key;
};

/* ---- options ---- */

static int read_number(const char *option, const char *text, int64_t min, int64_t max,
                       int64_t *ret_number, struct error *err)
{
    char *end;

    errno = 0;
    *ret_number = strtoll(text, &end, 10);
    if (end != text && !*end && !errno && *ret_number >= min && *ret_number <= max)
        return 0;
    return error_set(err, EXIT_BAD_USAGE,
                     "--%s takes a number from %" PRId64 " to %" PRId64 ", not '%s'", option, min,
                     max, LOG_QUOTED(text));
}

#define LATENCY_MAX_MS 600000

static int read_latency(const char *text, struct service_settings *service, struct error *err)
{
    const char *dots = strstr(text, "..");
    char first[32];

    snprintf(first, sizeof(first), "%.*s", dots ? (int)(dots - text) : (int)strlen(text), text);
    if (read_number("latency", first, 0, LATENCY_MAX_MS, &service->latency_min_ms, err))
        return -1;
    service->latency_max_ms = service->latency_min_ms;
    if (!dots)
        return 0;
    return read_number("latency", dots + 2, service->latency_min_ms, LATENCY_MAX_MS,
                       &service->latency_max_ms, err);
}

static int take_number_option(struct sandbox *sandbox, int option, const char *value,
                              struct error *err)
{
    int64_t number = 0;

    switch (option) {
    case OPTION_PORT:
        if (read_number("port", value, 0, 65535, &number, err))
            return -1;
        sandbox->server.port = (int)number;
        return 0;
    case OPTION_THREADS:
        if (read_number("threads", value, 1, SERVER_THREADS_MAX, &number, err))
            return -1;
        sandbox->server.threads = (size_t)number;
        return 0;
    case OPTION_FLOW_LIMIT:
        return read_number("flow-limit", value, 1, LIMIT_FLOW_MAX, &sandbox->limit.flow_limit, err);
    case OPTION_BAN_SECONDS:
        return read_number("ban-seconds", value, 1, 86400, &sandbox->limit.ban_seconds, err);
    case OPTION_DAILY_QUOTA:
        return read_number("daily-quota", value, 1, INT64_MAX, &sandbox->limit.daily_quota, err);
    case OPTION_FAULT_ATTEMPTS:
        if (read_number("fault-attempts", value, 1, INT64_MAX, &number, err))
            return -1;
        sandbox->faults.attempts = (uint64_t)number;
        return 0;
    default: /* OPTION_SEED */
        if (read_number("seed", value, INT64_MIN, INT64_MAX, &number, err))
            return -1;
        sandbox->faults.seed = (uint64_t)number;
        return 0;
    }
}

static int take_fault(struct sandbox *sandbox, const char *share, struct error *err)
{
    if (sandbox->fault_count == FAULTS_MAX)
        return error_set(err, EXIT_BAD_USAGE, "more than %d --fault options", FAULTS_MAX);
    sandbox->fault_shares[sandbox->fault_count++] = share;
    return 0;
}

static int take_certificate_kind(struct sandbox *sandbox, const char *name, struct error *err)
{
    if (!certificate_kind_parse(name, &sandbox->certificate_kind))
        return error_set(err, EXIT_BAD_USAGE,
                         "--certificate takes good, expired or other-host, not '%s'",
                         LOG_QUOTED(name));
    return 0;
}

static int take_option(struct sandbox *sandbox, int option, const char *value, struct error *err)
{
    switch (option) {
    case OPTION_ADDRESS:
        sandbox->server.address = value;
        return 0;
    case OPTION_APP_KEY:
        sandbox->server.service.app_key = value;
        return 0;
    case OPTION_APP_SECRET_FILE:
        sandbox->app_secret_file = value;
        return 0;
    case OPTION_SESSION_FILE:
        sandbox->session_file = value;
        return 0;
    case OPTION_JOURNAL:
        sandbox->journal_file = value;
        return 0;
    case OPTION_CERTIFICATE_FILE:
        sandbox->certificate_file = value;
        return 0;
    case OPTION_TLS:
        sandbox->tls = true;
        return 0;
    case OPTION_LATENCY:
        return read_latency(value, &sandbox->server.service, err);
    case OPTION_FAULT:
        return take_fault(sandbox, value, err);
    case OPTION_CERTIFICATE:
        return take_certificate_kind(sandbox, value, err);
    default:
        return take_number_option(sandbox, option, value, err);
    }
}

/* The options that only show something; 0 when it was none of them. */
static int show(int option)
{
    switch (option) {
    case OPTION_HELP:
        fputs(usage, stdout);
        return 1;
    case OPTION_VERSION:
        puts("claimbatch-sandbox " CLAIMBATCH_VERSION " (commit " CLAIMBATCH_COMMIT ")");
        return 1;
    case OPTION_LIST_FAULTS:
        fault_print(stdout);
        return 1;
    default:
        return 0;
    }
}

static int check_options(const struct sandbox *sandbox, struct error *err)
{
    if (!sandbox->server.service.app_key || !*sandbox->server.service.app_key)
        return error_set(err, EXIT_BAD_USAGE, "--app-key is missing; see --help");
    if (!sandbox->app_secret_file)
        return error_set(err, EXIT_BAD_USAGE, "--app-secret-file is missing; see --help");
    if (sandbox->tls != (sandbox->certificate_file != NULL))
        return error_set(err, EXIT_BAD_USAGE, "--tls and --certificate-file go together");
    return 0;
}

/* 1 when something was shown and there is nothing more to do. */
static int read_options(struct sandbox *sandbox, int argc, char **argv, struct error *err)
{
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option == '?')
            return error_set(err, EXIT_BAD_USAGE, "unknown option '%s'; see --help",
                             LOG_QUOTED(argv[optind - 1]));
        if (option == ':')
            return error_set(err, EXIT_BAD_USAGE, "option '%s' needs a value; see --help",
                             LOG_QUOTED(argv[optind - 1]));
        if (show(option))
            return 1;
        if (take_option(sandbox, option, optarg, err))
            return -1;
    }
    if (optind < argc)
        return error_set(err, EXIT_BAD_USAGE, "'%s' is one argument too many; see --help",
                         LOG_QUOTED(argv[optind]));
    return check_options(sandbox, err);
}

/* ---- making ready ---- */

static int read_secrets(struct sandbox *sandbox, struct error *err)
{
    struct service_settings *service = &sandbox->server.service;

    if (secret_read_line(sandbox->app_secret_file, "app secret", &sandbox->app_secret, err))
        return -1;
    service->app_secret = sandbox->app_secret.text;
    if (!sandbox->session_file)
        return 0;
    if (secret_read_line(sandbox->session_file, "session", &sandbox->session, err))
        return -1;
    service->session = sandbox->session.text;
    return 0;
}

static int make_certificate(struct sandbox *sandbox, struct error *err)
{
    int fd;
    int result;

    if (!sandbox->tls)
        return 0;
    if (certificate_make(sandbox->certificate_kind, &sandbox->certificate, &sandbox->key, err))
        return -1;
    fd = file_create_locked(sandbox->certificate_file, err);
    if (fd < 0)
        return -1;
    result = file_write(fd, sandbox->certificate_file, sandbox->certificate.ptr,
                        sandbox->certificate.len, err);
    close(fd);
    sandbox->server.certificate = buffer_string(&sandbox->certificate);
    sandbox->server.key = buffer_string(&sandbox->key);
    return result;
}

static int open_faults(struct sandbox *sandbox, struct error *err)
{
    struct faults **faults = &sandbox->server.service.faults;

    sandbox->faults.tls = sandbox->tls;
    if (faults_open(&sandbox->faults, faults, err))
        return -1;
    for (size_t i = 0; i < sandbox->fault_count; i++)
        if (faults_add(*faults, sandbox->fault_shares[i], err))
            return -1;
    return 0;
}

static int make_ready(struct sandbox *sandbox, struct error *err)
{
    struct service_settings *service = &sandbox->server.service;

    if (open_faults(sandbox, err) || limit_open(&sandbox->limit, &service->limit, err) ||
        read_secrets(sandbox, err) || make_certificate(sandbox, err))
        return -1;
    return sandbox->journal_file ? journal_open(sandbox->journal_file, &service->journal, err) : 0;
}

static void release(struct sandbox *sandbox)
{
    journal_close(sandbox->server.service.journal);
    limit_close(sandbox->server.service.limit);
    faults_close(sandbox->server.service.faults);
    secret_release(&sandbox->app_secret);
    secret_release(&sandbox->session);
    buffer_wipe(&sandbox->key);
    buffer_release(&sandbox->certificate);
}

/* Thousands of connections need as many descriptors. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void announce(const struct sandbox *sandbox, const struct server *server)
{
    const char *address = sandbox->server.address;
    bool ipv6 = strchr(address, ':') != NULL;

    printf("listening on %s://%s%s%s:%d/router/rest\n", sandbox->tls ? "https" : "http",
           ipv6 ? "[" : "", address, ipv6 ? "]" : "", server_port(server));
    fflush(stdout);
}

static int serve(struct sandbox *sandbox, struct error *err)
{
    struct server *server = NULL;
    int result = -1;

    if (make_ready(sandbox, err) || stop_watch(err) || server_open(&sandbox->server, &server, err))
        goto out;
    announce(sandbox, server);
    result = server_run(server, err);
out:
    server_close(server);
    return result;
}

int main(int argc, char **argv)
{
    struct sandbox sandbox = {
        .faults = {.seed = 1},
        .limit = {.ban_seconds = 1},
        .server = {.address = "127.0.0.1", .threads = 1},
    };
    struct error err = {0};
    int result = read_options(&sandbox, argc, argv, &err);

    if (result == 0) {
        raise_descriptor_limit();
        result = serve(&sandbox, &err);
    }
    release(&sandbox);
    if (result >= 0)
        return EXIT_COMPLETE;
    fprintf(stderr, "claimbatch-sandbox: %s\n", err.text);
    return err.exit_code;
}
