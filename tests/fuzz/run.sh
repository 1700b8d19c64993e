#!/bin/bash
# usage: tests/fuzz/run.sh [MINUTES] [TARGET]...
# Builds the targets (those of tests/fuzz/fuzz_TARGET.c; all, if none is named) with clang's
# libFuzzer and sanitizers and fuzzes each for so many minutes (1). Inputs that reach something new
# are added to tests/fuzz/corpus, which the unit tests replay; one that breaks a promise ends it all
# and is left in build-fuzz.
set -euo pipefail

cd "$(dirname -- "${BASH_SOURCE[0]}")/../.."
minutes=${1-1}
targets=("${@:2}")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(printf '%s\n' tests/fuzz/fuzz_*.c | sed 's/.*fuzz_//; s/\.c$//')
fi
read -ra libraries < <(pkg-config --libs libcurl libcrypto inih yajl sqlite3)

# All of the program but its main, as it is built for use.
build_program() {
    [ -e build-fuzz/build.ninja ] ||
        CC=clang meson setup build-fuzz -Dtests=disabled -Dbuildtype=debugoptimized \
            -Db_sanitize=address,undefined -Db_lundef=false \
            '-Dc_args=-fsanitize=fuzzer-no-link -fno-sanitize-recover=all'
    ninja -C build-fuzz libclaimbatch_core.a
}

# As tests/meson.build does: some with blocks of few bytes, so that their seams are everywhere.
build() { # TARGET
    local sizes=(-DREADER_RECORD_BYTES=16384ul -DREPEAT_FILTER_BITS=65536u) sources=() input
    mapfile -t input < <(find src/input -name '*.c' | sort)
    case $1 in
    decisions) sources=(-DEXPORT_BLOCK_BYTES=61ul "${sizes[@]}" "${input[@]}") ;;
    input) sources=(-DEXPORT_BLOCK_BYTES=61ul "${sizes[@]}" "${input[@]}" tests/fuzz/input_pass.c) ;;
    report)
        sources=(-DEXPORT_BLOCK_BYTES=256ul "${sizes[@]}" "${input[@]}"
            src/command/audit/unreadable_row.c src/report/scan.c)
        ;;
    esac
    clang -g -O1 -std=c11 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        -D_GNU_SOURCE -Iinclude -Isrc "${sources[@]}" "tests/fuzz/fuzz_$1.c" \
        build-fuzz/libclaimbatch_core.a "${libraries[@]}" -lcsv -lm -pthread -o "build-fuzz/fuzz_$1"
}

fuzz() { # TARGET
    local grown=build-fuzz/grown-$1 kept=tests/fuzz/corpus/$1
    local options=(-max_len=4096 -timeout=20 "-artifact_prefix=build-fuzz/$1-")
    [ ! -e "tests/fuzz/$1.dict" ] || options+=("-dict=tests/fuzz/$1.dict")
    [ "$1" != report ] || options[0]=-max_len=16384 # five files in one
    mkdir -p "$grown" "$kept"
    "build-fuzz/fuzz_$1" "${options[@]}" -max_total_time=$((minutes * 60)) -print_final_stats=1 \
        "$grown" "$kept"
    # By edges alone: what only counts differently is not worth a file.
    "build-fuzz/fuzz_$1" "${options[@]:0:1}" -merge=1 -use_counters=0 "$kept" "$grown"
}

command -v clang >/dev/null || { echo 'clang is missing (Debian: clang)' >&2; exit 1; }
build_program
for target in "${targets[@]}"; do
    build "$target"
    fuzz "$target"
done
