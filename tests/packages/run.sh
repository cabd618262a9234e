#!/bin/bash
# The tarball and the Debian package: tests/packages/run.sh BUILDDIR. TAP.
#
# The tarball has all that git has and nothing that is not made of it; and a copy of the sources in
# another folder, with other rights, another clock's zone and another language, makes the same bytes
# of it. The package is built of it, holds what it should, and lintian has nothing to say.
# shellcheck disable=SC2317 # result calls the functions
set -u
top=$PWD
build=$(cd "$1" && pwd) || exit 1
place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT
trap 'exit 1' HUP INT TERM
number=0
failed=0

# whoever the checkout belongs to
git() { command git -c safe.directory='*' "$@"; }

# result WHAT COMMAND...: the command's output is shown where it fails
result() {
    local what=$1
    shift
    number=$((number + 1))
    if "$@" >"$place/log" 2>&1; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        tail -n 25 "$place/log" | sed 's/^/# /'
        failed=1
    fi
}

skip() {
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}

# ---- the tarball ----

# What there has to be: all that git knows but what is for git and its host, and what is made by
# autoreconf, gettext, protoc-c, man/lists and share/fill.
made='^(ABOUT-NLS|aclocal\.m4|configure|Makefile\.in|(build-aux|m4)/.*|src/dialect/tertulia\.pb-c\.[ch]'
made+='|man/(.*/)?tertulia(d|-protocol)?\.[157]|share/(bash|fish|zsh)/.*'
made+='|po/(.*\.(gmo|pot|sin|sed|header)|Makefile\.in\.in|Rules-quot|stamp-po))$'
same_files() {
    git ls-files | grep -Ev '^\.(ci/|gitignore$)' | LC_ALL=C sort >"$place/git"
    tar -tf "$tarball" | sed 's|^[^/]*/||' | grep -v -e '/$' -e '^$' >"$place/all"
    grep -Ev "$made" "$place/all" | LC_ALL=C sort >"$place/ours"
    diff "$place/git" "$place/ours"
}

# The programs that fill manual and completions are those of the build: that they fill the same is
# not what is asked here, and to build them takes a minute.
packed_elsewhere() (
    umask 077
    export TZ=Pacific/Auckland LC_ALL=C
    mkdir -p "$place/else/where/build" && cd "$place/else/where" || exit 1
    (cd "$top" && git ls-files -z | tar --null -T - -cf -) | tar -xf - || exit 1
    SOURCE_DATE_EPOCH=$(git -C "$top" log -1 --format=%ct) && export SOURCE_DATE_EPOCH
    autoreconf -fi && cd build && ../configure --quiet || exit 1
    make -s dist man_list="$build/man/lists" share_fill="$build/share/fill" || exit 1
    cmp "${tarball##*/}" "$tarball" && exit
    mkdir one two && tar -xf "${tarball##*/}" -C one && tar -xf "$tarball" -C two
    diff -r one two | head -n 20
    exit 1
)

# ---- the package ----

package_file() { echo "$build"/deb/tertulia_*_*.deb; }

# The rest that is installed would stop dh_missing where it went nowhere.
package_has() {
    local file missing=0
    dpkg-deb -c "$(package_file)" >"$place/list"
    for file in etc/ufw/applications.d/tertulia usr/bin/tertulia usr/bin/tertuliad \
        usr/lib/systemd/user/tertuliad.service usr/share/applications/tertulia.desktop \
        usr/share/bash-completion/completions/tertulia{,d} \
        usr/share/fish/vendor_completions.d/tertulia{,d}.fish \
        usr/share/icons/hicolor/scalable/apps/tertulia.svg \
        usr/share/locale/{es,pt_BR}/LC_MESSAGES/tertulia.mo \
        usr/share/man/{,es/,pt_BR/}man1/tertulia.1.gz usr/share/man/man1/tertuliad.1.gz \
        usr/share/man/man5/tertulia.5.gz usr/share/man/man7/tertulia-protocol.7.gz \
        usr/share/metainfo/tertulia.metainfo.xml usr/share/zsh/vendor-completions/_tertulia{,d}; do
        grep -q " root/root .* \./$file\$" "$place/list" || { echo "no $file" && missing=1; }
    done
    return "$missing"
}

# No scripts of its own: it changes nothing but its files.
no_scripts() {
    dpkg-deb -e "$(package_file)" "$place/control" &&
        [ "$(cd "$place/control" && echo *)" = "conffiles control md5sums" ]
}

lintian_is_silent() {
    lintian --allow-root --info --display-info --fail-on error,warning,info \
        "$build"/deb/tertulia_*.changes
}

export DEB_BUILD_OPTIONS=nocheck # all of that runs elsewhere
if command -v dpkg-buildpackage dh >/dev/null; then
    result "make deb" make --no-print-directory -C "$build" deb
else
    result "make dist" make --no-print-directory -C "$build" dist
fi
tarball=$(ls "$build"/tertulia-*.tar.xz)
if [ -e .git ]; then
    result "the tarball has what git has" same_files
    result "the same bytes elsewhere" packed_elsewhere
else
    skip "the tarball has what git has" "this is no checkout"
    skip "the same bytes elsewhere" "this is no checkout"
fi
if [ -d "$build/deb" ]; then
    result "the package has its files" package_has
    result "and nothing that runs when it comes or goes" no_scripts
else
    skip "the package" "this is not Debian, or debhelper is not installed"
fi
if [ -d "$build/deb" ] && command -v lintian >/dev/null; then
    result "lintian has nothing to say" lintian_is_silent
else
    skip "lintian" "it is not installed"
fi
echo "1..$number"
exit $failed
