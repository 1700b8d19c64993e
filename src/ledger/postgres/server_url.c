#include "ledger/postgres/server_url.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"

/* What a URL may say: who and where, and how the other side is known. The rest is the program's. */
static const char *const parameters[] = {
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "passfile",
    "port",
    "sslcert",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "ssl_min_protocol_version",
    "user",
};

static const char *skip_scheme(const char *text)
{
    static const char *const schemes[] = {"postgresql://", "postgres://"};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
        if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
            return text + strlen(schemes[i]);
    return NULL;
}

bool server_url_is(const char *ledger)
{
    return skip_scheme(ledger) != NULL;
}

/* Something after a colon and before an at sign: a password, also one with a slash in it, which
 * libpq would take for a port and name in its message. */
static bool has_user_password(const char *text, size_t len)
{
    const char *colon = memchr(text, ':', len);

    return colon && memchr(colon, '@', len - (size_t)(colon - text));
}

/* A name that is written with % is none of these: nobody has to. */
static bool is_among_parameters(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(parameters) / sizeof(*parameters); i++)
        if (len == strlen(parameters[i]) && memcmp(name, parameters[i], len) == 0)
            return true;
    return false;
}

static int refuse_password(struct error *err)
{
    return error_set(
        err, EXIT_BAD_CONFIG,
        "the URL of the ledger has a password in it, which others may read in lists of "
        "processes, logs and histories. Change it on the server, and put the new one "
        "into ~/.pgpass or the file ledger-password of $CREDENTIALS_DIRECTORY; nothing "
        "was sent");
}

static int check_parameter(const char *name, size_t len, struct error *err)
{
    if (memmem(name, len, "password", strlen("password")))
        return refuse_password(err);
    if (!is_among_parameters(name, len))
        return error_set(err, EXIT_BAD_CONFIG,
                         "the URL of the ledger has a parameter that is not taken. It may name "
                         "host, hostaddr, port, user, dbname, passfile, connect_timeout, "
                         "channel_binding and what begins with ssl; nothing was sent");
    return 0;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* "postgresql://" behind quotes or blanks, or in other letters, another scheme, or what libpq takes
 * for a connection besides URLs. */
static bool is_meant_for_server(const char *text)
{
    size_t word = strspn(text, LETTERS);
    size_t scheme = strspn(text, LETTERS "0123456789+.-");
    size_t slash = strcspn(text, "/");

    if (word && text[scheme] == ':')
        return true;
    if (slash && strncmp(text + slash - 1, "://", 3) == 0)
        return true;
    return word && text[word + strspn(text + word, " ")] == '=' &&
           (is_among_parameters(text, word) || strncmp(text, "service=", word + 1) == 0);
}

/* A ledger under a name that was not meant would be a second one, which knows nothing. */
static int check_path(const char *text, struct error *err)
{
    if (is_meant_for_server(text))
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger is to be a file, or a server named as "
                         "postgresql://user@host/database, and what is named seems to be another "
                         "kind of address. For a file with this very name write ./NAME; nothing "
                         "was sent");
    if (strchr("~$%", *text))
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' begins with a sign that a shell or systemd would have "
                         "replaced, and nobody has: write the whole path, or ./NAME for a file "
                         "with this very name; nothing was sent",
                         LOG_QUOTED(text));
    return 0;
}

int server_url_check(const char *ledger, struct error *err)
{
    const char *text = skip_scheme(ledger);
    const char *query;

    if (!text)
        return check_path(ledger, err);
    query = strchr(text, '?');
    if (has_user_password(text, query ? (size_t)(query - text) : strlen(text)))
        return refuse_password(err);
    while (query && query[0] && query[1]) {
        query++;
        if (check_parameter(query, strcspn(query, "=&"), err))
            return -1;
        query += strcspn(query, "&");
    }
    return 0;
}
