#!/usr/bin/env python3
"""Takes out what a ledger of many hosts rests on, one thing after the other, and looks whether that is found.

usage: tests/campaigns/mutants.py [--only PATTERN] [--trials N]

Each file of mutants/ is a patch of src whose first lines say what is wrong with it, and what has to find it:
"accidents: NAME..." of the cluster campaign (none: whatever befalls it), "days: N" of a trial, and "test: NAME" of a
unit test. Trials of one seed after the other are run until one fails, and must not fail without the patch.
It builds in a copy of the tree; that and the trials take minutes each. The last line is "N passed, N failed, N skipped".
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


def head_of(patch):
    with open(patch, encoding="utf-8") as file:
        return dict(re.findall(r"^(accidents|days|test): (.*)$", file.read(), re.MULTILINE))


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
        """Its first violation."""
        self.make(*PROGRAMS)
        words = [word for name in head.get("accidents", "").split() for word in ("--accident", name)]
        environment = {**os.environ, "CLAIMBATCH_RELEASE": os.path.join(self.build, "claimbatch")}
        said = subprocess.run(
            [sys.executable, "-B", os.path.join(HERE, "cluster.py"), "--seed", str(seed), "--days",
             head["days"], *words], env=environment, text=True, stdout=subprocess.PIPE, check=False).stdout
        found = re.search(r"^    kept: .*\n    (.*)", said, re.MULTILINE)
        return found and found.group(1)


def try_mutant(copy, patch, trials):
    """What has found it; None: nothing has."""
    head = head_of(patch)
    copy.patch(patch)
    try:
        if "test" in head:
            failed = copy.test(head["test"])
            if not failed:
                return None
            head["said"] = f"unit test {head['test']}: {failed}"
        if "days" not in head:
            return head["said"]
        for seed in range(1, trials + 1):
            found = copy.trial(seed, head)
            if found:
                words = f"day {seed * int(head['days'])} of {head.get('accidents', 'any accidents')}: {found}"
                return "; ".join(filter(None, (head.get("said"), words)))
        return None
    finally:
        copy.patch(patch, "-R")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="patches whose name this finds")
    parser.add_argument("--trials", type=int, default=10, help="of each, at most (10)")
    options = parser.parse_args()
    names = [name for name in sorted(os.listdir(os.path.join(HERE, "mutants"))) if re.search(options.only, name)]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(folder)
        for name in names:
            found = try_mutant(copy, os.path.join(HERE, "mutants", name), options.trials)
            failed += not found
            print(f"{name}: {found or 'not found'}", flush=True)
    print(f"{len(names) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
