/*
 * short_window: how old, or early, a timestamp may be for the gateway that goes with short_lease.c.
 */
#ifndef CLAIMBATCH_CAMPAIGNS_SHORT_WINDOW_H
#define CLAIMBATCH_CAMPAIGNS_SHORT_WINDOW_H

#define SHORT_WINDOW_MS 7000

#endif
