#!/usr/bin/env python3
"""Prints which share of the lines of src the tests reach, by folder.

usage: tests/coverage.py [--more | --print] [WORD]...

Builds with gcov's counters, runs the unit tests, the corpus of the world and the end-to-end tests (those
whose name holds one of the WORDs, if there are any), and prints the table. --more: what was counted
before stays; --print: nothing is run. What a killed process counted is lost. The build is in a folder of
temporary files, where the program's confinement lets the counters be written.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(tempfile.gettempdir()) / "claimbatch-coverage"


def build():
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["meson", "setup", BUILD, ROOT, "-Db_coverage=true", "-Dbuildtype=debugoptimized",
                        "-Dtests=enabled", "-Dseccomp=disabled"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD], check=True, stdout=subprocess.DEVNULL)


def run(words):
    environment = os.environ | {
        "CLAIMBATCH": str(BUILD / "claimbatch"),
        "CLAIMBATCH_RELEASE": str(BUILD / "claimbatch"),
        "CLAIMBATCH_SANDBOX": str(BUILD / "src/sandbox/claimbatch-sandbox"),
    }
    commands = [["tests/e2e/run.py", *words]]
    if not words:
        commands = [["tests/unit/run.py", BUILD], ["tests/world/run", "--corpus", "--build", BUILD]] + commands
    for command in commands:
        subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=False)


def count(data):
    """The lines of one object that are code, as {(file, line): was it reached}."""
    lines = collections.defaultdict(bool)
    result = subprocess.run(["gcov", "--json-format", "--stdout", data], cwd=BUILD, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for text in result.stdout.splitlines():
        for file in json.loads(text)["files"]:
            path = os.path.relpath(BUILD / file["file"], ROOT)
            if path.startswith("src/"):
                for line in file["lines"]:
                    lines[path, line["line_number"]] |= line["count"] > 0
    return lines


def print_table():
    reached = collections.defaultdict(bool)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for lines in pool.map(count, BUILD.rglob("*.gcno")):
            for line, was_reached in lines.items():
                reached[line] |= was_reached
    folders = collections.defaultdict(lambda: [0, 0])
    for (path, _), was_reached in reached.items():
        for folder in (os.path.dirname(path), "all"):
            folders[folder][0] += was_reached
            folders[folder][1] += 1
    print("  lines  reached  share  folder")
    for folder, (hit, total) in sorted(folders.items(), key=lambda item: (item[0] == "all", item[0])):
        print(f"{total:7} {hit:8} {100 * hit / total:5.1f}%  {folder}")


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    if "--print" not in sys.argv:
        build()
        if "--more" not in sys.argv:
            for data in BUILD.rglob("*.gcda"):
                data.unlink()
        run(words)
    print_table()


main()
