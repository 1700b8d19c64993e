#!/usr/bin/env python3
"""usage: plurals.py CATALOGUE.pot

Names the messages that count ("%llu rows") and have no form for one. Numbers that are never one are
named below, by the words around them."""

import ast
import re
import sys

NOUNS = (
    "answers attempts bytes calls cells characters claims codes columns commits cores days decisions differences "
    "disagreements errors exports files findings hours lines minutes names orders parts problems reports rows runs "
    "seconds sockets starts threads times warnings workers"
).split()
COUNTED = re.compile(r"%[-0-9$*']*(?:ll|l|z|j|<PRI)[diu]?(?:64>)? (?:[a-z-]+ ){0,2}(?:" + "|".join(NOUNS) + r")\b"
                     r"|%[diu] (?:[a-z-]+ ){0,2}(?:" + "|".join(NOUNS) + r")\b")
NEVER_ONE = re.compile(
    r"(?:1 to|over|longer than|at most|more than|not) %(?:d|zu) (?:bytes|characters|rows|reports|cells|kinds)"  # limits
    r"|%llu bytes, verified|, %<PRIu64> bytes|needs %llu open files|no ledger has recorded %<PRId64> commits"
    r"|%lld days ago|has %lu names|these are reports of %zu exports|it has %zu columns"
    r"|%zu work orders have a claim|on %llu rows(?: in all|:)|<small>%d attempts"  # told from two on
)


def text(block, key):
    found = re.search(rf'^{key} ((?:".*"\n?)+)', block, re.MULTILINE)
    return "".join(ast.literal_eval(line) for line in found[1].splitlines()) if found else None


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        blocks = file.read().split("\n\n")
    bad = []
    for block in blocks:
        message = text(block, "msgid")
        if message and "msgid_plural" not in block and COUNTED.search(NEVER_ONE.sub("", message)):
            bad.append(message)
    for message in bad:
        print(f"no form for one: {message!r}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
