/*
 * firewall: rows that something in front of the gateway may dislike for their text (protocol
 * section 6: HTTP 403, 405 and 413).
 *
 * Such a row waits in the window while the others go on, is tried once more when nothing else is
 * left to do, and is failed then. Where no definite answers came about that time it may be the
 * gateway that cannot be used: nothing is granted until the calls in flight have come home, and if
 * none of them brings one the run stops. A row that an earlier start left so waits from the
 * beginning, so that it cannot stop each start as the first one sent.
 *
 * Tested by tests/e2e/test_firewall.py
 */
#ifndef CLAIMBATCH_RUN_FIREWALL_H
#define CLAIMBATCH_RUN_FIREWALL_H

#include <stdbool.h>

struct coordinator;
struct job;

#define FIREWALL_IN_A_ROW_MAX                                                                      \
    5 /* set aside with no definite answer between them: the run stops                             \
       */

enum firewall_fate {
    FIREWALL_NONE, /* its answer is none of those */
    FIREWALL_WAIT, /* it is tried once more at the end */
    FIREWALL_FAIL, /* that was once more */
};

/* Takes note of a call that was handed over and judged, and says what that makes of its row. */
enum firewall_fate firewall_judge(struct coordinator *c, struct job *job);

/* Whether it is in doubt that the gateway answers: nothing is to be granted. */
bool firewall_is_in_doubt(const struct coordinator *c);

/* Stops the run where that is so and nothing is in flight any more; all that wait stay unsent. */
void firewall_check(struct coordinator *c);

/* When nothing else can be done, those that wait are to be judged once more. */
void firewall_release(struct coordinator *c);

#endif
