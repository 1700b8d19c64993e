#include "first_ledger.h"

#include "folder.h"
#include "typed.h"
#include "world.h"

static const char *const names[] = {LEDGER, LEDGER ".lock"};

#define FILES (sizeof(names) / sizeof(*names))

static struct bytes files[FILES];

void first_ledger_make(void)
{
    struct words words = words_begin("status", "--create");

    words_run(&words, &(struct operation){.kind = OPERATION_BACKUP});
    for (size_t i = 0; i < FILES; i++)
        files[i] = folder_bytes(names[i]);
}

void first_ledger_put(void)
{
    for (size_t i = 0; i < FILES; i++)
        folder_put(names[i], files[i].ptr, files[i].len);
}
