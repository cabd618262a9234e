#!/usr/bin/env python3
"""The layers of DESIGN.md: who may include whom, and whose symbols a library may ask for.

Includes are read from the sources. Symbols are read from the libraries in the build directory,
so that a declaration by hand does not get around the includes.
"""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from lib import house

MAY = {  # which of our layers each may use, besides itself
    "base": set(),
    "core": {"base"},
    "dialect": {"core", "base"},
    "store": {"core", "base"},
    "net": {"base"},
    "ui": {"base", "core"},  # of core, the three headers below
    "app": {"base", "core", "dialect", "store", "net"},
    "src/main.c": {"base", "core", "dialect", "store", "net", "app", "ui", "src/main_pages.h"},
    "src/main_pages.c": {"base", "core", "app", "ui", "src/main_pages.h"},
    "src/main_pages.h": {"core", "app"},
    "src/main_tertuliad.c": {"base", "core", "dialect", "store", "net", "app"},
}
CORE_FOR_UI = {"core/model.h", "core/command.h", "core/ids.h"}

LIBRARIES = {  # which libraries each may use
    "base": {"utf8proc"},
    "core": {"sodium", "uthash"},
    "dialect": {"protobuf-c", "uthash"},
    "store": {"sqlite", "uthash"},
    "net": {"uv", "openssl", "uthash"},
    "ui": {"curses", "intl", "uthash"},
    "app": {"uv", "jansson", "intl", "seccomp", "uthash"},
    "src/main.c": {"uv", "jansson", "intl", "uthash", "curses"},
    "src/main_pages.c": {"intl"},
    "src/main_pages.h": set(),
    "src/main_tertuliad.c": {"uv", "jansson", "intl", "uthash"},
}
LIBRARY_HEADERS = {
    "utf8proc": r"utf8proc\.h",
    "sodium": r"sodium(\.h|/.*)",
    "uthash": r"ut(hash|list)\.h",
    "protobuf-c": r"(google/)?protobuf-c/.*|dialect/tertulia\.pb-c\.h",
    "sqlite": r"sqlite3(ext)?\.h",
    "uv": r"uv(\.h|/.*)",
    "openssl": r"openssl/.*",
    "jansson": r"jansson(_config)?\.h",
    "seccomp": r"seccomp\.h",
    "intl": r"libintl\.h|base/gettext\.h",
    "curses": r"(ncursesw?/)?(n?curses|term|panel|menu|form|unctrl|eti)\.h",
}
LIBRARY_SYMBOLS = {
    "utf8proc": r"utf8proc_\w+",
    "sodium": r"(crypto|sodium|randombytes)_\w+|randombytes",
    "protobuf-c": r"protobuf_c_\w+",
    "sqlite": r"sqlite3_\w+",
    "uv": r"uv_\w+",
    "openssl": r"(SSL|TLS|EVP|X509|X509v3|BIO|ERR|RAND|OPENSSL|CRYPTO|ASN1|PEM|OSSL|BN|HMAC|OBJ"
    r"|PKCS\d+|RSA|EC|SHA\d*|GENERAL_NAME)_\w+|[id]2[id]_\w+|TLS(_\w+)?_method",
    "jansson": r"json_\w+|jsonp_\w+|jansson_\w+",
    "seccomp": r"seccomp_\w+",
    "intl": r"(lib)?(intl_)?d?c?n?gettext|bind_?textdomain(_codeset)?|bindtextdomain|textdomain",
    # the commonest; the rest is read from the library that tertulia is linked with
    "curses": r"initscr|newterm|endwin|doupdate|stdscr|w?refresh|wnoutrefresh|(mv)?w?printw"
    r"|(mv)?w?add(ch|n?str|_wch|n?wstr)|(mv)?w?getch|w?move|w?erase|start_color|init_pair|cbreak",
}

# Headers of C and the system. A layer that computes and does nothing else sees the pure ones.
PURE = {
    "assert.h", "errno.h", "float.h", "inttypes.h", "iso646.h", "limits.h", "stdalign.h",
    "stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "stdnoreturn.h",
    "string.h",
}  # fmt: skip
WORLD = PURE | {
    "ctype.h", "dirent.h", "fcntl.h", "fenv.h", "getopt.h", "grp.h", "langinfo.h", "locale.h",
    "math.h", "paths.h", "pwd.h", "signal.h", "strings.h", "sys/file.h", "sys/ioctl.h", "sys/mman.h",
    "sys/param.h", "sys/random.h", "sys/resource.h", "sys/stat.h", "sys/statvfs.h", "sys/time.h",
    "sys/types.h",
    "sys/uio.h", "sys/utsname.h", "sys/wait.h", "sysexits.h", "syslog.h", "termios.h", "time.h",
    "unistd.h", "wchar.h", "wctype.h",
}  # fmt: skip
SOCKETS = {
    "arpa/inet.h", "endian.h", "ifaddrs.h", "net/if.h", "netdb.h", "netinet/in.h",
    "linux/netfilter.h", "linux/netfilter/nf_tables.h", "linux/netfilter/nfnetlink.h",
    "linux/netlink.h", "linux/rtnetlink.h", "netinet/ip.h", "netinet/tcp.h", "poll.h",
    "sys/socket.h", "sys/un.h",
}  # fmt: skip
CONFINEMENT = {
    "linux/filter.h", "linux/seccomp.h", "sched.h", "sys/prctl.h", "sys/syscall.h",
}  # fmt: skip
SYSTEM_HEADERS = {
    # for inet_pton, which only reads text; and for malloc_trim
    "base": PURE | {"arpa/inet.h", "malloc.h"},
    "core": PURE,
    "dialect": PURE,
    "store": WORLD,
    "net": WORLD | SOCKETS,
    "ui": WORLD,
    "app": WORLD | SOCKETS | CONFINEMENT | {"execinfo.h", "malloc.h"},  # for reports of crashes; ease.c
    "src/main.c": WORLD,
    "src/main_pages.c": WORLD,
    "src/main_pages.h": set(),
    "src/main_tertuliad.c": WORLD,
}
# The one place that reads clocks and asks for randomness (DESIGN.md, `struct sys`).
SYS = "src/base/sys.c"
# Stands in base so that both front ends reach it, and counts as the library it wraps.
GETTEXT = "src/base/gettext.h"

# What a pure layer may ask of C. stdio.h is there for snprintf alone.
PURE_SYMBOLS = re.compile(
    r"mem(chr|cmp|cpy|mem|move|pcpy|rchr|set)|__?memcpy|bcmp"
    r"|str(c?spn|chr|chrnul|cmp|error|len|ncmp|nlen|pbrk|rchr|sep|str|to(d|l|ll|ul|ull|imax|umax))"
    r"|__isoc\d+_strto\w+|v?snprintf|abs|labs|llabs|l?l?div|qsort(_r)?|bsearch|free|abort|inet_pton"
    r"|___?errno_location|_GLOBAL_OFFSET_TABLE_"
    # what compilers add by themselves
    r"|__(stack_chk_\w+|(mem|str)\w+_chk|v?snprintf_chk|assert_fail|tls_get_addr|gmon_start__)"
    r"|__(asan|ubsan|lsan|tsan|msan|sanitizer|gcov|gcc|llvm|profc?|sancov|start|stop)_\w+"
    r"|__(u?(div|mod|mul|divmod)|popcount|clz|ctz|bswap|parity|ashl|ashr|lshr|cmp|float|fix)\w*i\d?"
)
PURE_ALSO = {
    "base": {"alloc.o": r"malloc|calloc|realloc\w*|stderr|\w*(printf|put[sc])\w*|fwrite"},
}
FREE_OF_RULES = {("base", "sys.o")}
# Of libsodium, what draws on the kernel's randomness by itself.
DRAWS = re.compile(
    r"randombytes\w*|crypto_\w+_keygen|crypto_\w*(?<!seed)_keypair|crypto_box_seal"
    r"|crypto_pwhash\w*_str\w*"
)


INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b[ \t]*(.*)", re.MULTILINE)


def rules_of(path):
    return path if path in MAY else house.layer_of(path)


def own_header(including, name):
    """The header as `layer/name.h`, or None where it is none of ours."""
    if name.split("/")[0] in house.LAYERS:
        return name
    for start in (os.path.dirname(including), "."):
        path = os.path.normpath(os.path.join(start, name))
        layer = house.layer_of(path)
        if layer and os.path.isfile(path):
            return layer + path[len(house.LAYERS[layer]) :]
    return None


def library_of(name, patterns):
    return next((lib for lib, pattern in patterns.items() if re.fullmatch(pattern, name)), None)


def include_breach(path, user, name):
    library = library_of(name, LIBRARY_HEADERS)
    if library:
        if path == GETTEXT and library == "intl":
            return None
        return None if library in LIBRARIES[user] else f"{user} may not use {library} ({name})"
    own = own_header(path, name)
    if own:
        layer = own.split("/")[0]
        if own != name:
            return f'write "{own}", from the layer on, not "{name}"'
        if layer == user or layer in MAY[user] and (user != "ui" or layer != "core"):
            return None
        if user == "ui" and own in CORE_FOR_UI:
            return None
        return f"{user} may not include {own}"
    if os.path.join(os.path.dirname(path), name) in MAY[user]:
        return None
    if name in SYSTEM_HEADERS[user] or path == SYS and name in WORLD:
        return None
    if name in WORLD | SOCKETS:
        return f"{user} may not include <{name}>"
    return f"<{name}> is in no list of this check: no layer may include it"


def include_breaches(path):
    user = rules_of(path)
    if user is None:
        yield f"{path}:1: belongs to no layer"
        return
    source = house.CSource(path)
    for found in INCLUDE.finditer(source.uncommented):
        at = f"{path}:{source.line(found.start())}"
        name = re.match(r'["<]([^">]+)[">]', found[1])
        why = include_breach(path, user, name[1]) if name else "an include that cannot be read"
        if why:
            yield f"{at}: {why}"


class Library:
    """The global symbols of one archive: what it defines, and what each object asks for."""

    def __init__(self, path):
        self.path = path
        self.defined = set()
        self.asked = {}  # object -> symbols
        output = subprocess.run(["nm", "-A", "-P", path], capture_output=True, text=True).stdout
        for line in output.splitlines():
            found = re.match(r".*\[(.+)\]: (\S+) (\w)", line)
            if not found:
                continue
            # automake names an object libcore_a-ids.o where the library has flags of its own
            member = re.sub(r"^lib\w+-", "", found[1])
            symbol = found[2].split("@")[0]
            if found[3] in "Uwv":
                self.asked.setdefault(member, set()).add(symbol)
            elif found[3].isupper():
                self.defined.add(symbol)


def words_of_headers(names):
    """Of these headers and of those of core that they include."""
    words, seen, waiting = set(), set(), list(names)
    while waiting:
        name = waiting.pop()
        layer, file = name.split("/")
        path = house.LAYERS[layer] + "/" + file
        if name in seen or not os.path.isfile(path):
            continue
        seen.add(name)
        source = house.CSource(path)
        words.update(re.findall(r"\w+", source.code))
        waiting += re.findall(r'#\s*include\s*"(core/\w+\.h)"', source.text)
    return words


def curses_symbols(program):
    """What the curses that the program is linked with defines."""
    try:
        answer = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    except FileNotFoundError:
        return set()
    names = set()
    for path in re.findall(r"=> (\S*lib(?:n?curses|tinfo)w?\.\S+)", answer):
        command = ["nm", "-D", "-P", "--defined-only", path]
        output = subprocess.run(command, capture_output=True, text=True).stdout
        names |= {line.split()[0].split("@")[0] for line in output.splitlines()}
    return names


def symbol_breach(layer, member, symbol, owner, for_ui, curses):
    if owner == layer:
        return None
    if owner:
        if owner not in MAY[layer]:
            return f"{symbol} is {owner}'s: {layer} may not use {owner}"
        if layer == "ui" and owner == "core" and symbol not in for_ui:
            return f"{symbol} is core's, and in none of the headers that are for ui"
        return None
    library = library_of(symbol, LIBRARY_SYMBOLS) or ("curses" if symbol in curses else None)
    if library:
        if library not in LIBRARIES[layer]:
            return f"{symbol} is {library}'s: {layer} may not use {library}"
        if layer == "core" and DRAWS.fullmatch(symbol):
            return f"{symbol} makes its own randomness: core takes it from struct sys"
        return None
    if re.match(r"(pthread|thrd|mtx|cnd|sem)_", symbol):
        return f"{symbol}: no threads and no locks in our code"
    if SYSTEM_HEADERS[layer] is not PURE or PURE_SYMBOLS.fullmatch(symbol):
        return None
    also = PURE_ALSO.get(layer, {}).get(member)
    if also and re.fullmatch(also, symbol):
        return None
    return f"{symbol}: {layer} is pure, and this is not in what it may ask of C"


def symbol_breaches(libraries, curses):
    owners = {symbol: layer for layer, library in libraries.items() for symbol in library.defined}
    for_ui = words_of_headers(CORE_FOR_UI)
    for layer, library in libraries.items():
        for member, symbols in sorted(library.asked.items()):
            if (layer, member) in FREE_OF_RULES:
                continue
            for symbol in sorted(symbols):
                why = symbol_breach(layer, member, symbol, owners.get(symbol), for_ui, curses)
                if why:
                    yield f"{library.path}({member}): {why}"


def defined_twice(libraries):
    """The linker takes the first, and says nothing."""
    owners = {}
    for layer, library in libraries.items():
        for symbol in sorted(library.defined):
            if symbol in owners:
                yield f"{library.path}: {symbol} is {owners[symbol]}'s already"
            owners.setdefault(symbol, layer)


def curses_in_tertuliad(program, libraries):
    if not os.path.isfile(program):
        yield f"{program}: is not there"
        return
    for command in (["readelf", "-d", program], ["ldd", program]):
        try:
            answer = subprocess.run(command, capture_output=True, text=True)
        except FileNotFoundError:
            continue
        for line in answer.stdout.splitlines():
            if re.search(r"lib(n?curses|tinfo|panel|menu|form)w?\b", line):
                yield f"{program}: {command[0]} says {' '.join(line.split())}"
    if "ui" in libraries:
        inside = subprocess.run(["nm", "-P", program], capture_output=True, text=True).stdout
        names = {line.split()[0] for line in inside.splitlines() if " U" not in line}
        others = set().union(*(lib.defined for name, lib in libraries.items() if name != "ui"))
        for symbol in sorted(names & (libraries["ui"].defined - others)):
            yield f"{program}: holds {symbol} of ui"


def main():
    tap = house.Tap()
    sources = house.c_files("src", "net", "ui")
    for user in MAY:
        files = [path for path in sources if rules_of(path) == user]
        breaches = [breach for path in files for breach in include_breaches(path)]
        tap.check(f"includes of {user} ({len(files)} files)", breaches)
    strays = [path for path in sources if rules_of(path) is None]
    breaches = [breach for path in strays for breach in include_breaches(path)]
    tap.check("every source lies in a layer", breaches)

    build = house.build_dir()
    if build is None:
        tap.skip("symbols", "no build directory was given")
        tap.done()
    libraries = {}
    for layer, folder in house.LAYERS.items():
        library = Library(f"{build}/{folder}/lib{layer}.a")
        if library.defined:
            libraries[layer] = library
            continue
        tap.check(f"the library of {layer}", [f"{library.path}: is not there, or has no symbols"])
    if libraries:
        curses = curses_symbols(f"{build}/tertulia")
        tap.check(f"symbols of {len(libraries)} libraries", symbol_breaches(libraries, curses))
        tap.check("no symbol is in two libraries", defined_twice(libraries))
    tap.check("tertuliad has no curses", curses_in_tertuliad(f"{build}/tertuliad", libraries))
    tap.done()


main()
