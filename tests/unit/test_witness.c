/* Unit tests of ledger/postgres/outage/witness on a real server: a ledger that has less than this
 * host was told is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/postgres/outage/witness.h"
#include "worker_desk.h"

struct place {
    char url[CLUSTER_URL_BYTES];
    char path[160];
    struct desk desk;
    struct session *session;
    struct witness witness;
};

/* A worker whose ledger has acknowledged 41 calls. */
static struct place *make_place(void **state)
{
    const struct folder *folder = *state;
    struct place *p = calloc(1, sizeof(*p));

    p->session = make_ledger(p->url);
    snprintf(p->path, sizeof(p->path), "%s/witness", folder->path);
    if (witness_open(p->path, &p->witness, &err))
        fail_msg("%s", err.text);
    begin_desk(&p->desk, p->session, folder);
    p->desk.worker.witness = &p->witness;
    assert_int_equal(worker_beat(&p->desk.worker, 41, &err), 0);
    return p;
}

static void free_place(struct place *p)
{
    witness_close(&p->witness);
    clear_desk(&p->desk);
    free(p);
}

static int find(struct place *p, struct witness_loss *ret_loss)
{
    return witness_find_loss(&p->witness, p->session, p->desk.lock.place, ret_loss, &err);
}

static void expect_loss(struct place *p, int64_t calls, int64_t stands)
{
    struct witness_loss loss;

    assert_int_equal(find(p, &loss), 1);
    assert_int_equal(loss.worker, p->desk.worker.id);
    assert_int_equal(loss.calls, calls);
    assert_int_equal(loss.stands, stands);
}

static void expect_none(struct place *p)
{
    struct witness_loss loss;

    if (find(p, &loss))
        fail_msg("worker %lld", (long long)loss.worker);
}

static void a_ledger_that_has_all_is_the_same(void **state)
{
    struct place *p = make_place(state);

    expect_none(p);
    execute(p->session, "UPDATE worker SET calls=99"); /* a beat whose writing a crash took back */
    expect_none(p);
    free_place(p);
}

static void a_ledger_that_has_less_is_an_older_one(void **state)
{
    struct place *p = make_place(state);

    execute(p->session, "UPDATE worker SET calls=40");
    expect_loss(p, 41, 40);
    execute(p->session, "UPDATE worker SET calls=41, place=gen_random_uuid()"); /* given anew */
    expect_loss(p, 41, -1);
    execute(p->session, "DELETE FROM worker");
    expect_loss(p, 41, -1);
    assert_int_equal(witness_newest(&p->witness), p->desk.worker.id);
    assert_int_equal(witness_forget(&p->witness, &err), 0); /* a person says so */
    assert_int_equal(witness_newest(&p->witness), 0);
    expect_none(p);
    free_place(p);
}

/* The number of one that is gone is given again: what it was told is known for all that. */
static void workers_of_an_earlier_server_are_not_missed(void **state)
{
    struct place *p = make_place(state);

    execute(p->session, "UPDATE worker SET ended=true; DELETE FROM worker");
    expect_loss(p, 41, -1);
    execute(p->session, "INSERT INTO meta SELECT 'workers', last_value FROM worker_id_seq");
    expect_none(p);
    execute(p->session, "UPDATE meta SET value=value::bigint-1 WHERE name='workers'");
    expect_loss(p, 41, -1);
    free_place(p);
}

static void what_was_told_does_not_go_back(void **state)
{
    struct place *p = make_place(state);

    witness_write(&p->witness, p->desk.worker.id, 0);
    execute(p->session, "UPDATE worker SET calls=0");
    expect_loss(p, 41, 0);
    witness_write(&p->witness, p->desk.worker.id, 42);
    expect_loss(p, 42, 0);
    free_place(p);
}

static void each_of_the_last_workers_is_known(void **state)
{
    struct place *p = make_place(state);
    int64_t own = p->desk.worker.id;
    char text[256];

    snprintf(text, sizeof(text),
             "INSERT INTO worker(id,host,place,boot,pid,version,calls) OVERRIDING SYSTEM VALUE"
             " SELECT n,'h','%s','b',1,'v',7 FROM generate_series(%lld,%lld) n",
             p->desk.lock.place, (long long)own + 1, (long long)own + WITNESS_WORKERS);
    execute(p->session, text);
    for (int i = 1; i < WITNESS_WORKERS; i++)
        witness_write(&p->witness, own + i, 7);
    expect_none(p);
    execute(p->session, "UPDATE worker SET calls=40 WHERE calls=41");
    expect_loss(p, 41, 40);
    witness_write(&p->witness, own + WITNESS_WORKERS, 7); /* in its place */
    expect_none(p);
    free_place(p);
}

/* As a power cut leaves it: what is no whole line tells nothing. */
static void a_torn_line_tells_nothing(void **state)
{
    struct place *p = make_place(state);
    struct witness_loss loss;
    off_t at = p->desk.worker.id % WITNESS_WORKERS * 64;
    struct stat status;

    execute(p->session, "DELETE FROM worker");
    expect_loss(p, 41, -1);
    assert_int_equal(fstat(p->witness.fd, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    for (off_t byte = 0; byte < 64; byte++) {
        char was, other;

        assert_int_equal(pread(p->witness.fd, &was, 1, at + byte), 1);
        other = was == '9' ? '8' : '9';
        assert_int_equal(pwrite(p->witness.fd, &other, 1, at + byte), 1);
        assert_int_equal(find(p, &loss), 0);
        assert_int_equal(pwrite(p->witness.fd, &was, 1, at + byte), 1);
    }
    expect_loss(p, 41, -1);
    assert_int_equal(ftruncate(p->witness.fd, at + 63), 0);
    assert_int_equal(find(p, &loss), 0);
    free_place(p);
}

static void nothing_is_read_whole(void **state)
{
    struct place *p = make_place(state);
    int before;

    fill_ledger(p->session);
    before = reads(p->session);
    expect_none(p);
    expect_few_reads(p->session, before);
    free_place(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_ledger_that_has_all_is_the_same),
        IN_FOLDER(a_ledger_that_has_less_is_an_older_one),
        IN_FOLDER(workers_of_an_earlier_server_are_not_missed),
        IN_FOLDER(what_was_told_does_not_go_back),
        IN_FOLDER(each_of_the_last_workers_is_known),
        IN_FOLDER(a_torn_line_tells_nothing),
        IN_FOLDER(nothing_is_read_whole),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
