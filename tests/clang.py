#!/usr/bin/env python3
"""What clang says of the sources, with the flags that the build gives gcc; nothing is written.

usage: tests/clang.py [--tidy] [--counts] BUILD [WORD]...

Each source of the build whose path holds one of the WORDs (all, without any) is compiled as far as
its warnings go; a warning is an error. --tidy: clang-tidy looks at them instead, as .clang-tidy says.
--counts: the last line is "N passed, N failed, N skipped".
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What clang 14 does not know, or refuses.
NOT_CLANGS = ("-ftrivial-auto-var-init", "-fdiagnostics-color")
OF_OUTPUT = ("-o", "-MF", "-MQ", "-MD", "-c")


def flags_of(command):
    """Without compiler, outputs, and what names the source."""
    words = iter(shlex.split(command))
    for word in words:
        if word in ("-o", "-MF", "-MQ"):
            next(words)
        elif word.startswith("-") and word not in OF_OUTPUT and not word.startswith(NOT_CLANGS):
            yield word


def sources(build, words):
    """Each once, as a path from BUILD, with its flags."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        path = os.path.relpath(build / entry["file"], ROOT)
        if path.startswith("..") or path.startswith(build.name):
            continue  # made by the build
        if not words or any(word in path for word in words):
            found.setdefault(entry["file"], list(flags_of(entry["command"])))
    return found


def main():
    tidy = "--tidy" in sys.argv
    build, *words = [word for word in sys.argv[1:] if not word.startswith("--")]
    build = pathlib.Path(build).resolve()

    def look(entry):
        source, flags = entry
        command = ["clang", "-fsyntax-only", "-Werror", *flags, source]
        if tidy:
            command = ["clang-tidy", "--quiet", "--warnings-as-errors=*", source, "--", *flags]
        return subprocess.run(command, cwd=build, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE if tidy else subprocess.STDOUT)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(look, sources(build, words).items()))
    for result in results:
        print(result.stdout, end="")
    if not results:
        print("no source is of that name")
    failed = sum(result.returncode != 0 for result in results)
    if "--counts" in sys.argv:
        print(f"{len(results) - failed} passed, {failed} failed, 0 skipped")
    return 0 if results and not failed else 1


sys.exit(main())
