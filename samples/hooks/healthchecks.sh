#!/bin/sh
# usage: after = /usr/share/claimbatch/hooks/healthchecks.sh FILE
#        ExecStartPre=-/usr/share/claimbatch/hooks/healthchecks.sh FILE start
# Tells healthchecks.io, or one of your own, when a run begins and how it ended: the exit code, and
# counts as the body. FILE (0600) holds the address of the check, without an ending.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=samples/hooks/message.sh
. "$here/message.sh"

read_file "$1"
if [ "${2-}" = start ]; then
    answer=$(echo started | post "$address/start" text/plain)
else
    answer=$({ title; details; } | post "$address/$CLAIMBATCH_EXIT" text/plain)
fi
# It answers a check that it does not know with 200 and these words.
case $answer in
OK*) ;;
*)
    echo "healthchecks did not take it: $answer" >&2
    exit 1
    ;;
esac
