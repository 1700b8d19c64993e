#!/bin/bash
# usage: tests/package.sh [--once] [FOLDER]
# Builds the Debian packages of the last commit, twice and in folders of different names (--once: once),
# compares the two, and asks lintian. The packages are left in FOLDER. Needs what debian/control names.
# The last line is "N passed, N failed, N skipped".
set -euo pipefail

cd "$(dirname -- "${BASH_SOURCE[0]}")/.."
names=(one another-name)
[ "${1-}" != --once ] || { names=(one) && shift; }
out=${1-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
skipped=0

end() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    exit
}

skip() { # WHAT WHY
    skipped=$((skipped + 1))
    echo "skipped $1: $2"
}

build() { # NAME
    mkdir -p "$work/$1/claimbatch"
    git archive HEAD | tar -x -C "$work/$1/claimbatch"
    (
        cd "$work/$1/claimbatch"
        SOURCE_DATE_EPOCH=$(git -C "$OLDPWD" log -1 --format=%ct) COMMIT=$(git -C "$OLDPWD" rev-parse --short=12 HEAD) \
            DEB_BUILD_OPTIONS="parallel=$(nproc) noautodbgsym" dpkg-buildpackage -us -uc -b
    ) >"$work/$1/log" 2>&1 && (cd "$work/$1" && sha256sum ./*.deb) >"$work/$1.sums" && return
    tail -n 40 "$work/$1/log"
    failed=$((failed + 1))
    end
}

if ! command -v dh >/dev/null || ! git rev-parse HEAD >/dev/null 2>&1; then
    skip 'the packages' 'debhelper is not installed, or this is no clone'
    end
fi
for name in "${names[@]}"; do
    build "$name"
    passed=$((passed + 1))
done
cat "$work/one.sums"
if [ "${#names[@]}" -gt 1 ]; then
    if cmp "$work/one.sums" "$work/another-name.sums"; then
        passed=$((passed + 1))
    else
        echo '--- the two builds differ'
        cat "$work/another-name.sums"
        failed=$((failed + 1))
    fi
fi
[ -z "$out" ] || { mkdir -p "$out" && cp "$work"/one/*.deb "$out"; }
if ! command -v lintian >/dev/null; then
    skip lintian 'it is not installed'
elif lintian --fail-on error,warning --pedantic "$work"/one/*.changes; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
fi
end
