#include "run/start/alike.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "input/claim/claim.h"
#include "input/value/order_no_alike.h"
#include "ledger/ledger.h"

#define SPELLINGS 256 /* are asked for at once */
#define ASCII 127     /* characters, of which each has one behind it */

struct spelling {
    uint64_t row;
    int64_t workcard_id;
    size_t now, before; /* where the texts are */
};

/* Of claim numbers that begin with so many zeros, and then with that character. */
enum presence { NOT_ASKED, ABSENT, PRESENT };

struct alike {
    struct ledger *ledger;
    const char *platform;
    struct alike_found *found;
    uint64_t last_row; /* that was found */
    enum presence begins[ORDER_NO_ALIKE_ZEROS + 1][ASCII];
    int failed; /* to ask for one: why */
    struct error err;
    struct buffer texts;
    size_t count;
    struct spelling spellings[SPELLINGS];
    struct claim_key keys[SPELLINGS];
    struct claim_state states[SPELLINGS];
};

struct alike *alike_open(struct ledger *ledger, const char *platform, struct alike_found *found)
{
    struct alike *alike = calloc(1, sizeof(*alike));

    if (!alike)
        return NULL;
    alike->ledger = ledger;
    alike->platform = platform;
    alike->found = found;
    return alike;
}

void alike_close(struct alike *alike)
{
    if (!alike)
        return;
    buffer_release(&alike->texts);
    free(alike);
}

static void note(struct alike *alike, const struct spelling *spelling)
{
    struct alike_found *found = alike->found;

    if (spelling->row == alike->last_row)
        return;
    alike->last_row = spelling->row;
    if (found->rows++)
        return;
    found->first_row = spelling->row;
    snprintf(found->now, sizeof(found->now), "%s", alike->texts.ptr + spelling->now);
    snprintf(found->before, sizeof(found->before), "%s", alike->texts.ptr + spelling->before);
}

static int ask(struct alike *alike, struct error *err)
{
    for (size_t i = 0; i < alike->count; i++)
        alike->keys[i] = (struct claim_key){alike->spellings[i].workcard_id,
                                            alike->texts.ptr + alike->spellings[i].before};
    memset(alike->states, 0, sizeof(alike->states));
    if (alike->count && ledger_claims_get(alike->ledger, alike->platform, alike->keys, alike->count,
                                          alike->states, err))
        return -1;
    for (size_t i = 0; i < alike->count; i++)
        if (alike->states[i].accepted || alike->states[i].open)
            note(alike, &alike->spellings[i]);
    alike->count = 0;
    buffer_reset(&alike->texts);
    return 0;
}

static enum presence ask_beginning(struct alike *alike, size_t zeros, unsigned char next)
{
    char first[ORDER_NO_ALIKE_ZEROS + 2] = "", end[ORDER_NO_ALIKE_ZEROS + 2];
    bool any = true;

    memset(first, '0', zeros);
    first[zeros] = (char)next;
    memcpy(end, first, sizeof(end));
    end[zeros]++;
    if (!alike->failed)
        alike->failed = ledger_claims_between(alike->ledger, first, end, &any, &alike->err);
    return any ? PRESENT : ABSENT;
}

/* Most ledgers have no number that begins as other spellings do: to ask for each of these costs as
 * much as to send the row. */
static bool may_be_there(void *context, size_t zeros, unsigned char next)
{
    struct alike *alike = context;
    enum presence *presence;

    if (zeros > ORDER_NO_ALIKE_ZEROS || !next || next >= ASCII)
        return true;
    presence = &alike->begins[zeros][next];
    if (*presence == NOT_ASKED)
        *presence = ask_beginning(alike, zeros, next);
    return *presence == PRESENT;
}

int alike_take(struct alike *alike, uint64_t row, const struct claim *claim, struct error *err)
{
    const struct order_no_filter filter = {may_be_there, alike};
    size_t now, before, count;

    if (alike->count + ORDER_NO_ALIKE_MAX > SPELLINGS && ask(alike, err))
        return -1;
    now = alike->texts.len;
    buffer_append(&alike->texts, claim->claim_order_no, strlen(claim->claim_order_no) + 1);
    before = alike->texts.len;
    count = order_no_alike(claim->claim_order_no, &filter, &alike->texts);
    if (alike->failed) {
        *err = alike->err;
        return -1;
    }
    if (alike->texts.failed)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        alike->spellings[alike->count++] = (struct spelling){row, claim->workcard_id, now, before};
        before += strlen(alike->texts.ptr + before) + 1;
    }
    if (!count)
        alike->texts.len = now;
    return 0;
}

int alike_end(struct alike *alike, struct error *err)
{
    return ask(alike, err);
}
