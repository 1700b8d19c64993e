#!/bin/bash
# usage: tests/run.sh [--long]
# Everything that must hold, by one command on a fresh Debian 12: installs what is missing, builds,
# and runs all tests. The last line is "N passed, N failed, N skipped".
# --long runs the long forms of the tests that have one.
set -euo pipefail

cd "$(dirname -- "${BASH_SOURCE[0]}")/.."
root=$PWD
long=()

case ${1-} in
'') ;;
--long) long=(--long) ;;
*)
    echo 'usage: tests/run.sh [--long]' >&2
    exit 2
    ;;
esac

passed=0
failed=0
skipped=0
packages=$(mktemp -d)
evidence=${TMPDIR:-/tmp}/claimbatch-evidence
# Ledgers wait for what they sync, and thousands are made and thrown away: in memory, where there is room for it and
# what is there can be run.
in_memory=
room_kb=$(df --output=avail /dev/shm 2>/dev/null | tail -n 1 || true)
if [ -w /dev/shm ] && [ "${room_kb:-0}" -gt 4000000 ]; then
    in_memory=$(mktemp -d /dev/shm/cb-XXX) # short: paths stand in lines of 60 columns
    chmod 1777 "$in_memory" # some tests are of other users
    install -m 700 /bin/true "$in_memory/runs"
    [ ! -x "$in_memory/runs" ] || export TMPDIR=$in_memory
fi
log=$(mktemp)
trap 'rm -rf "$log" "$packages" ${in_memory:+"$in_memory"}' EXIT
# Runs that share a ledger, signals, and answers that are not what was asked for.
threads=(test_limits test_repeated_answer test_signals)
[ "${#long[@]}" -eq 0 ] || threads+=(test_transport test_upload)

# The tests start the program thousands of times: each start reads half as much code where what goes on after an
# error is left out (it ends there, as it says below).
sanitized=(-Doptimization=1 -Ddebug=true -Dc_args=-fno-sanitize-recover=undefined)

# A commit has its own trials in the short form, each time the same: what is red of it can be repeated. So it is with
# the part of the tests that starts the program with the sanitizers (a start takes four times as long): eight commits
# have all of them.
commit=$(git rev-parse --short=7 HEAD 2>/dev/null || true)
number=$((16#${commit:-0}))
seed=()
[ "${#long[@]}" -gt 0 ] || [ -z "$commit" ] || seed=(--seed "$number")
part=$(($(git rev-list --count HEAD 2>/dev/null || echo 0) % 8))/8

step() {
    printf '== %s (%d s)\n' "$*" "$SECONDS"
}

# All but the unit tests, which run with the sanitizers.
programs() { # FOLDER
    ninja -C "$1" -t query all | sed -n '/outputs:/q; /^    meson-/d; s/^    //p'
}

# A folder that stands is looked at anew: what was missing when it was made may have been installed.
build() { # FOLDER TARGET MESON_OPTION...
    local folder=$1 targets=("$2") again=()
    shift 2
    [ ! -f "$folder/build.ninja" ] || again=(--reconfigure)
    meson setup "${again[@]}" "$folder" "$@" >"$log" 2>&1 &&
        { [ "${targets[0]}" != programs ] || mapfile -t targets < <(programs "$folder"); } &&
        ninja -C "$folder" "${targets[@]}" >"$log" 2>&1 && return
    cat "$log"
    echo "cannot build $folder"
    echo '0 passed, 1 failed, 0 skipped'
    exit 1
}

# Runs a part of the tests, which ends with the same line as the whole does. A part that ends in any
# other way has failed.
run() {
    local status=0 last
    "$@" 2>&1 | tee "$log" || status=$?
    last=$(tail -n 1 "$log")
    if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        skipped=$((skipped + BASH_REMATCH[3]))
        [ "$status" -eq 0 ] || [ "${BASH_REMATCH[2]}" -ne 0 ] || failed=$((failed + 1))
    else
        echo "ended without counts, with status $status: $*"
        failed=$((failed + 1))
    fi
}

step 'install what is missing'
.ci/install --tests

step 'build with the address and undefined behaviour sanitizers in build-test'
build build-test all -Db_sanitize=address,undefined "${sanitized[@]}" -Dtests=enabled

step 'build as released in build'
build build programs -Dtests=enabled

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export CLAIMBATCH=$root/build-test/claimbatch
export CLAIMBATCH_SANDBOX=$root/build-test/src/sandbox/claimbatch-sandbox
export CLAIMBATCH_RELEASE=$root/build/claimbatch

step 'checks of the tree and of the sample'
run tests/checks.sh

step 'unit tests'
run tests/unit/run.py build-test

if [ "${#long[@]}" -gt 0 ]; then
    step 'end-to-end tests'
    run python3 tests/e2e/run.py --long
else
    step "end-to-end tests, part $part with the sanitizers"
    run python3 tests/e2e/run.py --part "$part"
    step 'end-to-end tests, the others as released'
    CLAIMBATCH=$CLAIMBATCH_RELEASE run python3 tests/e2e/run.py --but "$part"
fi

step 'what threads share, with the thread sanitizer in build-tsan'
build build-tsan claimbatch -Db_sanitize=thread -Doptimization=1 -Ddebug=true -Dtests=disabled
CLAIMBATCH=$root/build-tsan/claimbatch run python3 tests/e2e/run.py "${threads[@]}"

if [ "${#long[@]}" -gt 0 ] && command -v clang >/dev/null; then
    step 'unit tests as clang builds them in build-clang, and clang-tidy'
    CC=clang build build-clang all -Dwerror=true -Dtests=enabled
    run tests/unit/run.py build-clang
    run tests/clang.py --tidy --counts build
fi

step 'histories of a simulated world: those that once failed, and new ones'
run tests/world/run --corpus
if [ "${#long[@]}" -gt 0 ]; then
    run tests/world/run --count 100000 --all-marks
else
    run tests/world/run --seconds 20
fi

step 'Debian packages'
if [ "${#long[@]}" -gt 0 ]; then
    run tests/package.sh "$packages/debs"
    run tests/package_install.sh "$packages/debian" "$packages/debs"
else
    run tests/package.sh --once
fi

step 'campaigns: kills, failing calls, lost power'
run python3 tests/campaigns/run.py --evidence "$evidence" "${long[@]}" "${seed[@]}"

step 'done'
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
