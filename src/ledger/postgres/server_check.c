#include "server_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "session.h"

/* What is asked, in this order. */
enum { LEDGER_ID, DURABILITY, STANDBY_NAMES, NOW_MS };

static int check_id(const struct session *session, const char *url, char id[LEDGER_ID_BYTES],
                    struct error *err)
{
    const char *found = session_text(session, 0, LEDGER_ID);

    if (!*id)
        snprintf(id, LEDGER_ID_BYTES, "%s", found);
    if (strcmp(id, found) == 0)
        return 0;
    return error_set(err, EXIT_BAD_CONFIG,
                     "the server that '%s' leads to now has ledger '%s', and this start began with "
                     "ledger %s: name only servers of one database; nothing more is sent",
                     LOG_QUOTED(url), LOG_QUOTED(found), id);
}

static int check_durability(const struct session *session, const char *url, struct error *err)
{
    if (strcmp(session_text(session, 0, DURABILITY), "standby") != 0 ||
        *session_text(session, 0, STANDBY_NAMES))
        return 0;
    return error_set(
        err, EXIT_BAD_CONFIG,
        "the ledger '%s' was made on a server that waits for a standby, and this one waits for "
        "none: "
        "what was sent last is forgotten when another takes over. Set synchronous_standby_names; "
        "or, where no standby is to take over any more, say so in its database: UPDATE "
        "claimbatch.meta SET value='disk' WHERE name='durability'; nothing is sent",
        LOG_QUOTED(url));
}

/* The server has looked at its clock between two looks at ours. */
static int64_t difference_ms(int64_t theirs_ms, int64_t before_ms, int64_t after_ms)
{
    if (theirs_ms < before_ms)
        return before_ms - theirs_ms;
    return theirs_ms > after_ms ? theirs_ms - after_ms : 0;
}

static int check_clock(int64_t differs_ms, const char *url, bool is_told, struct error *err)
{
    if (differs_ms > SERVER_CHECK_CLOCK_MAX_MS)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the clocks of this host and of the server of the ledger '%s' differ by "
                         "%" PRId64 " s, so how long the gateway takes what a dead host has signed "
                         "is not known: set them right (NTP); nothing is sent",
                         LOG_QUOTED(url), differs_ms / 1000);
    if (differs_ms > SERVER_CHECK_CLOCK_WARN_MS && is_told)
        log_warn("the clocks of this host and of the server of the ledger '%s' differ by %" PRId64
                 " s: set them right (NTP); over %d s nothing is sent",
                 LOG_QUOTED(url), differs_ms / 1000, SERVER_CHECK_CLOCK_MAX_MS / 1000);
    return 0;
}

int server_check(struct session *session, const char *url, char id[LEDGER_ID_BYTES],
                 struct error *err)
{
    static const char question[] = "SELECT (SELECT value FROM meta WHERE name='id'),"
                                   " (SELECT value FROM meta WHERE name='durability'),"
                                   " current_setting('synchronous_standby_names'),"
                                   " floor(extract(epoch FROM clock_timestamp())*1000)::bigint";
    int64_t before_ms = clock_wall_ms(), after_ms, theirs_ms;
    bool is_first = !*id;

    if (session_ask(session, question, 0, NULL, err))
        return -1;
    after_ms = clock_wall_ms();
    theirs_ms = strtoll(session_text(session, 0, NOW_MS), NULL, 10);
    if (check_id(session, url, id, err) || check_durability(session, url, err))
        return -1;
    return check_clock(difference_ms(theirs_ms, before_ms, after_ms), url, is_first, err);
}
