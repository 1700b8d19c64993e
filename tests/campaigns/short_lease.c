/*
 * short_lease: the lease of the program that the cluster campaign runs, in place of lease_real.c: a
 * day of three hosts takes seconds there. Else that program is the one that is released.
 *
 * Between the last moment at which a worker sends and the first at which it may be fenced lies more
 * than the second that its share of the rate is kept in.
 */
#include "ledger/postgres/alive/lease.h"

#include "short_window.h"

const struct lease lease_real = {
    .length_ms = 1500,
    .margin_ms = 700,
    .beat_ms = 250,
    .look_ms = 100,
    .gap_ms = 500,
    .settle_ms = 2 * SHORT_WINDOW_MS + 1000,
};
