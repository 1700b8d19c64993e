/* typed: command lines, and what may come of them. */
#ifndef TYPED_H
#define TYPED_H

#include <stdbool.h>
#include <stdint.h>

#include "folder.h"
#include "plan.h"

#define ARGUMENTS_MAX 96
#define LEDGER "ledger.db"
#define EXIT_REFUSED_LEDGER 78
#define EXIT_NO_RESOURCES 71
#define EXIT_NO_PLACE 73
#define EXIT_NO_WRITE 74

struct words {
    int count;
    char words[ARGUMENTS_MAX][NAME_BYTES];
};

void words_add(struct words *words, const char *word);
void words_add_number(struct words *words, const char *option, int64_t number);
void words_add_gateway(struct words *words);
void words_add_reason(struct words *words);
void words_add_round(struct words *words, int round);
/* A command with its operand and ledger; NULL: none. */
struct words words_begin(const char *command, const char *operand, const char *ledger);
/* One that sends, with the options of the plan. */
struct words words_sending(const char *command, const char *operand, const char *ledger);

/* Starts it, without waiting. */
int words_start(const struct words *words, const struct operation *operation);
/* Waits for it, and looks at its exit code. */
int words_finish(int actor, const struct operation *operation);
int words_run(const struct words *words, const struct operation *operation);

bool operation_sends(enum operation_kind kind);

#endif
