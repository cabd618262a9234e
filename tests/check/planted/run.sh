#!/bin/sh
# Proves that the source checks can fail: each breach below is planted in a copy of the tree, and
# the check named beside it, green before, must go red and say where. Nothing else is touched.
#
#   tests/check/planted/run.sh [BUILDDIR]
#
# A breach is `breach CHECK WHERE WHAT`: the check that catches it, words that its answer must hold,
# and what is wrong; on stdin the commands that plant it, run at the root of the copy, where
# `build/` has the libraries and programs of BUILDDIR.
set -u

place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT
trap 'exit 1' HUP INT TERM

clean=$place/clean
mkdir "$clean"
python3 -B tests/check/lib/house.py copy "$clean" || exit 1
built=
if [ "${1:-}" ]; then
    built=build
    mkdir "$clean/build"
    for one in src/base/libbase.a src/core/libcore.a src/dialect/libdialect.a \
        src/store/libstore.a src/app/libapp.a net/libnet.a ui/libui.a tertulia tertuliad man/lists \
        share/fill tests/golden/golden; do
        mkdir -p "$clean/build/$(dirname "$one")"
        cp -p "$1/$one" "$clean/build/$one"
        strip -g "$clean/build/$one"
    done
    if [ -d "$1/cppcheck" ]; then cp -Rp "$1/cppcheck" "$clean/build/"; fi # what it has read already
fi

# Each breach begins with the clean tree again: what it changed is put back.
in_tree() { git --git-dir="$place/git" --work-tree="$place/tree" "$@"; }
mkdir "$place/tree"
cp -Rp "$clean/." "$place/tree" && git init -q --bare "$place/git" &&
    in_tree add --all --force && in_tree -c user.name=planted -c user.email=planted@example.org \
    commit -q -m clean || exit 1

count=0
failed=0

result() { # ok|not ok, WHAT
    count=$((count + 1))
    echo "$1 $count - $2"
    [ "$1" = ok ] || failed=1
}

# Runs CHECK in the folder TREE; its answer goes to the file OUT.
run_check() { # CHECK TREE OUT
    (cd "$2" && "tests/check/$1.py" $built) >"$3" 2>&1
}

# The check's answer without any breach: asked once, kept in clean.CHECK.
green_before() { # CHECK
    if [ ! -e "$place/clean.$1" ]; then
        run_check "$1" "$clean" "$place/clean.$1" && touch "$place/green.$1"
    fi
    [ -e "$place/green.$1" ]
}

breach() { # CHECK WHERE WHAT
    if ! green_before "$1"; then
        result "not ok" "$3: $1 is red without it"
        sed -n 's/^# /#   /p' "$place/clean.$1" | head -n 3
        return
    fi
    in_tree reset -q --hard && in_tree clean -q -f -d -x || exit 1
    cat >"$place/plant"
    if ! (cd "$place/tree" && sh -eu "$place/plant") >"$place/said" 2>&1; then
        result "not ok" "$3: could not be planted"
        sed 's/^/#   /' "$place/said"
    elif run_check "$1" "$place/tree" "$place/answer"; then
        if grep -q '# SKIP' "$place/answer"; then
            result ok "$3 # SKIP $1 did not run whole here"
        else
            result "not ok" "$3: $1 stayed green"
        fi
    elif grep '^#' "$place/answer" | grep -qF -e "$2"; then
        result ok "$3: $1 says so"
    else
        result "not ok" "$3: $1 is red, but not for \"$2\""
        sed 's/^/#   /' "$place/answer" | head -n 20
    fi
}

echo "1..$(grep -c '^breach ' "$0")"

# ---- layers ----------------------------------------------------------------------------------

breach layers 'src/core/planted.c:1: core may not use uv' 'core includes uv.h' <<'PLANT'
echo '#include <uv.h>' >src/core/planted.c
PLANT

breach layers 'src/core/planted.h:1: core may not include ui/planted.h' 'core includes a header of ui' <<'PLANT'
echo '#include "ui/planted.h"' >src/core/planted.h
touch ui/planted.h
PLANT

breach layers 'src/core/planted.c:1: core may not include <time.h>' 'core includes time.h' <<'PLANT'
echo '#include <time.h>' >src/core/planted.c
PLANT

breach layers 'ui/planted.c:1: ui may not include core/entry.h' 'ui includes a header of core that is not for it' <<'PLANT'
echo '#include "core/entry.h"' >ui/planted.c
PLANT

breach layers 'src/main_tertuliad.c:' 'tertuliad includes a header of ui' <<'PLANT'
echo '#include "ui/planted.h"' >>src/main_tertuliad.c
PLANT

breach layers "libcore.a(planted.o)" 'core calls ui, with a declaration of its own' <<'PLANT'
[ -d build ] || exit 0
name=$(nm -P build/ui/libui.a 2>/dev/null | awk '$2 == "T" { print $1; exit }')
printf 'void %s(void);\nvoid planted(void);\nvoid planted(void)\n{\n    %s();\n}\n' "$name" "$name" >planted.c
${CC:-cc} -c -o planted.o planted.c
ar r build/src/core/libcore.a planted.o
rm planted.*
PLANT

breach layers 'libcore.a(planted.o): clock_gettime' 'core asks for the time, with a declaration of its own' <<'PLANT'
[ -d build ] || exit 0
printf 'int clock_gettime(int, void *);\nvoid planted(void)\n{\n    clock_gettime(0, (void *)0);\n}\n' >planted.c
${CC:-cc} -c -o planted.o planted.c
ar r build/src/core/libcore.a planted.o
rm planted.*
PLANT

breach layers 'frame_pack is core' 'a name that another layer has too' <<'PLANT'
[ -d build ] || exit 0
printf 'void frame_pack(void);\nvoid frame_pack(void)\n{\n}\n' >planted.c
${CC:-cc} -c -o planted.o planted.c
ar r build/src/core/libcore.a planted.o
rm planted.*
PLANT

breach layers 'build/src/store/libstore.a: is not there' 'a library is missing' <<'PLANT'
rm -f build/src/store/libstore.a
PLANT

breach layers 'build/tertuliad: readelf' 'tertuliad is linked with curses' <<'PLANT'
[ -d build ] || exit 0
printf 'int endwin(void);\nint main(void)\n{\n    return endwin();\n}\n' >planted.c
${CC:-cc} -o build/tertuliad planted.c -lncursesw
rm planted.c
PLANT

# ---- banned ----------------------------------------------------------------------------------

breach banned 'net/planted.c:1: strcpy' 'a strcpy' <<'PLANT'
echo 'void f(char *a, const char *b) { /* copy */ strcpy(a, b); }' >net/planted.c
PLANT

breach banned 'src/core/planted.c:1: time' 'a raw time()' <<'PLANT'
echo 'long f(void) { return time(0); }' >src/core/planted.c
PLANT

breach banned 'ui/planted.c:1: malloc' 'a malloc past alloc.h' <<'PLANT'
echo 'void *f(void) { return malloc(1); }' >ui/planted.c
PLANT

breach banned 'ui/planted.c:1: "banned elsewhere" needs a reason' 'a permission without a reason' <<'PLANT'
echo 'int f(void) { return rand(); /* banned elsewhere: */ }' >ui/planted.c
PLANT

# ---- po --------------------------------------------------------------------------------------

breach po 'src/app/planted.c:1: not marked for translation' 'an untranslated string' <<'PLANT'
cat >src/app/planted.c <<'C'
void f(const char *x) { fprintf(stderr, "cannot open %s\n", x); }
C
PLANT

breach po 'src/app/planted.c:1: has strings, and is not in po/POTFILES.in' 'a file that nobody translates' <<'PLANT'
echo 'const char *f(void) { return _("planted words"); }' >src/app/planted.c
PLANT

breach po 'src/app/planted.c:1: po/es.po lacks msgid "planted words"' 'a string without its translation' <<'PLANT'
echo 'const char *f(void) { return _("planted words"); }' >src/app/planted.c
echo src/app/planted.c >>po/POTFILES.in
PLANT

breach po 'this message is untranslated' 'a translation taken away' <<'PLANT'
awk 'NR == FNR { if (found && !/^"/) last = FNR - 1; found = /^msgstr "[^"]/; next }
     FNR == last { $0 = "msgstr \"\"" } 1' po/es.po po/es.po >es.po
mv es.po po/es.po
PLANT

breach po 'po/es.po' 'a format string broken by its translation' <<'PLANT'
awk '/^msg/ { inside = /^msgstr/ }
     inside && !done && /%s/ { sub("%s", "%d"); done = 1 } 1
     END { exit !done }' po/es.po >es.po
mv es.po po/es.po
PLANT

# ---- documents -------------------------------------------------------------------------------

breach bounds 'SECURITY.md:' 'a bound of the code that the table tells otherwise' <<'PLANT'
sed -i 's/LINK_HALF_OPEN = 32/LINK_HALF_OPEN = 33/' net/link.h
PLANT

breach unmarked 'in no mark: "via"' 'a string in no mark on a screen' <<'PLANT'
grep -v ui/paint_side.c po/POTFILES.in >planted
mv planted po/POTFILES.in
PLANT

breach quotes 'src/core/planted.c:5: not in PROTOCOL.md: "A frame has a color."' 'a quote that is not exact' <<'PLANT'
printf '\n## Planted\n\nA frame has a colour. It has\na smell.\n' >>PROTOCOL.md
cat >src/core/planted.c <<'C'
/* PROTOCOL.md "Planted":
 * > It has a
 * > smell.
 * and
 * > A frame has a color.
 */
C
PLANT

breach docs 'says nothing of --no-beacon of tertulia' 'an option that README.md forgets' <<'PLANT'
sed 's/--no-beacon//g' README.md >planted
mv planted README.md
PLANT

breach docs 'no program has --planted' 'an option that README.md makes up' <<'PLANT'
printf '\nThere is also `--planted`.\n' >>README.md
PLANT

breach docs 'has no row: | `/desconectar' 'a command that a README forgets' <<'PLANT'
grep -v '^| `/desconectar' README.es.md >planted
mv planted README.es.md
PLANT

breach docs 'is in no table of the program' 'a README that tells of an option in other words' <<'PLANT'
sed '/^| `--demo/s/simuladas/planted/' README.pt_BR.md >planted
mv planted README.pt_BR.md
PLANT

breach docs 'the doctor does not say so: | Planted. ' 'words that the doctor does not use' <<'PLANT'
sed 's/^| Nobody is linked\. /| Planted. /' README.md >planted
mv planted README.md
PLANT

breach docs 'the doctor also advises: Planted.' 'advice of the doctor that a README forgets' <<'PLANT'
echo 'static void planted(void) { todo(word, N_("Planted.")); }' >>src/app/doctor.c
PLANT

breach docs 'README.es.md:1: is not built as README.md is' 'a section that only one README has' <<'PLANT'
printf '\n## Planted\n' >>README.es.md
PLANT

breach manual 'man/tertulia.1.in says nothing of --no-guests' 'an option that the manual forgets' <<'PLANT'
grep -v '^@options@$' man/tertulia.1.in >planted
mv planted man/tertulia.1.in
PLANT

breach manual 'tells of --planted' 'an option that the manual makes up' <<'PLANT'
echo '.Fl Fl planted' >>man/tertuliad.1.in
PLANT

breach manual 'man/es/tertulia.1.in says nothing of Ctrl-n' 'keys that a translated page forgets' <<'PLANT'
grep -v '^@keys@$' man/es/tertulia.1.in >planted
mv planted man/es/tertulia.1.in
PLANT

breach manual 'tells of Ctrl-planted' 'a key that the manual makes up' <<'PLANT'
echo '.It Ic Ctrl-planted' >>man/tertulia.1.in
PLANT

breach manual 'man/tertuliad.1.in says nothing of called-us' 'a word of JSON that the manual forgets' <<'PLANT'
grep -v '^[.]Ql called-us' man/tertuliad.1.in >planted
mv planted man/tertuliad.1.in
PLANT

breach manual 'tells of planted' 'a word of JSON that the manual makes up' <<'PLANT'
echo '.Ql planted .' >>man/tertuliad.1.in
PLANT

breach manual 'no program has --planted' 'an option that an example makes up' <<'PLANT'
echo '.Dl tertulia --planted' >>man/es/tertulia.1.in
PLANT

breach manual 'man/pt_BR/tertulia.1.in says nothing of /about' 'commands that a translated page forgets' <<'PLANT'
grep -v '^@commands@$' man/pt_BR/tertulia.1.in >planted
mv planted man/pt_BR/tertulia.1.in
PLANT

breach manual 'tells of /planted' 'a command that the manual makes up' <<'PLANT'
echo '.Ic /planted' >>man/es/tertulia.1.in
PLANT

breach manual 'man/tertulia.5.in says nothing of bare' 'an action that the manual forgets' <<'PLANT'
grep -v '^@actions@$' man/tertulia.5.in >planted
mv planted man/tertulia.5.in
PLANT

breach manual 'tells of planted' 'an action that the manual makes up' <<'PLANT'
echo '.Cm planted' >>man/tertulia.5.in
PLANT

breach manual 'man/tertulia.5.in says nothing of bell' 'a setting that the manual forgets' <<'PLANT'
grep -v '^@settings@$' man/tertulia.5.in >planted
mv planted man/tertulia.5.in
PLANT

breach manual 'src/app/planted.c:1: man/tertuliad.1.in says nothing of planted' 'a JSON key without a word' <<'PLANT'
echo 'void f(json_t *object) { put(object, "planted", 0); }' >src/app/planted.c
PLANT

breach manual 'tells of planted' 'a JSON key that the manual makes up' <<'PLANT'
echo '.Va planted' >>man/tertuliad.1.in
PLANT

breach manual 'src/app/planted.c:1: man/tertuliad.1.in says nothing of planted' 'a JSON event without a word' <<'PLANT'
echo 'void f(void *self) { event_put(self, "planted", 0); }' >src/app/planted.c
PLANT

breach manual 'man/tertulia.1.in:1: mandoc' 'a page that mandoc complains of' <<'PLANT'
echo '.Xx' >>man/tertulia.1.in
PLANT

breach map 'src/base/planted.c:1: not on the map' 'a file that the map forgets' <<'PLANT'
touch src/base/planted.c
PLANT

breach map 'src/base/planted.c: is not there' 'a line of the map without its file' <<'PLANT'
awk '1; /^#.*[Mm]ap/ { print "\n- `src/base/planted.c` — not there\n" }' HACKING.md >planted
mv planted HACKING.md
PLANT

# ---- layout, size, words ---------------------------------------------------------------------

breach format 'src/base/planted.c:1:' 'a file laid out by hand' <<'PLANT'
echo 'int  f(void) {return 1;}' >src/base/planted.c
PLANT

breach cppcheck 'src/base/planted.c:4: error: nullPointer' 'a NULL that is followed' <<'PLANT'
printf 'int f(void)\n{\n    int *p = 0;\n    return *p;\n}\n' >src/base/planted.c
PLANT

breach size 'src/base/planted.c:801: 801 lines' 'a file of 801 lines' <<'PLANT'
awk 'BEGIN { for (i = 0; i < 801; i++) print "/* planted */" }' >src/base/planted.c
PLANT

breach size 'src/base/planted.c:1: 61 lines and no word on why' 'a function of 61 lines' <<'PLANT'
awk 'BEGIN { print "int f(void)\n{"; for (i = 0; i < 61; i++) print "    ;"; print "}" }' >src/base/planted.c
PLANT

breach words 'src/base/planted.c:1: /* TO''DO' 'a word that puts off' <<'PLANT'
echo '/* TO''DO: planted */' >src/base/planted.c
PLANT

breach words 'README.md:' "a path of somebody's machine" <<'PLANT'
echo 'See /ho''me/ana/notes.' >>README.md
PLANT

breach shell 'tests/check/planted.sh' 'a script that cannot be read' <<'PLANT'
printf '#!/bin/sh\nif true; then\n' >tests/check/planted.sh
PLANT

# ---- completions, packages -------------------------------------------------------------------

breach completions 'share/bash.in:1: a file:' 'a name of a file that bash does not complete' <<'PLANT'
sed 's/compopt -o default/:/' share/bash.in >planted
mv planted share/bash.in
PLANT

breach completions 'share/zsh.in:1: no second word:' 'a second word in zsh' <<'PLANT'
sed 's/< CURRENT/< 0/' share/zsh.in >planted
mv planted share/zsh.in
PLANT

breach completions 'share/fish.in:1: says nothing like' 'fish explains in English alone' <<'PLANT'
sed 's/^switch .*/switch en/' share/fish.in >planted
mv planted share/fish.in
PLANT

breach packaging 'packaging/PKGBUILD:1: is of 0.0.9' 'a recipe of another version' <<'PLANT'
sed 's/^pkgver=.*/pkgver=0.0.9/' packaging/PKGBUILD >planted
mv planted packaging/PKGBUILD
PLANT

breach packaging 'packaging/debian/control:1: says nothing of libuv1-dev' 'no library in a recipe' <<'PLANT'
grep -v libuv1-dev packaging/debian/control >planted
mv planted packaging/debian/control
PLANT

breach packaging 'packaging/PKGBUILD:1: no function package' 'a recipe without a function' <<'PLANT'
sed 's/^package()/packing()/' packaging/PKGBUILD >planted
mv planted packaging/PKGBUILD
PLANT

breach packaging 'share/tertulia.desktop:1: no Comment in es' 'a language that the desktop lacks' <<'PLANT'
grep -v 'Comment.es.' share/tertulia.desktop >planted
mv planted share/tertulia.desktop
PLANT

[ "$failed" = 0 ]
