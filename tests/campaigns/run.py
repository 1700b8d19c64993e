#!/usr/bin/env python3
"""Runs the campaigns: whether the promises hold when runs are killed, calls fail and power is lost.

usage: tests/campaigns/run.py [--long] [--seed N] [--only TRIAL] [OPTION]... [NAME...]

NAMEs are of: kill, chain, exhaust, faults, power, accident, crowd, cluster; without any, all of them. soak
runs by its name alone, for 1 minute, or 30 in its long form (--minutes N). cluster needs a PostgreSQL server's
programs, and is skipped without. The short forms end within some minutes, the long ones take hours. Each says its seed; a violation says how to repeat its trial. Other
options are those of the campaigns themselves (NAME.py --help).

The programs are found through the environment: CLAIMBATCH (with sanitizers) and CLAIMBATCH_RELEASE; where
it does not name them, in build-test and build, as tests/run.sh builds them. The sandbox is that of the
latter's build.
The last line is "N passed, N failed, N skipped".
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = ("kill", "chain", "exhaust", "faults", "power", "accident", "crowd", "cluster")
BY_NAME = ("soak",)
COUNTS = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped")


def run(name, arguments):
    """What a campaign says goes on; its counts. One that ends without any has failed."""
    process = subprocess.Popen(
        [sys.executable, "-B", os.path.join(HERE, name + ".py"), *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    last = ""
    for line in process.stdout:
        print(line, end="", flush=True)
        last = line.strip()
    code = process.wait()
    counts = COUNTS.fullmatch(last)
    if not counts:
        print(f"not ok {name}: it ended with {code}, without counts")
        return 0, 1, 0
    return tuple(map(int, counts.groups()))


def main():
    if {"--help", "-h"} & set(sys.argv):
        print(__doc__)
        return 0
    chosen = [word for word in sys.argv[1:] if word in (*NAMES, *BY_NAME)] or NAMES
    arguments = [word for word in sys.argv[1:] if word not in chosen]
    counts = [run(name, arguments) for name in chosen]
    passed, failed, skipped = map(sum, zip(*counts))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
