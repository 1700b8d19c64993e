#!/bin/bash
# usage: tests/fuzz/run.sh [MINUTES] [input|answer|wire]
# Builds the targets with clang's libFuzzer and sanitizers and fuzzes each for so many minutes (1).
# Inputs that reach something new are added to tests/fuzz/corpus, which the unit tests replay; one
# that breaks a promise ends it all and is left in build-fuzz.
set -euo pipefail

cd "$(dirname -- "${BASH_SOURCE[0]}")/../.."
minutes=${1-1}
targets=${2-input answer wire}

# The wire is fuzzed with all of the client, the others need no libcurl.
sources_of() { # TARGET
    case $1 in
    wire) ls src/base/*.c src/input/*.c src/gateway/*.c ;;
    *) ls src/base/*.c src/input/*.c src/gateway/{digest,sign,top}.c ;;
    esac
}

build() { # TARGET
    local sources
    mapfile -t sources < <(sources_of "$1")
    clang -g -O1 -std=c11 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        -D_GNU_SOURCE -DEXPORT_BLOCK_BYTES=61ul -DREADER_RECORD_BYTES=16384ul \
        -DREPEATS_BITS=65536u -Iinclude \
        "${sources[@]}" "tests/fuzz/fuzz_$1.c" \
        -lcsv -lyajl -lcurl -lcrypto -o "build-fuzz/fuzz_$1"
}

fuzz() { # TARGET
    local grown=build-fuzz/grown-$1 kept=tests/fuzz/corpus/$1
    mkdir -p "$grown"
    "build-fuzz/fuzz_$1" -max_total_time=$((minutes * 60)) -max_len=4096 -timeout=20 \
        -dict="tests/fuzz/$1.dict" -artifact_prefix="build-fuzz/$1-" -print_final_stats=1 \
        "$grown" "$kept"
    # By edges alone: what only counts differently is not worth a file.
    "build-fuzz/fuzz_$1" -merge=1 -use_counters=0 "$kept" "$grown"
}

command -v clang >/dev/null || { echo 'clang is missing (Debian: clang)' >&2; exit 1; }
mkdir -p build-fuzz
for target in $targets; do
    build "$target"
    fuzz "$target"
done
