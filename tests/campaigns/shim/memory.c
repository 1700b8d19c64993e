/* Calls that take memory or a thread. */
#include <errno.h>
#include <pthread.h>

#include "plan.h"
#include "real.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

/* Those of the address sanitizer, where the program has it. */
extern void *__interceptor_malloc(size_t size) __attribute__((weak));
extern void *__interceptor_calloc(size_t count, size_t size) __attribute__((weak));
extern void *__interceptor_realloc(void *old, size_t size) __attribute__((weak));

static bool has_no_memory(enum call call)
{
    enum action action = plan_meet(call, "");

    if (action != ACT_FAIL && action != ACT_FAIL_ON)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    if (has_no_memory(CALL_MALLOC))
        return NULL;
    return __interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    if (has_no_memory(CALL_CALLOC))
        return NULL;
    return __interceptor_calloc ? __interceptor_calloc(count, size) : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    if (has_no_memory(CALL_REALLOC))
        return NULL;
    return __interceptor_realloc ? __interceptor_realloc(old, size) : __libc_realloc(old, size);
}

int pthread_create(pthread_t *ret_thread, const pthread_attr_t *attributes,
                   void *(*run)(void *context), void *context)
{
    if (plan_fails(plan_meet(CALL_THREAD, "")))
        return EAGAIN;
    return REAL(pthread_create)(ret_thread, attributes, run, context);
}
