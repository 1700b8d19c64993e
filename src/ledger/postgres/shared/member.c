#include "member.h"

#include "base/clock.h"
#include "base/error.h"
#include "ledger/postgres/alive/parameters.h"
#include "ledger/postgres/session.h"

/* The server's clock may be set between two looks at it, and a host's: what has passed is the least
 * that either says. */
#define HOST_TIME(parameter) "to_timestamp(" parameter "::float8/1000)"

static int refuse(struct error *err)
{
    return error_set(err, EXIT_TRY_LATER,
                     "this host has no share of the app key's rate any more: it was not heard of "
                     "in time, and another goes on in its place; nothing more is sent from here");
}

/* Whoever fences it waits for that, or is seen: a share that nobody takes back would be in all
 * others' way for ever. */
int member_join(struct session *session, const struct member *member, int64_t rate,
                struct error *err)
{
    static const char join[] =
        "WITH w AS (SELECT id FROM worker WHERE id=$3 AND NOT fenced AND NOT ended FOR SHARE),"
        " g AS (INSERT INTO app AS a(platform, app_key, generation, changed)"
        "  SELECT $1, $2, 1, clock_timestamp() FROM w ON CONFLICT (platform, app_key)"
        "  DO UPDATE SET generation=a.generation+1, changed=clock_timestamp() RETURNING generation)"
        " INSERT INTO member SELECT $1, $2, w.id, $4, 0, generation FROM g, w"
        " ON CONFLICT (platform, app_key, worker) DO UPDATE SET rate_said=excluded.rate_said,"
        "  share=0, acked=excluded.acked RETURNING worker";

    if (parameters_ask(session, join, err, "isin", member->platform, member->app_key,
                       member->worker, rate == SHARE_UNLIMITED ? -1 : rate))
        return -1;
    return session_rows(session) ? 0 : refuse(err);
}

int member_look(struct session *session, const struct member *member, struct share_view *ret_view,
                struct error *err)
{
    static const char look[] =
        "SELECT a.generation, m.rate, m.members, m.before, m.acked=a.generation, o.acked, o.share,"
        " floor(extract(epoch FROM least(clock_timestamp(), " HOST_TIME(
            "$4") ")-a.left_at)*1000)"
                  "::bigint FROM app a"
                  " CROSS JOIN LATERAL (SELECT min(rate_said) AS rate, count(*) AS members,"
                  "  count(*) FILTER (WHERE worker<$3) AS before, min(acked) AS acked FROM member"
                  "  WHERE platform=$1 AND app_key=$2) m"
                  " CROSS JOIN LATERAL (SELECT acked, share FROM member"
                  "  WHERE platform=$1 AND app_key=$2 AND worker=$3) o"
                  " WHERE a.platform=$1 AND a.app_key=$2";

    if (parameters_ask(session, look, err, "isii", member->platform, member->app_key,
                       member->worker, clock_wall_ms()))
        return -1;
    if (!session_rows(session))
        return refuse(err);
    *ret_view = (struct share_view){
        .generation = session_integer(session, 0, 0),
        .rate = session_is_null(session, 0, 1) ? SHARE_UNLIMITED : session_integer(session, 0, 1),
        .members = (size_t)session_integer(session, 0, 2),
        .before = (size_t)session_integer(session, 0, 3),
        .all_acked = session_bool(session, 0, 4),
        .acked = session_integer(session, 0, 5),
        .share = session_integer(session, 0, 6),
        .left_ms_ago = session_integer(session, 0, 7),
    };
    return 0;
}

int member_put(struct session *session, const struct member *member, int64_t generation,
               int64_t share, struct error *err)
{
    static const char put[] = "UPDATE member SET share=$4, acked=$5"
                              " WHERE platform=$1 AND app_key=$2 AND worker=$3 RETURNING share";

    if (parameters_ask(session, put, err, "isiii", member->platform, member->app_key,
                       member->worker, share, generation))
        return -1;
    return session_rows(session) ? 0 : refuse(err);
}

int member_rotate(struct session *session, const struct member *member, int64_t generation,
                  struct error *err)
{
    static const char rotate[] = "UPDATE app SET generation=generation+1, changed=clock_timestamp()"
                                 " WHERE platform=$1 AND app_key=$2 AND generation=$3";

    return parameters_ask(session, rotate, err, "isi", member->platform, member->app_key,
                          generation);
}

int member_leave(struct session *session, int64_t worker, struct error *err)
{
    static const char leave[] =
        "WITH gone AS (DELETE FROM member WHERE worker=$1 RETURNING platform, app_key)"
        " UPDATE app SET generation=generation+1, changed=clock_timestamp(),"
        " left_at=greatest(clock_timestamp(), " HOST_TIME(
            "$2") ") FROM gone"
                  " WHERE app.platform=gone.platform AND app.app_key=gone.app_key";

    return parameters_ask(session, leave, err, "ii", worker, clock_wall_ms());
}
