/*
 * version: set by the build.
 */
#ifndef CLAIMBATCH_CLI_VERSION_H
#define CLAIMBATCH_CLI_VERSION_H

#ifndef CLAIMBATCH_VERSION
#define CLAIMBATCH_VERSION "0.0.0"
#endif

#endif
