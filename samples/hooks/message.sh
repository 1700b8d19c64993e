# What the hooks beside it share; read by them, not run. POSIX shell, curl and openssl.
# shellcheck shell=sh
# The variables of claimbatch are set by --after.
# shellcheck disable=SC2153,SC2154

# Fen as yuan: 12345 → 123.45
yuan() {
    printf '%03d' "$1" | sed 's/..$/.&/'
}

meaning() {
    case $1 in
    0) echo 'all rows are accepted or skipped' ;;
    1) echo 'some rows are rejected, failed or invalid' ;;
    3) echo 'some rows are unknown: ask the platform' ;;
    4) echo 'stopped by a limit' ;;
    65 | 66) echo 'the export was refused or is not there' ;;
    69) echo 'the gateway cannot be reached' ;;
    73 | 74) echo 'report or ledger cannot be written' ;;
    75) echo 'to be tried again later' ;;
    77) echo 'the gateway refuses the app' ;;
    78) echo 'the configuration was refused' ;;
    129 | 130 | 143) echo 'stopped by a signal' ;;
    *) echo 'it ended with an error' ;;
    esac
}

title() {
    echo "claimbatch ${CLAIMBATCH_COMMAND-}: $(meaning "$CLAIMBATCH_EXIT") ($CLAIMBATCH_EXIT)"
}

# One line for each outcome that there is.
counts() {
    for outcome in accepted rejected failed unknown invalid skipped unsent; do
        name=$(echo "$outcome" | tr '[:lower:]' '[:upper:]')
        eval "rows=\${CLAIMBATCH_ROWS_$name-} fen=\${CLAIMBATCH_FEN_$name-}"
        [ "${rows:-0}" != 0 ] || continue
        echo "$outcome: $rows rows${fen:+, $(yuan "$fen") yuan}"
    done
}

details() {
    counts
    [ -z "${CLAIMBATCH_RUN-}" ] || echo "run: $CLAIMBATCH_RUN"
    [ -z "${CLAIMBATCH_REPORT-}" ] || echo "report: $CLAIMBATCH_REPORT"
    [ -z "${CLAIMBATCH_NEXT-}" ] || echo "next, in $PWD: $CLAIMBATCH_NEXT"
}

# Standard input as a string of JSON.
json_string() {
    tab=$(printf '\t')
    printf '"'
    sed "s/\\\\/\\\\\\\\/g; s/\"/\\\\\"/g; s/$tab/\\\\t/g" | tr '\001-\010\013-\037' '?' |
        awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'
    printf '"'
}

# The first so many bytes of standard input, no character cut.
first_bytes() {
    head -c "$1" | iconv -c -f UTF-8 -t UTF-8
}

# Both take no secret as an argument, where `ps` would show it.

# A block of 64 bytes, of the key on standard input with each byte changed by a number.
pad() {
    value=$1
    # shellcheck disable=SC2046 # the bytes are meant to be words
    set -- $(od -An -v -tx1)
    i=0
    while [ "$i" -lt 64 ]; do
        # shellcheck disable=SC2059 # the format is the byte
        printf "\\$(printf %03o "$((0x${1:-00} ^ value))")"
        [ $# -eq 0 ] || shift
        i=$((i + 1))
    done
}

key_bytes() {
    if [ "$(printf %s "$1" | wc -c)" -gt 64 ]; then
        printf %s "$1" | openssl dgst -sha256 -binary
    else
        printf %s "$1"
    fi
}

# hmac_sha256 KEY: of standard input, in base64 (RFC 2104).
hmac_sha256() {
    {
        key_bytes "$1" | pad 92
        { key_bytes "$1" | pad 54; cat; } | openssl dgst -sha256 -binary
    } | openssl dgst -sha256 -binary | openssl base64 -A
}

url_encode() {
    sed 's/%/%25/g; s/+/%2B/g; s/\//%2F/g; s/=/%3D/g'
}

# post URL TYPE: standard input, and the answer to standard output.
post() {
    body=$(mktemp)
    cat >"$body"
    status=0
    printf 'url = "%s"\nheader = "Content-Type: %s"\ndata-binary = "@%s"\n' "$1" "$2" "$body" |
        curl --silent --show-error --max-time 20 --retry 2 --config - || status=$?
    rm -f "$body"
    return "$status"
}

# judge MEMBER ANSWER: a robot says 0 in the answer when it took the message; HTTP says 200 in any case.
judge() {
    code=$(printf %s "$2" | sed -n "s/.*\"$1\"[[:space:]]*:[[:space:]]*\(-\{0,1\}[0-9]\{1,\}\).*/\1/p")
    [ "$code" = 0 ] || {
        echo "the robot did not take the message: $2" >&2
        exit 1
    }
}

# read_file FILE: its first line is the address, the second one, if any, the secret.
# shellcheck disable=SC2034
read_file() {
    { read -r address && { read -r secret || true; }; } <"$1"
}
