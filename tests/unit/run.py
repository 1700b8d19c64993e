#!/usr/bin/env python3
"""Runs the unit tests of a build, built anew where they are not, and counts the single tests.

usage: tests/unit/run.py BUILD

Two more at once than there are processors: many wait for a server, or for a time to pass. What went wrong is
printed; the last line is "N passed, N failed, N skipped".
"""
import json
import os
import pathlib
import re
import subprocess
import sys

PLAN = re.compile(r"^1\.\.(\d+)$", re.MULTILINE)
TEST = re.compile(r"^(not )?ok \d+(?: # SKIP)?", re.MULTILINE)


def count(program):
    """The outcomes of one executable; one that crashed or tested nothing failed as a whole."""
    outcomes = {"passed": 0, "failed": 0, "skipped": 0}
    output = program.get("stdout", "")
    planned = sum(int(plan) for plan in PLAN.findall(output))
    for line in TEST.finditer(output):
        if line.group().endswith("SKIP"):
            outcomes["skipped"] += 1
        else:
            outcomes["failed" if line.group(1) else "passed"] += 1
    tested = sum(outcomes.values())
    if not outcomes["failed"] and (program["result"] != "OK" or not tested or tested != planned):
        outcomes["failed"] = 1
    return outcomes


def main():
    build = pathlib.Path(sys.argv[1])
    log = build / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    run = subprocess.run(
        ["meson", "test", "-C", str(build), "--suite", "unit", f"--num-processes={os.cpu_count() + 2}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    sums = {"passed": 0, "failed": 0, "skipped": 0}
    if not log.exists():
        sys.stdout.write(run.stdout)
        sums["failed"] = 1
    else:
        for line in log.read_text(encoding="utf-8").splitlines():
            program = json.loads(line)
            outcomes = count(program)
            for outcome, number in outcomes.items():
                sums[outcome] += number
            if outcomes["failed"]:
                print(f"--- {program['name']}: {program['result']}")
                print(program.get("stdout", ""), program.get("stderr", ""), sep="")
    if run.returncode and not sums["failed"]:
        sys.stdout.write(run.stdout)
        sums["failed"] = 1
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**sums))
    return 1 if sums["failed"] else 0


sys.exit(main())
