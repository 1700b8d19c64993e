/*
 * mask: what a gateway repeats of our secrets is not shown.
 *
 * Nor is what a person typed into a URL. A gateway's words go into report, ledger and log; the
 * session is in each request, so a gateway, or what stands before it, can say it again. Pure.
 *
 * Tested by tests/unit/test_mask.c
 */
#ifndef CLAIMBATCH_GATEWAY_MASK_H
#define CLAIMBATCH_GATEWAY_MASK_H

struct answer;
struct buffer;

#define MASK_TEXT "***"

/* Writes MASK_TEXT over the secret wherever it stands in the text, also where the text was cut
 * inside of it; a secret of fewer than MASK_LEAST bytes is left, for it could be any word. NULL is
 * none. */
#define MASK_LEAST 8
void mask_text(char *text, const char *secret);

/* Appends a text that is a URL, or has some in it, with MASK_TEXT for what each has of a name and a
 * password, and of a query. More is masked rather than less: up to the last '@' of a word, for a
 * password may have a slash in it. */
void mask_url(const char *text, struct buffer *ret_text);

/* mask_text in all texts of an answer. */
void mask_answer(struct answer *answer, const char *secret);

#endif
