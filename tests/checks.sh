#!/bin/bash
# usage: tests/checks.sh
# What holds for the tree as a whole. The last line is "N passed, N failed, N skipped".
set -euo pipefail

cd "$(dirname -- "${BASH_SOURCE[0]}")/.."
passed=0
failed=0
skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Of a check that cannot be made here: why.
skip() {
    echo "$1"
    exit 77
}

needs() { # PROGRAM
    command -v "$1" >/dev/null || skip "$1 is not installed"
}

sources() {
    find include src tests -name '*.[ch]' | sort
}

texts() {
    find .ci README.md README.zh-CN.md SECURITY.md completion debian include man po meson.build meson_options.txt \
        samples src tests -type f \
        ! -path 'tests/fuzz/corpus/*' ! -name '*.pyc' 2>/dev/null | sort
}

every_header_compiles_alone() {
    # shellcheck disable=SC2016 # what is in quotes is for the other shell
    find include src -name '*.h' -print0 | xargs -0 -P 2 -n 20 sh -c '
        for header; do
            gcc -std=c11 -D_GNU_SOURCE -Iinclude -Isrc -Wall -Wextra -Werror -fsyntax-only -x c "$header" || exit 255
        done' sh
}

clang_warns_of_nothing() {
    needs clang
    [ -e build/compile_commands.json ] || skip 'nothing is built in build'
    tests/clang.py build
}

no_file_names_a_path_of_the_machine() {
    # In two halves, so that this line is not found.
    ! texts | xargs grep -nE "(^|[^[:alnum:]_.])/(wor""k|hom""e)/[[:alnum:]]"
}

arrows_point_down() { tests/layout.py arrows_point_down; }

headers_stand_where_they_are_needed() { tests/layout.py headers_stand_where_they_are_needed; }

folders_are_small() { tests/layout.py folders_are_small; }

files_are_short() { tests/layout.py files_are_short; }

libraries_have_their_files() { tests/layout.py libraries_have_their_files; }

sqlite_is_called_where_it_is_said() { tests/layout.py sqlite_is_called_where_it_is_said; }

no_header_that_others_include_shows_a_library() {
    tests/layout.py no_header_that_others_include_shows_a_library
}

every_header_names_itself_and_a_test_that_exists() { tests/layout.py every_header_names_itself_and_a_test_that_exists; }

no_two_sources_need_each_other() {
    [ -d build/libclaimbatch_core.a.p ] || skip 'nothing is built in build'
    tests/layout.py no_two_sources_need_each_other build
}

symbols_begin_with_the_name_of_their_file() {
    [ -d build/libclaimbatch_core.a.p ] || skip 'nothing is built in build'
    tests/layout.py symbols_begin_with_the_name_of_their_file build
}

nothing_is_there_for_tests_alone() {
    [ -d build/libclaimbatch_core.a.p ] || skip 'nothing is built in build'
    tests/layout.py nothing_is_there_for_tests_alone build
}

every_unit_test_is_declared() {
    local test noun missing=0
    for test in tests/unit/test_*.c; do
        noun=${test#tests/unit/test_}
        grep -q "'${noun%.c}':" tests/meson.build || { echo "not in tests/meson.build: $test" && missing=1; }
    done
    return "$missing"
}

# Compiled with other sizes for the fuzzers: all that knows them must be.
fuzzers_compile_what_knows_a_size() {
    diff <(sed -n "/^sized_sources/,/^)/s|.*'\.\./\(.*\)',|\1|p" tests/meson.build) \
        <(grep -rlE --include='*.c' 'EXPORT_BLOCK_BYTES|READER_RECORD_BYTES|REPEAT_FILTER_BITS|reader_record\.h"' src/input | LC_ALL=C sort)
}

the_sample_can_be_tried_by_one_command() {
    samples/try.sh
}

# Missing or fuzzy, with other arguments than the English, or of a source that po/POTFILES does not name.
every_message_has_its_chinese() {
    needs msgcmp
    local folder status=0
    folder=$(mktemp -d)
    po/extract.sh "$folder/claimbatch.pot"
    msgfmt --check --output-file=/dev/null po/zh_CN.po || status=1
    msgcmp po/zh_CN.po "$folder/claimbatch.pot" || status=1
    sed -n 's/^#: //p' "$folder/claimbatch.pot" | tr ' ' '\n' | LC_ALL=C sort -u >"$folder/POTFILES"
    diff po/POTFILES "$folder/POTFILES" || { echo 'po/POTFILES: as the right side' && status=1; }
    rm -rf "$folder"
    return "$status"
}

# "1 rows" is no English.
every_count_has_a_form_for_one() {
    needs xgettext
    local folder status=0
    folder=$(mktemp -d)
    po/extract.sh "$folder/claimbatch.pot"
    tests/plurals.py "$folder/claimbatch.pot" || status=1
    rm -rf "$folder"
    return "$status"
}

# Between the words of a message stand other signs in Chinese than in English.
separators_are_translated() {
    # Those of rows and of runs are recorded, and English.
    ! grep -rnE '[?:=] "(, |: |; )"' --include='*.c' src |
        grep -vE '^src/(sandbox|gateway/verdict|report/report|run/collect|run/start/resume)' &&
        ! LC_ALL=C.UTF-8 grep -nP '^(msgstr.*)?".*(\p{Han}|）|%[a-z]+)[,:;] (?=.*\p{Han})' po/zh_CN.po
}

source_is_formatted() {
    clang-format --version 2>/dev/null | grep -q 'version 14\.' || skip 'clang-format 14 is not installed; others differ'
    sources | xargs clang-format --dry-run --Werror
}

shell_scripts_are_sound() {
    needs shellcheck
    shellcheck -x .ci/install .ci/run samples/*.sh samples/hooks/*.sh tests/*.sh tests/fuzz/*.sh po/*.sh
}

# A fault of the bank that cannot be put in again is looked for no more.
patches_of_the_bank_apply() {
    needs patch
    local file status=0
    for file in tests/world/bank/*.patch; do
        patch -p1 --dry-run -s -i "$file" || { echo "$file"; status=1; }
    done
    return "$status"
}

# The units as they are installed, with the program of this tree in the place of /usr/bin.
units_are_right_and_confined() {
    needs systemd-analyze
    local folder unit status=0
    folder=$(mktemp -d)
    for unit in samples/systemd/*; do
        sed "s|/usr/bin/claimbatch|$PWD/build/claimbatch|" "$unit" >"$folder/${unit##*/}"
        sed "s|/usr/bin/claimbatch|$PWD/build/claimbatch|" "$unit" >"$folder/$(basename "$unit" | sed 's/@/@x/')"
    done
    systemd-analyze verify --man=no "$folder"/*@x.* || status=1
    systemd-analyze security --offline=true --threshold=20 --no-pager samples/systemd/claimbatch@.service || status=1
    rm -rf "$folder"
    return "$status"
}

man_pages_are_right() {
    needs mandoc
    find build -name '*.[15]' -exec mandoc -Tlint -W warning {} +
}

completions_are_right() {
    local status=0
    bash -n build/claimbatch.bash || status=1
    ! command -v zsh >/dev/null || zsh -n build/_claimbatch || status=1
    ! command -v fish >/dev/null || fish -n build/claimbatch.fish || status=1
    ! command -v shellcheck >/dev/null || shellcheck -s bash build/claimbatch.bash || status=1
    return "$status"
}

what_is_installed_is_where_it_belongs() {
    [ -x build/claimbatch ] || skip 'nothing is built in build'
    tests/installed.sh build
}

alert_rules_are_right() {
    needs promtool
    promtool check rules samples/monitoring/claimbatch.rules.yml &&
        promtool test rules samples/monitoring/claimbatch.rules.test.yml
}

check() {
    local status=0
    ("$1") >"$log" 2>&1 || status=$?
    case $status in
    0) passed=$((passed + 1)) ;;
    77)
        skipped=$((skipped + 1))
        echo "skipped $1: $(tail -n 1 "$log")"
        ;;
    *)
        failed=$((failed + 1))
        echo "--- $1"
        cat "$log"
        ;;
    esac
}

check every_header_compiles_alone
check clang_warns_of_nothing
check no_file_names_a_path_of_the_machine
check every_header_names_itself_and_a_test_that_exists
check arrows_point_down
check headers_stand_where_they_are_needed
check folders_are_small
check files_are_short
check patches_of_the_bank_apply
check libraries_have_their_files
check sqlite_is_called_where_it_is_said
check no_header_that_others_include_shows_a_library
check no_two_sources_need_each_other
check symbols_begin_with_the_name_of_their_file
check nothing_is_there_for_tests_alone
check every_unit_test_is_declared
check fuzzers_compile_what_knows_a_size
check the_sample_can_be_tried_by_one_command
check every_message_has_its_chinese
check every_count_has_a_form_for_one
check separators_are_translated
check source_is_formatted
check shell_scripts_are_sound
check units_are_right_and_confined
check man_pages_are_right
check completions_are_right
check alert_rules_are_right
check what_is_installed_is_where_it_belongs
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
