"""Writes the reports of a month, with manifests that fit, so that no gateway has to answer.

usage: month.py TEMPLATE FOLDER DAYS ROWS   (TEMPLATE: any report with its manifest)"""

import copy
import datetime
import hashlib
import json
import os
import sys

from harness import REPORT_COLUMNS, claim_digest

FIRST = datetime.datetime(2026, 10, 30, 9, 0, 0)  # so that there are two months
FREE_DAYS = (2, 9)  # without a run
CHANGED = 2  # of a hundred rows of the next day: so many are claims of the day before
OPEN = {17: ("rejected", "NO"), 217: ("failed", "15"), 417: ("unknown", "TIMEOUT"), 617: ("invalid", "BAD_FEE")}
NAMES = ("accepted", "rejected", "failed", "unknown", "invalid", "skipped", "unsent")


def cells(day, at, rows, when):
    """One line: most are accepted, some need a person, some change a claim of the day before."""
    is_change = day and at % 100 < CHANGED
    number = (day - 1) * rows + at + 50 if is_change else day * rows + at
    fee = 10000 + at % 977 + (100 if is_change else 0)
    outcome, code = OPEN.get(at % 1000, ("accepted", "")) if not is_change else ("accepted", "")
    claim = [str(7000000000 + number), "", "1", f"CL{number:010d}", "1", "2026-01-02 03:04:05", str(fee)]
    digest = claim_digest(claim)
    if outcome == "invalid":
        claim[-1], digest = "12,5", ""
    sent = outcome != "invalid"
    return [
        str(at + 2), *claim, outcome, code, "", "材料不齐：缺少维修清单" if code else "",
        "CHANGED_SINCE_ACCEPTED" if is_change else "", "1" if sent else "0", "200" if sent and code != "TIMEOUT" else "",
        f"q{day:03d}x{at:08d}" if sent and code != "TIMEOUT" else "", when if sent else "", "25" if sent else "", digest,
    ]  # fmt: skip


def fit(template, day, name, data, lines, start):
    manifest = copy.deepcopy(template)
    sums = {name: {"rows": 0, "fee_fen": 0} for name in NAMES}
    codes, changed = {}, {"rows": 0, "fee_fen_after": 0}
    for line in lines:
        total = sums[line[8]]
        total["rows"] += 1
        total["fee_fen"] += int(line[7]) if line[8] != "invalid" else 0
        if line[9]:
            codes[line[9]] = codes.get(line[9], 0) + 1
        if line[12]:
            changed["rows"] += 1
            changed["fee_fen_after"] += int(line[7])
    manifest.update(run=f"{start:%Y%m%d}-{day:08x}", outcomes=sums, codes=codes)
    for key, moment in (("started", start), ("finished", start + datetime.timedelta(minutes=15))):
        manifest[key] = moment.isoformat(timespec="milliseconds") + "+08:00"
    manifest["events"] = []
    manifest["input"].update(name=name, rows=len(lines), sha256=hashlib.sha256(name.encode()).hexdigest())
    manifest["report"].update(
        name=os.path.basename(name), bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), rows=len(lines)
    )
    manifest.get("changed", {}).update(**changed)
    return manifest


def write(template_path, folder, days, rows):
    with open(template_path + ".manifest.json", encoding="utf-8") as file:
        template = json.load(file)
    for day in range(days):
        if day in FREE_DAYS:
            continue
        start = FIRST + datetime.timedelta(days=day)
        when = (start + datetime.timedelta(minutes=1)).isoformat(timespec="milliseconds") + "+08:00"
        lines = [cells(day, at, rows, when) for at in range(rows)]
        text = "".join(
            ",".join(f'"{cell}"' if "," in cell else cell for cell in line) + "\n"
            for line in [list(REPORT_COLUMNS), *lines]
        )
        data = ("\ufeff" + text).encode()
        path = os.path.join(folder, f"claims-{start:%m-%d}.report.csv")
        manifest = fit(template, day, f"claims-{start:%m-%d}.csv", data, lines, start)
        with open(path, "wb") as file:
            file.write(data)
        with open(path + ".manifest.json", "w", encoding="utf-8") as file:
            json.dump(manifest, file, ensure_ascii=False, indent=2)
            file.write("\n")


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
