#!/bin/sh
# usage: after = /usr/share/claimbatch/hooks/dingtalk.sh FILE
# Tells a DingTalk group. FILE (0600) holds the robot's address as DingTalk shows it, with its
# access_token, and in the second line the secret of its signature.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=samples/hooks/message.sh
. "$here/message.sh"

read_file "$1"
now=$(date +%s)000
sign=$(printf '%s\n%s' "$now" "$secret" | hmac_sha256 "$secret" | url_encode)
text=$(printf '### %s\n\n%s\n' "$(title)" "$(details | sed 's/^/- /')" | json_string)
answer=$(printf '{"msgtype":"markdown","markdown":{"title":%s,"text":%s}}' "$(title | json_string)" "$text" |
    post "$address&timestamp=$now&sign=$sign" 'application/json; charset=utf-8')
judge errcode "$answer"
