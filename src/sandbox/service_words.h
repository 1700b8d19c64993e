/*
 * service_words: what is answered to a call.
 *
 * Tested by tests/e2e/test_sandbox.py
 */
#ifndef CLAIMBATCH_SANDBOX_SERVICE_WORDS_H
#define CLAIMBATCH_SANDBOX_SERVICE_WORDS_H

#include "answer.h"
#include "base/buffer.h"
#include "check.h"
#include "fault.h"
#include "form.h"
#include "service.h"

/* What the further numbers of a draw decide. */
enum salt { SALT_PART, SALT_LATENCY, SALT_WIDTH, SALT_COIN };

/* One claim of a call. */
struct part {
    struct form form; /* of a batch segment */
    const char *method;
    const char *json;
    struct claim_seen seen;
    struct refusal refusal;
    bool executed;
    bool accepted;
    bool struck; /* by the fault of the call */
    bool said;   /* it has its part of the answer: */
    size_t answer_at, answer_len;
};

struct service {
    const struct service_settings *settings;
    struct verifier *verifier;
    struct buffer raw; /* body of a batch call as it was signed */
    /* of the call at hand */
    int64_t wall_ms;
    char request_id[24];
    struct answer_form answer_form;
    struct refusal refusal; /* of the call as a whole */
    const struct fault *fault;
    struct draw draw;
    struct part parts[SERVICE_BATCH_MAX];
    size_t part_count;
    bool is_narrow; /* the fault has struck one part of several, and is told in its answer alone */
};

void service_words_say(struct service *service, struct reply *reply);
bool service_words_is_fit(const struct part *part);

#endif
