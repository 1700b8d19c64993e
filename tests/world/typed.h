/* typed: command lines, and what may come of them. */
#ifndef TYPED_H
#define TYPED_H

#include <stdbool.h>
#include <stdint.h>

#include "folder.h"
#include "plan.h"

#define ARGUMENTS_MAX 96
#define LEDGER "ledger.db"
#define WORDS_GATEWAY "--gateway http://127.0.0.1:1/router/rest"
#define WORDS_REASON "--by desk --reason looked~up"
/* The same words again go on with their round, which sends a claim once. */
#define WORDS_ROUND "--by desk --reason round~%d"
#define EXIT_REFUSED_LEDGER 78
#define EXIT_NO_RESOURCES 71
#define EXIT_NO_PLACE 73
#define EXIT_NO_WRITE 74

struct words {
    int count;
    char words[ARGUMENTS_MAX][NAME_BYTES];
};

/* Adds words, with blanks between them; ~ is a blank within one. */
void words_say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A command with its operand ("": none) and the ledger. */
struct words words_begin(const char *command, const char *operand);
/* One that sends, with the options of the plan. */
struct words words_sending(const char *command, const char *operand, const char *ledger);

/* Starts it, without waiting. */
int words_start(const struct words *words, const struct operation *operation);
/* Waits for it, and looks at its exit code. */
int words_finish(int actor, const struct operation *operation);
int words_run(const struct words *words, const struct operation *operation);

bool operation_sends(enum operation_kind kind);

#endif
