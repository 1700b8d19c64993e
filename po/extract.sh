#!/bin/sh
# usage: po/extract.sh FILE.pot
# All messages of the program, of whatever source: what po/claimbatch.pot is once po/POTFILES is right.
set -eu

out=$(realpath -m -- "$1")
cd "$(dirname -- "$0")/.."
# Each word is an argument.
# shellcheck disable=SC2046
find include src -name '*.[ch]' ! -path 'src/sandbox/*' | LC_ALL=C sort |
    xgettext --files-from=- --from-code=UTF-8 --add-location=file --package-name=claimbatch \
        $(cat po/keywords) --output="$out"
