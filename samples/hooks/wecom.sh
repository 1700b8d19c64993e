#!/bin/sh
# usage: after = /usr/share/claimbatch/hooks/wecom.sh FILE
# Tells a WeCom group. FILE (0600) holds the robot's address as WeCom shows it, with its key.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=samples/hooks/message.sh
. "$here/message.sh"

read_file "$1"
text=$(printf '**%s**\n%s\n' "$(title)" "$(details | sed 's/^/> /')" | first_bytes 4000 | json_string)
answer=$(printf '{"msgtype":"markdown","markdown":{"content":%s}}' "$text" |
    post "$address" 'application/json; charset=utf-8')
judge errcode "$answer"
