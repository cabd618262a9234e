#!/usr/bin/env python3
"""What is installed beside the programs, and the recipes of packages: each can be read by what it is
for, and none has fallen behind the rest of the project.

Which libraries are needed, and what each system calls them, stands in configure.ac; the version there
too; the languages in po/LINGUAS.
"""

import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from lib import house

RECIPES = {  # and what they say of a library: (its module of pkg-config, its name there)
    "packaging/debian/control": "debian",
    "packaging/tertulia.spec": "fedora",
    "packaging/PKGBUILD": "arch",
    "packaging/tertulia.rb": "homebrew",
}
VERSIONS = {
    "NEWS": r"(?m)^(\d\S*?),",
    "packaging/debian/changelog": r"\Atertulia \((.*)-",
    "packaging/tertulia.spec": r"(?m)^Version:\s*(\S+)",
    "packaging/PKGBUILD": r"(?m)^pkgver=(\S+)",
    "packaging/tertulia.rb": r"tertulia-(.*)\.tar\.xz",
    "share/tertulia.metainfo.xml": r'<release version="([^"]+)"',
}
PKGBUILD_NEEDS = """
source "$1" || exit
for name in pkgname pkgver pkgrel pkgdesc arch license source sha256sums; do
    [ -n "${!name}" ] || echo "$1:1: no $name"
done
for name in build check package; do
    [ "$(type -t $name)" = function ] || echo "$1:1: no function $name"
done
[ ${#source[@]} = ${#sha256sums[@]} ] || echo "$1:1: not a sum for each source"
"""
# The tool that reads a file, and how: {} is the file.
READ = {
    "packaging/PKGBUILD": [["shellcheck", "-s", "bash", "-f", "gcc", "{}"],
                           ["bash", "-c", PKGBUILD_NEEDS, "bash", "./{}"]],
    "packaging/debian/rules": [["make", "-n", "-f", "{}", "clean"]],
    "packaging/tertulia.rb": [["ruby", "-wc", "{}"]],
    "packaging/tertulia.spec": [["rpmspec", "-P", "{}"]],
    "share/tertulia.desktop": [["desktop-file-validate", "{}"]],
    "share/tertulia.metainfo.xml": [["appstreamcli", "validate", "--no-net", "--pedantic", "{}"]],
    "share/tertulia.svg": [["xmllint", "--noout", "{}"]],
}
# What the tools above say when all is well.
WELL = re.compile(r"Syntax OK|Validation was successful")


def match(path, pattern):
    found = re.search(pattern, house.read(path))
    return found and found[1]


def check_versions(tap):
    wanted = match("configure.ac", r"AC_INIT\(\[Tertulia\], \[(.*?)\]")
    tap.check(f"{len(VERSIONS)} files are of version {wanted}",
              [f"{path}:1: is of {match(path, pattern)}, configure.ac of {wanted}"
               for path, pattern in VERSIONS.items() if match(path, pattern) != wanted])


def check_languages(tap):
    languages = house.read("po/LINGUAS").split()
    desktop, metainfo = house.read("share/tertulia.desktop"), house.read("share/tertulia.metainfo.xml")
    wrong = []
    for code in languages:
        for key in re.findall(r"(?m)^(GenericName|Comment|Keywords)=", desktop):
            if f"\n{key}[{code}]=" not in desktop:
                wrong.append(f"share/tertulia.desktop:1: no {key} in {code}")
        for tag in ("summary", "p", "li"):
            wanted = len(re.findall(rf"<{tag}>", metainfo))
            marked = f'<{tag} xml:lang="{code.replace("_", "-")}">'
            if metainfo.count(marked) != wanted or wanted == 0:
                wrong.append(f"share/tertulia.metainfo.xml:1: not {wanted} times {marked}")
    tap.check(f"desktop and software centre in {len(languages)} languages more", wrong)


def check_libraries(tap):
    table = re.findall(r"(?m)^TERTULIA_LIBRARY\((.*)\)", house.read("configure.ac"))
    wrong = [] if len(table) > 5 else ["configure.ac:1: where are the libraries?"]
    for row in table:
        _, module, *names = [field.strip(" []") for field in row.split(",")]
        module = module.split()[0]
        for (path, system), name in zip(RECIPES.items(), names):
            found = re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", house.read(path))
            if not found and f"pkgconfig({module})" not in house.read(path):
                wrong.append(f"{path}:1: says nothing of {name} of {system}")
    tap.check(f"{len(table)} libraries in {len(RECIPES)} recipes", wrong)


def check_firewall(tap):
    path = "packaging/ufw/tertulia"
    profile = configparser.ConfigParser()
    profile.read(path)
    ports = re.compile(r"(\d+(:\d+)?(,\d+(:\d+)?)*/(tcp|udp)(\||$))+")
    wrong = [] if profile.sections() else [f"{path}:1: names no ports"]
    for name in profile.sections():
        about = profile[name]
        if not (about.get("title") and about.get("description")):
            wrong.append(f"{path}:1: [{name}] does not say what it is")
        if not ports.fullmatch(about.get("ports", "")):
            wrong.append(f"{path}:1: [{name}] has no ports that ufw can read")
    tap.check(f"{len(profile.sections())} sets of ports for ufw", wrong)


def said(command, path, **variables):
    """What a tool has to complain of, each line with the place."""
    answer = subprocess.run([word.replace("{}", path) for word in command], text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=60, env=os.environ | variables)
    lines = [line for line in answer.stdout.splitlines() if line.strip() and not WELL.search(line)]
    if answer.returncode == 0 and command[0] in ("rpmspec", "make"):
        return []  # they print what they read
    return [line if line.startswith(path) else f"{path}:1: {line}" for line in lines] or (
        [f"{path}:1: {command[0]} ends with {answer.returncode}"] if answer.returncode else [])


def check_read(tap):
    for path, commands in READ.items():
        for command in commands:
            if shutil.which(command[0]):
                tap.check(f"{command[0]} reads {path}", said(command, path))
            else:
                tap.skip(f"{command[0]} reads {path}", "it is not installed")


def check_unit(tap, build):
    """systemd wants to see the program, so it gets that of the build."""
    if not shutil.which("systemd-analyze") or build is None:
        tap.skip("systemd reads share/tertuliad.service.in", "no systemd here, or no build given")
        return
    with tempfile.TemporaryDirectory() as folder:
        unit = f"{folder}/tertuliad.service"
        text = house.read("share/tertuliad.service.in").replace("@bindir@", os.path.abspath(build))
        with open(unit, "w", encoding="utf-8") as file:
            file.write(text)
        command = ["systemd-analyze", "--user", "--man=no", "verify", "{}"]
        tap.check("systemd reads share/tertuliad.service.in",
                  [line.replace(unit, "share/tertuliad.service.in")
                   for line in said(command, unit, XDG_RUNTIME_DIR=folder)])


def main():
    tap = house.Tap()
    check_versions(tap)
    check_languages(tap)
    check_libraries(tap)
    check_firewall(tap)
    check_read(tap)
    check_unit(tap, house.build_dir())
    tap.done()


main()
