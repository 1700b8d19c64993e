#!/bin/sh
# usage: after = /usr/share/claimbatch/hooks/feishu.sh FILE
# Tells a Feishu group. FILE (0600) holds the robot's address as Feishu shows it, and in the second
# line the secret of its signature.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=samples/hooks/message.sh
. "$here/message.sh"

read_file "$1"
now=$(date +%s)
# The key is time and secret, and nothing is signed.
sign=$(printf '' | hmac_sha256 "$now
$secret")
text=$(printf '%s\n%s\n' "$(title)" "$(details)" | json_string)
answer=$(printf '{"timestamp":"%s","sign":"%s","msg_type":"text","content":{"text":%s}}' "$now" "$sign" "$text" |
    post "$address" 'application/json; charset=utf-8')
judge code "$answer"
