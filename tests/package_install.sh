#!/bin/bash
# usage: tests/package_install.sh CHROOT DEBS [OLD_CLAIMBATCH]
# Tries the packages of the folder DEBS in a bare Debian 12, which debootstrap makes in CHROOT if it is
# not there, and which is changed: install, a first upload against the sandbox, an upgrade with a ledger
# of OLD_CLAIMBATCH, remove, purge. As root. The last line is "N passed, N failed, N skipped".
set -euo pipefail

chroot=$1
debs=$2
old=${3-}
if [ "$(id -u)" -ne 0 ] || { [ ! -d "$chroot/etc" ] && ! command -v debootstrap >/dev/null; }; then
    echo 'skipped the packages in a bare Debian: it takes root and debootstrap'
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
fi
[ -d "$chroot/etc" ] || debootstrap --variant=minbase bookworm "$chroot" >/dev/null
# shellcheck source=/dev/null
codename=$(. "$chroot/etc/os-release" && echo "$VERSION_CODENAME")
[ "$codename" = bookworm ]

in_chroot() {
    chroot "$chroot" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root \
        DEBIAN_FRONTEND=noninteractive "$@"
}
as_user() {
    in_chroot HOME=/var/lib/claimbatch STATE_DIRECTORY=/var/lib/claimbatch setpriv --reuid=claimbatch --regid=claimbatch --clear-groups "$@"
}
upload() { # EXPORT OPTION...
    as_user claimbatch upload "$@" --app-key 12345678 --app-secret-file /var/lib/claimbatch/secret \
        --gateway "$url" -q 2>/dev/null
}
expect() { # CODE COMMAND...
    local wanted=$1 status=0
    shift
    "$@" || status=$?
    [ "$status" -eq "$wanted" ] || {
        echo "exit code $status, $wanted was expected: $*" >&2
        exit 1
    }
}
sandbox=
clean_up() {
    [ -z "$sandbox" ] || kill "$sandbox" 2>/dev/null || true
    umount "$chroot/proc" 2>/dev/null || true
}
trap clean_up EXIT

mount -t proc proc "$chroot/proc" 2>/dev/null || true
mkdir -p "$chroot/debs"
cp "$debs"/*.deb "$chroot/debs/"

echo '== install'
in_chroot apt-get update -q >/dev/null
in_chroot sh -c 'apt-get install -qy --no-install-recommends /debs/claimbatch_*.deb /debs/claimbatch-sandbox_*.deb' >/dev/null
in_chroot claimbatch --version
in_chroot claimbatch-sandbox --version
[ "$(in_chroot stat -c '%U %a' /var/lib/claimbatch)" = 'claimbatch 700' ]
[ "$(in_chroot stat -c '%G %a' /etc/claimbatch)" = 'claimbatch 751' ]
in_chroot sh -c 'ls /usr/share/doc/claimbatch/README.zh-CN.md* >/dev/null'
in_chroot sh -c 'test -f /lib/systemd/system/claimbatch@.service && test -x /usr/share/claimbatch/hooks/dingtalk.sh'

echo '== anybody'
# Without a configuration, and without a right to anything of the package's own user.
in_chroot HOME=/nonexistent setpriv --reuid=65534 --regid=65534 --clear-groups claimbatch explain exit 0 >/dev/null
expect 1 in_chroot HOME=/nonexistent setpriv --reuid=65534 --regid=65534 --clear-groups claimbatch check \
    /usr/share/doc/claimbatch/examples/claims.csv >/dev/null

echo '== first upload'
as_user sh -c 'umask 077; echo a-secret >/var/lib/claimbatch/secret
    cp /usr/share/doc/claimbatch/examples/claims.csv /var/lib/claimbatch/first.csv'
in_chroot sh -c 'umask 077; echo a-secret >/root/secret'
mkfifo "$chroot/root/said"
chroot "$chroot" /usr/bin/claimbatch-sandbox --app-key 12345678 --app-secret-file /root/secret \
    >"$chroot/root/said" 2>/dev/null &
sandbox=$!
read -r _ _ url <"$chroot/root/said"
expect 1 upload /var/lib/claimbatch/first.csv
expect 1 upload /var/lib/claimbatch/first.csv # again: nothing is left to send

if [ -n "$old" ]; then
    echo '== upgrade, with a ledger of the version before'
    install -m 755 "$old" "$chroot/usr/local/bin/claimbatch-old"
    as_user mkdir /var/lib/claimbatch/old
    as_user sh -c 'head -n 11 /usr/share/doc/claimbatch/examples/claims.csv >/var/lib/claimbatch/old/claims.csv'
    was=0
    as_user /usr/local/bin/claimbatch-old upload /var/lib/claimbatch/old/claims.csv --ledger /var/lib/claimbatch/old/ledger.db \
        --app-key 12345678 --app-secret-file /var/lib/claimbatch/secret --gateway "$url" -q 2>/dev/null || was=$?
    [ "$was" -le 1 ]
    expect 0 as_user claimbatch status --verify --ledger /var/lib/claimbatch/old/ledger.db >/dev/null
    expect 0 as_user claimbatch status --backup /var/lib/claimbatch/old/ --ledger /var/lib/claimbatch/old/ledger.db >/dev/null
    expect "$was" upload /var/lib/claimbatch/old/claims.csv --ledger /var/lib/claimbatch/old/ledger.db
    expect 0 as_user claimbatch status --verify --ledger /var/lib/claimbatch/old/ledger.db >/dev/null
    in_chroot sh -c 'dpkg -i /debs/claimbatch_*.deb' >/dev/null # over itself, as an upgrade is
    expect "$was" upload /var/lib/claimbatch/old/claims.csv --ledger /var/lib/claimbatch/old/ledger.db
fi

echo '== remove, and purge'
before=$(in_chroot sh -c 'cd /var/lib/claimbatch && find . -type f | sort | xargs sha256sum')
in_chroot sh -c 'apt-get remove -qy claimbatch </dev/null' >/dev/null
[ "$before" = "$(in_chroot sh -c 'cd /var/lib/claimbatch && find . -type f | sort | xargs sha256sum')" ]
in_chroot sh -c 'apt-get purge -qy claimbatch claimbatch-sandbox </dev/null' >/dev/null
[ "$before" = "$(in_chroot sh -c 'cd /var/lib/claimbatch && find . -type f | sort | xargs sha256sum')" ]
in_chroot sh -c '! test -e /usr/bin/claimbatch && ! test -e /lib/systemd/system/claimbatch@.service && ! test -e /etc/claimbatch'
in_chroot sh -c 'apt-get install -qy --no-install-recommends /debs/claimbatch_*.deb' >/dev/null
expect 0 as_user claimbatch status --verify >/dev/null
echo 'the packages install, upgrade, leave, and keep what was sent'
echo '1 passed, 0 failed, 0 skipped'
