#!/bin/sh
# The last hand on the tree that `make dist` packs: dist.sh SOURCES TREE. All in it carries one
# moment: what SOURCE_DATE_EPOCH says, or that of the last commit, or of an unpacked tarball its own.
set -eu
sources=$1
tree=$2

if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
    moment=$SOURCE_DATE_EPOCH
elif [ -e "$sources/.git" ]; then
    moment=$(git -c safe.directory='*' -C "$sources" log -1 --format=%ct)
else
    moment=$(date -r "$sources/configure.ac" +%s)
fi

# moment_as FORMAT: GNU's date, or the BSDs'
moment_as() { date -u -d "@$moment" "+$1" 2>/dev/null || date -u -r "$moment" "+$1"; }

cp "$sources/check" "$tree" # in a list of files make would take it for the target of that name
find "$tree" -name __pycache__ -prune -exec rm -rf {} +
# a folder that is packed whole comes with what the build has put into its own of that name
(cd "$tree" && find tests -type f) | while read -r file; do
    [ -e "$sources/$file" ] || rm "$tree/$file"
done
created=$(moment_as '%Y-%m-%d %H:%M+0000')
sed "s/^\"POT-Creation-Date: .*/\"POT-Creation-Date: $created\\\\n\"/" \
    "$tree/po/tertulia.pot" >"$tree/po/pot.new"
mv "$tree/po/pot.new" "$tree/po/tertulia.pot"
find "$tree" -exec touch -d "$(moment_as %Y-%m-%dT%H:%M:%SZ)" {} +
