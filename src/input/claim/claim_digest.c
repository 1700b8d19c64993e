#include "input/claim/claim_digest.h"

#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "input/claim/claim.h"

#define CANONICAL_FORM "claimbatch-claim-1"
#define SEPARATOR "\x1f"

/* The canonical text on its way into the hash, in pieces that are worth a call. */
struct canonical {
    struct digest *digest;
    bool failed;
    size_t len;
    char bytes[512];
};

static void hash(struct canonical *c, const char *text, size_t len)
{
    if (digest_update(c->digest, text, len) != 0)
        c->failed = true;
}

static void flush(struct canonical *c)
{
    hash(c, c->bytes, c->len);
    c->len = 0;
}

static void add(struct canonical *c, const char *text, size_t len)
{
    if (len > sizeof(c->bytes) - c->len)
        flush(c);
    if (len > sizeof(c->bytes)) {
        hash(c, text, len);
        return;
    }
    memcpy(c->bytes + c->len, text, len);
    c->len += len;
}

static void add_text(struct canonical *c, const char *text)
{
    add(c, SEPARATOR, strlen(SEPARATOR));
    add(c, text, strlen(text));
}

static void add_number(struct canonical *c, int64_t number)
{
    char digits[BUFFER_INTEGER_BYTES];

    add_text(c, buffer_integer_text(number, digits));
}

static void add_claim(struct canonical *c, const struct claim *claim)
{
    add(c, CANONICAL_FORM, strlen(CANONICAL_FORM));
    add_number(c, claim->workcard_id);
    add_text(c, claim->claim_desc);
    add_number(c, claim->claim_count);
    add_text(c, claim->claim_order_no);
    add_number(c, claim->claim_status);
    add_text(c, claim->claim_time);
    add_number(c, claim->claim_fee);
    flush(c);
}

int claim_digest(const struct claim *claim, unsigned char ret_digest[DIGEST_CLAIM_BYTES])
{
    struct canonical canonical = {.digest = digest_open()};
    unsigned char whole[DIGEST_SHA256_BYTES];

    if (!canonical.digest)
        return -1;
    add_claim(&canonical, claim);
    if (digest_end(canonical.digest, whole) != 0 || canonical.failed)
        return -1;
    memcpy(ret_digest, whole, DIGEST_CLAIM_BYTES);
    return 0;
}
