/* Unit tests of ledger/postgres/outage/spill_replay on a real server: what a worker that died had
 * kept is told to the ledger, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "holder.h"
#include "ledger/postgres/outage/spill_replay.h"
#include "spill_words.h"
#include "worker_desk.h"

/* The worker that died, and a file of the host for its bytes; its calls 1 and 2 are open. */
struct place {
    char url[CLUSTER_URL_BYTES];
    struct session *session;
    struct host_lock lock;
    struct folder *folder;
    struct spill_owner owner;
    char path[256];
};

static const char run_row[] =
    "INSERT INTO run(id,name,command,platform,export_name,export_sha256,export_bytes,reading,"
    " report_path,started_ms,finished_ms,stopped_because,complete,open_rows,invalid_rows,published,"
    " sequence) OVERRIDING SYSTEM VALUE VALUES(5,'r5','upload',1,'x','',0,'','',0,0,'',0,0,0,0,5);"
    "SELECT setval(pg_get_serial_sequence('claimbatch.run', 'id'), 5)";

static struct place *make_place(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    char text[512];

    p->folder = *state;
    p->session = make_ledger(p->url);
    assert_int_equal(host_lock_open(p->folder->file, &p->lock, &err), 0);
    snprintf(text, sizeof(text),
             "INSERT INTO worker(host, place, boot, pid, version) VALUES('h','%s','%s',99,'v')",
             p->lock.place, p->lock.boot);
    execute(p->session, text);
    execute(p->session, run_row);
    p->owner = (struct spill_owner){SPILL_LEDGER, 1, "", 99};
    memcpy(p->owner.boot, p->lock.boot, sizeof(p->owner.boot));
    open_attempt(p->session, 1, 1, true);
    open_attempt(p->session, 1, 2, true);
    return p;
}

static void free_place(struct place *p)
{
    session_close(p->session);
    host_lock_close(&p->lock);
    free(p);
}

/* Its answers to calls 1 and 2. */
static void keep_answers(struct place *p)
{
    const struct spill_answer answers[] = {spill_answer_of(5, 1), spill_answer_of(5, 2)};
    struct spill *spill;

    if (spill_open(p->folder->path, &p->owner, &spill, &err) ||
        append_answers(spill, answers, 2, &err))
        fail_msg("%s", err.text);
    snprintf(p->path, sizeof(p->path), "%s", spill_path(spill));
    spill_close(spill);
}

static void replay(struct place *p)
{
    if (spill_replay(p->session, &p->lock, p->folder->path, SPILL_LEDGER, &err))
        fail_msg("%s", err.text);
}

static bool is_there(const struct place *p)
{
    return access(p->path, F_OK) == 0;
}

static const char *accepted(struct place *p)
{
    return ask(p->session, "count(*)", "FROM claim WHERE accepted_run=5 AND open_call IS NULL");
}

static void what_a_dead_worker_kept_is_stored(void **state)
{
    struct place *p = make_place(state);

    keep_answers(p);
    replay(p);
    assert_false(is_there(p));
    assert_string_equal(accepted(p), "2");
    assert_string_equal(ask(p->session, "count(*), bool_and(applied)", "FROM late_answer"), "2 t");
    replay(p); /* there is nothing */
    free_place(p);
}

#define TABLES                                                                                     \
    "(SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM claim c),"                              \
    "(SELECT md5(string_agg(r::text, '' ORDER BY r.run, r.row)) FROM row r),"                      \
    "(SELECT md5(string_agg(l::text, '' ORDER BY call)) FROM late_answer l),"                      \
    "(SELECT released FROM run), (SELECT count(*) FROM event)"

/* Killed between the commit and the removal. */
static void the_same_again_changes_nothing(void **state)
{
    struct place *p = make_place(state);
    char before[4096];

    keep_answers(p);
    replay(p);
    snprintf(before, sizeof(before), "%s", ask(p->session, TABLES, ""));
    keep_answers(p);
    replay(p);
    assert_false(is_there(p));
    assert_string_equal(ask(p->session, TABLES, ""), before);
    free_place(p);
}

static void what_was_said_otherwise_stays_as_evidence(void **state)
{
    struct place *p = make_place(state);

    execute(p->session, "UPDATE claim SET open_call=NULL, version=version+1 WHERE open_call=2");
    keep_answers(p);
    replay(p);
    assert_false(is_there(p));
    assert_string_equal(accepted(p), "1");
    assert_string_equal(
        ask(p->session, "string_agg(call||' '||applied, ' ' ORDER BY call)", "FROM late_answer"),
        "1 true 2 false");
    free_place(p);
}

static int take_first(const void *path)
{
    struct host_lock lock;

    return host_lock_open(path, &lock, &err) || host_lock_take(&lock, 1, &err);
}

/* Its byte is locked by another process. */
static void what_a_living_worker_keeps_is_left_alone(void **state)
{
    struct place *p = make_place(state);
    struct holder holder;

    keep_answers(p);
    holder = holder_start(take_first, p->folder->file);
    replay(p);
    assert_true(is_there(p));
    assert_string_equal(accepted(p), "0");
    holder_end(&holder);
    replay(p);
    assert_false(is_there(p));
    assert_string_equal(accepted(p), "2");
    free_place(p);
}

/* The host has been started anew: whether it is dead is known once it was fenced. */
static void one_of_an_earlier_boot_waits_for_its_fence(void **state)
{
    struct place *p = make_place(state);

    execute(p->session, "UPDATE worker SET boot='before'");
    snprintf(p->owner.boot, sizeof(p->owner.boot), "before");
    keep_answers(p);
    replay(p);
    assert_true(is_there(p));
    execute(p->session, "UPDATE worker SET fenced=true");
    replay(p);
    assert_false(is_there(p));
    assert_string_equal(accepted(p), "2");
    free_place(p);
}

static void expect_left(struct place *p)
{
    replay(p);
    assert_true(is_there(p));
    assert_string_equal(accepted(p), "0");
    assert_string_equal(ask(p->session, "count(*)", "FROM late_answer"), "0");
}

/* The number was given again after the ledger had been put back from a backup. */
static void what_is_not_of_this_ledger_is_left_alone(void **state)
{
    struct place *p = make_place(state);
    char other[256];

    keep_answers(p);
    execute(p->session, "UPDATE worker SET pid=98");
    expect_left(p);
    execute(p->session, "UPDATE worker SET pid=99, place=gen_random_uuid()");
    expect_left(p);
    execute(p->session, "DELETE FROM worker");
    expect_left(p);
    snprintf(other, sizeof(other), "%s/ledger-%s.8.spill", p->folder->path, SPILL_LEDGER);
    assert_int_equal(rename(p->path, other), 0);
    memcpy(p->path, other, sizeof(other));
    expect_left(p);
    snprintf(other, sizeof(other), "%s/ledger-%.31s0.1.spill", p->folder->path, SPILL_LEDGER);
    assert_int_equal(rename(p->path, other), 0);
    memcpy(p->path, other, sizeof(other));
    expect_left(p);
    free_place(p);
}

/* It is the worker's own: it has not given up yet. */
static void what_this_process_keeps_is_left_alone(void **state)
{
    struct place *p = make_place(state);
    char text[64];

    p->owner.pid = getpid();
    snprintf(text, sizeof(text), "UPDATE worker SET pid=%d", (int)getpid());
    execute(p->session, text);
    keep_answers(p);
    expect_left(p);
    free_place(p);
}

static void one_that_was_cut_gives_what_is_whole(void **state)
{
    struct place *p = make_place(state);
    struct stat status;

    keep_answers(p);
    assert_int_equal(stat(p->path, &status), 0);
    assert_int_equal(truncate(p->path, status.st_size - 1), 0);
    replay(p);
    assert_false(is_there(p));
    assert_string_equal(accepted(p), "1");
    write_file(p->path, "", 0, 0600); /* it died before it kept anything */
    replay(p);
    assert_false(is_there(p));
    free_place(p);
}

static void nothing_is_read_whole(void **state)
{
    struct place *p = make_place(state);
    int before;

    fill_ledger(p->session);
    keep_answers(p);
    before = reads(p->session);
    replay(p);
    assert_string_equal(
        ask(p->session, "count(*)", "FROM claim WHERE id IN (1000001, 1000002) AND accepted_run=5"),
        "2");
    expect_few_reads(p->session, before);
    free_place(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_a_dead_worker_kept_is_stored),
        IN_FOLDER(the_same_again_changes_nothing),
        IN_FOLDER(what_was_said_otherwise_stays_as_evidence),
        IN_FOLDER(what_a_living_worker_keeps_is_left_alone),
        IN_FOLDER(one_of_an_earlier_boot_waits_for_its_fence),
        IN_FOLDER(what_is_not_of_this_ledger_is_left_alone),
        IN_FOLDER(what_this_process_keeps_is_left_alone),
        IN_FOLDER(one_that_was_cut_gives_what_is_whole),
        IN_FOLDER(nothing_is_read_whole),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
