# What ./run and ./check have in common, to be sourced from the root of the sources: installing
# what is missing, and making configure. Quiet when there is nothing to do. Functions with variables
# run in a subshell, `( )`, so that these stay inside.

say() { printf '%s\n' "tertulia: $*" >&2; }

give_up() {
    say "$*"
    exit 1
}

# quietly LOG COMMAND...: runs it, and shows the end of its output only where it failed.
quietly() (
    log=$1
    shift
    mkdir -p "$(dirname "$log")"
    if "$@" >"$log" 2>&1 </dev/null; then exit 0; fi
    say "this failed: $*"
    tail -n 40 "$log" >&2
    say "all of its output is in $log"
    exit 1
)

# Columns: for, apt, dnf, pacman, apk, brew. `-` where the system has it already or not at all.
packages_table() {
    cat <<'TABLE'
build gcc                  gcc                  gcc          gcc                  -
build libc6-dev            glibc-devel          -            musl-dev             -
build make                 make                 make         make                 -
build autoconf             autoconf             autoconf     autoconf             autoconf
build automake             automake             automake     automake             automake
build autopoint            gettext-devel        -            gettext-dev          -
build gettext              gettext              gettext      gettext              gettext
build pkg-config           pkgconf-pkg-config   pkgconf      pkgconf              pkg-config
build libncurses-dev       ncurses-devel        ncurses      ncurses-dev          ncurses
build libuv1-dev           libuv-devel          libuv        libuv-dev            libuv
build libssl-dev           openssl-devel        openssl      openssl-dev          openssl@3
build libsodium-dev        libsodium-devel      libsodium    libsodium-dev        libsodium
build libsqlite3-dev       sqlite-devel         sqlite       sqlite-dev           sqlite
build libprotobuf-c-dev    protobuf-c-devel     protobuf-c   protobuf-c-dev       protobuf-c
build protobuf-c-compiler  protobuf-c-compiler  -            protobuf-c-compiler  -
build libutf8proc-dev      utf8proc-devel       libutf8proc  utf8proc-dev         utf8proc
build libjansson-dev       jansson-devel        jansson      jansson-dev          jansson
build uthash-dev           uthash-devel         uthash       uthash-dev           uthash
build libseccomp-dev       libseccomp-devel     libseccomp   libseccomp-dev       -
check clang                clang                clang        clang                llvm
check -                    compiler-rt          compiler-rt  compiler-rt          -
check clang-format         clang-tools-extra    -            clang-extra-tools    clang-format
check cppcheck             cppcheck             cppcheck     cppcheck             cppcheck
check libcmocka-dev        libcmocka-devel      cmocka       cmocka-dev           cmocka
check libvterm-dev         libvterm-devel       libvterm     libvterm-dev         libvterm
check mandoc               mandoc               -            mandoc               mandoc
check tmux                 tmux                 tmux         tmux                 tmux
check openssl              openssl              openssl      openssl              openssl@3
check iproute2             iproute              iproute2     iproute2             -
check nftables             nftables             nftables     nftables             -
check python3              python3              python       python3              python3
check python3-nacl         python3-pynacl       python-pynacl    py3-pynacl       -
check python3-protobuf     python3-protobuf     python-protobuf  py3-protobuf     -
check valgrind             valgrind             valgrind     valgrind             -
check zsh                  zsh                  zsh          zsh                  zsh
check fish                 fish                 fish         fish                 fish
check debhelper            -                    -            -                    -
check lintian              -                    -            -                    -
check desktop-file-utils   desktop-file-utils   desktop-file-utils  desktop-file-utils  -
check appstream            appstream            appstream    appstream            -
check rpm                  rpm-build            -            -                    -
check ruby                 ruby                 ruby         ruby                 -
check xz-utils             xz                   xz           xz                   xz
check binutils             binutils             binutils     binutils             -
TABLE
}

package_manager() {
    for manager in apt-get dnf pacman apk brew; do
        if command -v "$manager" >/dev/null 2>&1; then
            echo "$manager"
            return
        fi
    done
}

# The names for one manager: packages_of WHAT MANAGER
packages_of() {
    packages_table | awk -v what="$1" -v manager="$2" '
        BEGIN { column["apt-get"] = 2; column["dnf"] = 3; column["pacman"] = 4
                column["apk"] = 5; column["brew"] = 6 }
        $1 == what && $column[manager] != "-" { print $column[manager] }'
}

package_installed() {
    case $1 in
    apt-get) [ "$(dpkg-query -W -f '${db:Status-Status}' "$2" 2>/dev/null)" = installed ] ;;
    dnf) rpm -q --whatprovides "$2" ;;
    pacman) pacman -Q "$2" ;;
    apk) apk info -e "$2" ;;
    brew) brew list "$2" ;;
    esac >/dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        give_up "to install packages one has to be root, or have sudo: $*"
    fi
}

install_with() (
    manager=$1
    shift
    case $manager in
    apt-get)
        # the lists may be missing or old: then they are fetched, and it is tried once more
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install "$@" && exit
        as_root apt-get -qq update || true
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install "$@"
        ;;
    dnf) as_root dnf -qy install "$@" ;;
    pacman) as_root pacman -Sy --needed --noconfirm "$@" ;;
    apk) as_root apk add -q "$@" ;;
    brew) brew install -q "$@" ;;
    esac
)

# install_missing MANAGER PACKAGE...: installs those that are not there.
install_missing() (
    manager=$1
    shift
    missing=
    for package in "$@"; do
        package_installed "$manager" "$package" || missing="$missing $package"
    done
    [ -n "$missing" ] || exit 0
    say "installing$missing"
    if [ "$(id -u)" != 0 ] && [ "$manager" != brew ] && command -v sudo >/dev/null 2>&1; then
        sudo -v # asks here, where it can be seen
    fi
    # shellcheck disable=SC2086  # a list of words
    quietly build/install.log install_with "$manager" $missing || exit 1
)

# prepare_packages WHAT...: what is needed to `build`, to `check`, or both. A stamp of the wanted
# list makes the next time free.
prepare_packages() (
    manager=$(package_manager)
    wanted=$(packages_table; echo "$manager $*")
    stamp=build/installed-$(echo "$*" | tr ' ' '-')
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi
    if [ -z "$manager" ]; then
        say "no package manager is known here: going on with what is installed"
        exit 0
    fi
    for what in "$@"; do
        # shellcheck disable=SC2046  # a list of words
        install_missing "$manager" $(packages_of "$what" "$manager") || exit 1
        if [ "$what" = check ] && [ "$manager" = apt-get ]; then
            # Debian keeps the sanitizers' runtime of each clang in a package of its own
            install_missing "$manager" "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev" || exit 1
        fi
    done
    mkdir -p build
    printf '%s\n' "$wanted" >"$stamp"
)

# configure and its inputs, where they are missing or older than what they are made from.
prepare_configure() {
    if [ -f configure ] && [ -f Makefile.in ] && [ -f po/Makefile.in.in ] &&
        [ -z "$(find configure.ac Makefile.am man/man.am tests/tests.am share/share.am \
            packaging/packaging.am -newer Makefile.in)" ]; then
        return 0
    fi
    quietly build/autoreconf.log autoreconf -fi || return 1
    touch Makefile.in # autoreconf leaves it as it is where nothing changed in it
}

# gettext's own rules make a catalogue once, and again only by hand: what they made is taken away
# where a string or a translation has changed since.
prepare_catalogues() {
    [ -f po/stamp-po ] || return 0
    [ -z "$(find src net ui po -newer po/stamp-po \( -name '*.[ch]' -o -name '*.po' \
        -o -name POTFILES.in -o -name Makevars -o -name LINGUAS \) -print | head -n 1)" ] ||
        rm -f po/stamp-po po/tertulia.pot po/*.gmo
}

# configured_in FOLDER CONFIGURE-ARGUMENT...: a folder to build in, configured with these arguments
# by this configure, here; begun anew where one of the three is another one.
configured_in() (
    folder=$1
    shift
    top=$PWD
    how="$top $* $(cksum <configure)"
    if [ -f "$folder/Makefile" ] && [ "$(cat "$folder/configured" 2>/dev/null)" = "$how" ]; then
        exit 0
    fi
    rm -rf "$folder"
    mkdir -p "$folder" && cd "$folder" && "$top/configure" --quiet "$@" || exit 1
    printf '%s\n' "$how" >configured
)

jobs_count() { getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2; }
