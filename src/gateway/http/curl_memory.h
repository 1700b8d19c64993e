/*
 * curl_memory: libcurl's memory, kept by a client from one call to the next.
 *
 * Each call has a handle of its own (see handle.h), so about a hundred blocks are freed when it
 * ends and the same sizes asked for when the next begins. malloc's own lists for a thread keep
 * seven of a size, and the handles of a whole turn end together; the rest takes its slow way. What
 * is kept here is bounded by size, and is given back when the client is closed.
 *
 * curl_memory_take_over makes all of libcurl's allocations come here. Where no lists are in use, in
 * the threads that look names up too, they are malloc's. A block may be freed with other lists than
 * those it came from. A block that is freed twice ends the program, as with malloc.
 *
 * Tested by tests/unit/test_curl_memory.c
 */
#ifndef CLAIMBATCH_GATEWAY_HTTP_CURL_MEMORY_H
#define CLAIMBATCH_GATEWAY_HTTP_CURL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

/* Not under the sanitizers: they judge by what malloc is asked for. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BLOCKS_ARE_KEPT false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BLOCKS_ARE_KEPT false
#endif
#endif
#ifndef BLOCKS_ARE_KEPT
#define BLOCKS_ARE_KEPT true
#endif

struct curl_memory;

struct curl_memory *curl_memory_open(void); /* NULL without memory */
void curl_memory_close(struct curl_memory *memory);

/* In this thread, from now on; NULL: none. Lists are used by one thread at a time. */
void curl_memory_use(struct curl_memory *memory);

/* In the place of curl_global_init. */
CURLcode curl_memory_take_over(long flags);

/* What libcurl is given, with the contracts of the standard library. */
void *curl_memory_get(size_t size);
void *curl_memory_get_zeroed(size_t count, size_t size);
void *curl_memory_resize(void *block, size_t size);
char *curl_memory_copy_text(const char *text);
void curl_memory_free(void *block);

#endif
