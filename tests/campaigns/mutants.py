#!/usr/bin/env python3
"""Takes out what a ledger of many hosts rests on, one thing after the other, and looks whether that is found.

usage: tests/campaigns/mutants.py [--only PATTERN] [--trials N] [--sound]

Each file of mutants/ is a patch of src whose first lines say what is wrong with it, and what has to find it: a
"test: NAME" of a unit test, and "accidents: NAME..." of the cluster campaign. Trials of 10 days, of one seed after the
other, are run until one fails; the same trials are run of the program as it is, with --sound, and must not fail.
It builds in a copy of the tree: some minutes. What it prints stands in tests/README.md. Last comes "N passed, N failed, N skipped".
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "world"))

from bank import copy_tree  # noqa: E402

PROGRAMS = ("claimbatch", "src/sandbox/claimbatch-sandbox", "tests/claimbatch_short", "tests/sandbox_short",
            "tests/libwallclock.so")


DAYS = 10  # of a trial


def head_of(patch):
    with open(patch, encoding="utf-8") as file:
        return dict(re.findall(r"^(accidents|test): (.*)$", file.read(), re.MULTILINE))


class Copy:
    def __init__(self, folder):
        self.folder, self.build = folder, os.path.join(folder, "build-mutants")
        copy_tree(ROOT, folder)
        self.run("meson", "setup", self.build, folder, "-Dtests=enabled")

    def run(self, *command, check=True):
        return subprocess.run(command, check=check, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def patch(self, patch, *options):
        self.run("patch", "-p1", "-s", *options, "-d", self.folder, "-i", patch)

    def make(self, *targets):
        self.run("ninja", "-j2", "-C", self.build, *targets)

    def test(self, name):
        """What has failed of it."""
        self.make(f"tests/test_{name}")
        said = self.run(os.path.join(self.build, "tests", f"test_{name}"), check=False)
        failed = re.search(r"^\[  FAILED  \] (\w+)", said.stdout, re.MULTILINE)
        return failed and failed.group(1)

    def trial(self, seed, head):
        """Its day and its first violation; None: there is none."""
        self.make(*PROGRAMS)
        words = [word for name in head["accidents"].split() for word in ("--accident", name)]
        environment = {**os.environ, "CLAIMBATCH_RELEASE": os.path.join(self.build, "claimbatch")}
        said = subprocess.run(
            [sys.executable, "-B", os.path.join(HERE, "cluster.py"), "--seed", str(seed), "--days", str(DAYS), *words],
            env=environment, text=True, stdout=subprocess.PIPE, check=False).stdout
        if re.search(r"^1 passed, 0 failed", said, re.MULTILINE):
            return None
        found = re.search(r"^    found on day (\d+):\n    (.*)", said, re.MULTILINE)
        if not found:
            sys.exit(f"the campaign did not come to its end:\n{said}")
        return int(found.group(1)), found.group(2)

    def trials(self, count, head):
        for number in range(1, count + 1):
            found = self.trial(number, head)
            if found:
                return f"day {(number - 1) * DAYS + found[0]} of {head['accidents']}: {found[1]}"
        return None


def try_mutant(copy, patch, trials):
    """What has found it, the unit test and the campaign; None where one of them has not."""
    head = head_of(patch)
    copy.patch(patch)
    try:
        failed = copy.test(head["test"])
        found = copy.trials(trials, head)
        return failed and found and f"{head['test']}: {failed}; {found}"
    finally:
        copy.patch(patch, "-R")


def try_sound(copy, patch, trials):
    """The program as it is has nothing to find; None where the campaign has found something."""
    found = copy.trials(trials, head_of(patch))
    if found:
        print(found)
    return None if found else f"nothing within {trials * DAYS} days"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="patches whose name this finds")
    parser.add_argument("--trials", type=int, default=3, help="of each, at most (3)")
    parser.add_argument("--sound", action="store_true", help="the program as it is, by the same trials")
    options = parser.parse_args()
    names = [name for name in sorted(os.listdir(os.path.join(HERE, "mutants"))) if re.search(options.only, name)]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(folder)
        for name in names:
            found = (try_sound if options.sound else try_mutant)(copy, os.path.join(HERE, "mutants", name), options.trials)
            failed += not found
            print(f"{name}: {found or 'not found'}", flush=True)
    print(f"{len(names) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
