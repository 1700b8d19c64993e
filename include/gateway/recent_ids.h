/*
 * recent_ids: the request_ids of answers that came lately, and on which connection.
 *
 * A copy of an earlier answer, sent again by something between here and the gateway, has its
 * request_id and comes on its connection (protocol section 8). A gateway whose request_ids are not
 * its calls' own shows itself by the same one on several connections. Remembers some thousand ids
 * in a fixed amount of memory, by hash: what is forgotten is taken for new.
 *
 * Tested by tests/unit/test_recent_ids.c
 */
#ifndef CLAIMBATCH_GATEWAY_RECENT_IDS_H
#define CLAIMBATCH_GATEWAY_RECENT_IDS_H

#include <stdint.h>

#define RECENT_IDS_KEPT 8192

struct recent_ids;

enum recent {
    RECENT_NEW,
    RECENT_REPEATED,  /* it came before on this connection, and on no other */
    RECENT_ELSEWHERE, /* it came before on another connection, for the first time */
    RECENT_COMMON,    /* it tells no call from another */
};

struct recent_ids *recent_ids_open(void); /* NULL without memory */
void recent_ids_close(struct recent_ids *ids);

/* Notes that an answer with this id came on the connection of that number, which is not 0. */
enum recent recent_ids_note(struct recent_ids *ids, const char *request_id, uint64_t connection);

#endif
