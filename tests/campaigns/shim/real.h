/*
 * real: the function of the C library that one of ours stands before.
 */
#ifndef CLAIMBATCH_CAMPAIGNS_SHIM_REAL_H
#define CLAIMBATCH_CAMPAIGNS_SHIM_REAL_H

#include <dlfcn.h>

/* Looked up when first needed: libraries call us before our constructor has run. */
#define REAL(name)                                                                                 \
    __extension__({                                                                                \
        static __typeof__(&name) real;                                                             \
        if (!real)                                                                                 \
            real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                     \
        real;                                                                                      \
    })

#endif
