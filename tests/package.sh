#!/bin/bash
# usage: tests/package.sh [FOLDER]
# Builds the Debian packages of the last commit, twice and in folders of different names, and compares
# the two; then lintian. The packages are left in FOLDER. Needs what debian/control names.
set -euo pipefail

cd "$(dirname -- "${BASH_SOURCE[0]}")/.."
out=${1-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
commit=$(git rev-parse --short=12 HEAD)
epoch=$(git log -1 --format=%ct)

build() { # NAME
    mkdir -p "$work/$1/claimbatch"
    git archive HEAD | tar -x -C "$work/$1/claimbatch"
    (
        cd "$work/$1/claimbatch"
        SOURCE_DATE_EPOCH=$epoch COMMIT=$commit DEB_BUILD_OPTIONS="parallel=$(nproc) noautodbgsym" \
            dpkg-buildpackage -us -uc -b >"$work/$1/log" 2>&1
    ) || {
        tail -n 40 "$work/$1/log"
        exit 1
    }
    (cd "$work/$1" && sha256sum ./*.deb) >"$work/$1.sums"
}

build one
build another-name
if ! cmp "$work/one.sums" "$work/another-name.sums"; then
    echo 'the two builds differ'
    cat "$work/one.sums" "$work/another-name.sums"
    exit 1
fi
cat "$work/one.sums"
[ -z "$out" ] || { mkdir -p "$out" && cp "$work"/one/*.deb "$out"; }
if command -v lintian >/dev/null; then
    lintian --fail-on error,warning --pedantic "$work"/one/*.changes
else
    echo 'lintian is not installed'
fi
