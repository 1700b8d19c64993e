/*
 * check: what the gateway checks before it lets a claim through.
 *
 * Pure: time is an argument. Hides yajl and the reading of the claim's JSON. A refusal carries the
 * code of the gateway; its words are answer's.
 *
 * Tested by tests/unit/test_sandbox_check.c
 */
#ifndef CLAIMBATCH_SANDBOX_CHECK_H
#define CLAIMBATCH_SANDBOX_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "form.h"
#include "signature.h"

#define CHECK_METHOD "tmall.serivcecenter.workcard.insurance.claim"
#define CHECK_PARAMETER "workcard_insurance_callback_request"
#define CHECK_CLOCK_MS (10 * 60 * INT64_C(1000)) /* how far a timestamp may be off */

/* Why a call or a claim is refused; a zeroed one refuses nothing. */
struct refusal {
    int code;
    char sub_code[96];
    char sub_msg[160];
};

/* Codes of the gateway that the checks use. */
enum refusal_code {
    REFUSAL_NONE = 0,
    REFUSAL_LIMITED = 7,
    REFUSAL_MISSING_METHOD = 21,
    REFUSAL_INVALID_METHOD = 22,
    REFUSAL_INVALID_FORMAT = 23,
    REFUSAL_MISSING_SIGNATURE = 24,
    REFUSAL_INVALID_SIGNATURE = 25,
    REFUSAL_MISSING_SESSION = 26,
    REFUSAL_INVALID_SESSION = 27,
    REFUSAL_MISSING_APP_KEY = 28,
    REFUSAL_INVALID_APP_KEY = 29,
    REFUSAL_MISSING_TIMESTAMP = 30,
    REFUSAL_INVALID_TIMESTAMP = 31,
    REFUSAL_MISSING_VERSION = 32,
    REFUSAL_INVALID_VERSION = 33,
    REFUSAL_UNSUPPORTED_VERSION = 34,
    REFUSAL_MISSING_ARGUMENT = 40,
    REFUSAL_INVALID_ARGUMENT = 41,
};

/* Borrowed strings. */
struct check_settings {
    const char *app_key;
    const char *session; /* NULL: none is asked for */
};

/*
 * Checks what every call carries: app key, timestamp, version, format, signature, session. `body`
 * is the raw body of a batch call, else NULL; only a call that is no batch needs a method here.
 */
void check_call(const struct check_settings *settings, struct verifier *verifier,
                const struct form *form, const char *body, size_t body_len, int64_t wall_ms,
                struct refusal *ret_refusal);

/* What could be read of one claim, for the journal and for choosing its faults. */
struct claim_seen {
    bool well_formed; /* the parameter is a JSON object */
    bool has_workcard_id;
    int64_t workcard_id;
    struct buffer claim_order_no;
};

/*
 * Checks the method and the business parameter of one claim: its JSON, and that every field is
 * there, of its type and in its range. Fields nobody knows are ignored. ret_seen keeps its buffer
 * from call to call.
 */
void check_claim(const char *method, const char *json, struct claim_seen *ret_seen,
                 struct refusal *ret_refusal);

/* Beijing time "yyyy-MM-dd HH:mm:ss", or milliseconds since 1970 as some SDKs send them. */
bool check_timestamp(const char *text, int64_t *ret_wall_ms);

#endif
