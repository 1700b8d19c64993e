#!/bin/bash
# usage: tests/installed.sh BUILD
# Installs BUILD into a folder of its own, and looks whether all of it is where a system looks for it.
# The last line is "N passed, N failed, N skipped".
set -euo pipefail

cd "$(dirname -- "${BASH_SOURCE[0]}")/.."
build=$1
root=$(mktemp -d)
trap 'rm -rf "$root" "$root.log"' EXIT

DESTDIR=$root meson install --no-rebuild -C "$build" >"$root.log" 2>&1 || {
    cat "$root.log"
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
}
prefix=$root$(meson introspect --buildoptions "$build" |
    python3 -c 'import json, sys; print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')

wanted=(bin/claimbatch bin/claimbatch-sandbox
    share/bash-completion/completions/claimbatch share/zsh/site-functions/_claimbatch
    share/fish/vendor_completions.d/claimbatch.fish
    share/doc/claimbatch/README.md share/doc/claimbatch/README.zh-CN.md share/doc/claimbatch/SECURITY.md
    share/claimbatch/claimbatch.cdx.json)
for page in man/*.mdoc man/zh_CN/*.mdoc; do
    name=$(basename "$page" .mdoc)
    section=1
    case $name in claimbatch.conf | claimbatch-report) section=5 ;; esac
    folder=share/man/
    [ "$(dirname "$page")" = man ] || folder=share/man/zh_CN/
    [ "$folder" = share/man/ ] || [ -e "$build/po" ] || continue # built without gettext
    wanted+=("${folder}man$section/$name.$section")
done
for unit in samples/systemd/*; do
    wanted+=("lib/systemd/system/${unit##*/}")
done
for hook in samples/hooks/*; do
    wanted+=("share/claimbatch/hooks/${hook##*/}")
done
while read -r sample; do
    [ "$sample" = samples/try.sh ] || wanted+=("share/doc/claimbatch/examples/${sample#samples/}")
done < <(find samples -type f)
[ ! -e "$build/po" ] || wanted+=(share/locale/zh_CN/LC_MESSAGES/claimbatch.mo)

missing=0
diff <(printf '%s\n' "${wanted[@]}" | LC_ALL=C sort) <(cd "$prefix" && find . -type f | sed 's|^\./||' | LC_ALL=C sort) ||
    { echo 'left: what is wanted; right: what is installed' && missing=1; }
find "$prefix" -type f -empty | grep . && missing=1
grep -q "^ExecStart=${prefix#"$root"}/bin/claimbatch upload /var" "$prefix/lib/systemd/system/claimbatch@.service" ||
    { echo 'the unit starts another program' && missing=1; }
"$prefix/bin/claimbatch" --version >/dev/null || missing=1
echo "$((1 - missing)) passed, $missing failed, 0 skipped"
[ "$missing" -eq 0 ]
