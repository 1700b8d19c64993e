/*
 * version: set by the build.
 *
 * Tested by tests/e2e/test_options.py
 */
#ifndef CLAIMBATCH_CLI_VERSION_H
#define CLAIMBATCH_CLI_VERSION_H

#ifndef CLAIMBATCH_VERSION
#define CLAIMBATCH_VERSION "0.0.0"
#endif

#endif
