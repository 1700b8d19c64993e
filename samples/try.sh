#!/bin/sh
# usage: samples/try.sh [--keep]
# Tries claimbatch without credentials and without a gateway: one command on a fresh Debian 12.
# --keep leaves the report and the ledger where they are, for a closer look.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$here")
build=$root/build

case ${1-} in
'') keep= ;;
--keep) keep=yes ;;
*)
    echo 'usage: samples/try.sh [--keep]' >&2
    exit 2
    ;;
esac

step() {
    printf '\n== %s\n' "$*"
}

# Runs a command whose words only matter when it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        return 1
    }
}

sandbox=
clean_up() {
    trap - EXIT
    if [ -n "$sandbox" ]; then
        kill "$sandbox" 2>/dev/null || true
        wait "$sandbox" || true
    fi
    if [ -n "$keep" ]; then
        echo "kept: $work"
    else
        rm -rf "$work"
    fi
}

# The columns that matter most, 80 wide. Records may span lines, as their cells may.
show_report() {
    awk '
    function cells(text, cell,    n, i, c, quoted) {
        n = 1
        cell[n] = ""
        for (i = 1; i <= length(text); i++) {
            c = substr(text, i, 1)
            if (c == "\"" && quoted && substr(text, i + 1, 1) == "\"") {
                cell[n] = cell[n] c
                i++
            } else if (c == "\"") {
                quoted = !quoted
            } else if (c == "," && !quoted) {
                cell[++n] = ""
            } else {
                cell[n] = cell[n] c
            }
        }
        return n
    }
    function wrap(text,    n, i, word, line) {
        n = split(text, word, " ")
        for (i = 1; i <= n; i++) {
            if (line != "" && length(line) + length(word[i]) > 72) {
                print "      " line
                line = ""
            }
            line = line (line == "" ? "" : " ") word[i]
        }
        print "      " line
    }
    {
        record = record (record == "" ? "" : "\n") $0
        if (gsub(/"/, "\"", record) % 2)
            next
        cells(record, cell)
        record = ""
        if (++records == 1) {
            print " row  claim_order_no   outcome   code and message"
            next
        }
        printf "%4d  %-16s %-9s %s", cell[1], cell[5], cell[9], cell[10]
        if (length(cell[12]) <= 24)
            print " " cell[12]
        else {
            print ""
            wrap(cell[12])
        }
    }' "$1"
}

work=$(mktemp -d)
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

step 'what is missing of the compiler and the libraries is installed'
"$root/.ci/install"

step "claimbatch and its sandbox are built in $build"
[ -f "$build/build.ninja" ] || quietly meson setup "$build" "$root"
quietly ninja -C "$build" claimbatch src/sandbox/claimbatch-sandbox

step 'a local gateway is started; its app key and secret are made up'
(umask 077 && echo 'a-secret-for-trying' >"$work/app-secret")
mkfifo "$work/ready"
"$build/src/sandbox/claimbatch-sandbox" --port 0 --app-key 12345678 \
    --app-secret-file "$work/app-secret" >"$work/ready" &
sandbox=$!
read -r line <"$work/ready" || line=
gateway=${line#listening on }
if [ -z "$gateway" ]; then
    echo 'the sandbox did not start' >&2
    exit 1
fi
echo "$gateway"

step 'samples/claims.csv is uploaded; five of its rows break a rule and stay behind'
status=0
cp "$here/claims.csv" "$work"
"$build/claimbatch" upload "$work/claims.csv" --report "$work/claims.report.csv" \
    --ledger "$work/ledger.db" --gateway "$gateway" --app-key 12345678 \
    --app-secret-file "$work/app-secret" || status=$?

step 'the report: every row of the export has its line'
[ ! -f "$work/claims.report.csv" ] || show_report "$work/claims.report.csv"

step "claimbatch ended with $status; 1 is right: it finished, and some rows are invalid"
[ "$status" -eq 1 ]
