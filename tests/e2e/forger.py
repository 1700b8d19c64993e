"""A forger of reports: changes a report's rows, and makes its manifest anew so that both fit."""

import csv
import hashlib
import io
import json
import os

from harness import OUTCOMES, REPORT_COLUMNS, claim_digest

BOM = "\ufeff"


class Forgery:
    """A report and its manifest, to be changed and written back."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        records = list(csv.reader(io.StringIO(text.removeprefix(BOM), newline=""), strict=True))
        self.rows = [dict(zip(REPORT_COLUMNS, record)) for record in records[1:]]
        with open(path + ".manifest.json", encoding="utf-8") as file:
            self.manifest = json.load(file)

    def find(self, number):
        """The line of a row."""
        return next(row for row in self.rows if row["row"] == str(number))

    def change(self, number, **cells):
        self.find(number).update(cells)

    def redigest(self, number):
        """Makes the row's digest fit its cells."""
        row = self.find(number)
        row["digest"] = claim_digest(row[name] for name in REPORT_COLUMNS[1:8])

    def text(self):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(REPORT_COLUMNS)
        writer.writerows([row[name] for name in REPORT_COLUMNS] for row in self.rows)
        return (BOM + text.getvalue()).encode("utf-8")

    def fit(self):
        """Makes the manifest say what the rows say."""
        data = self.text()
        manifest = self.manifest
        manifest["report"].update(
            bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), rows=len(self.rows)
        )
        if manifest["command"] == "upload":
            manifest["input"]["rows"] = len(self.rows)
        codes = {}
        sums = {name: {"rows": 0, "fee_fen": 0} for name in OUTCOMES}
        for row in self.rows:
            sums[row["outcome"]]["rows"] += 1
            if row["outcome"] != "invalid":
                sums[row["outcome"]]["fee_fen"] += int(row["claim_fee"])
            if row["code"]:
                codes[row["code"]] = codes.get(row["code"], 0) + 1
        manifest.update(outcomes=sums, codes=codes)

    def write_report(self):
        with open(self.path, "wb") as file:
            file.write(self.text())

    def write_manifest(self):
        manifest_path = self.path + ".manifest.json"
        with open(manifest_path, "w", encoding="utf-8") as file:
            json.dump(self.manifest, file, ensure_ascii=False, indent=2)
            file.write("\n")
        os.chmod(manifest_path, 0o600)

    def write(self):
        """Both, with a manifest that fits."""
        self.fit()
        self.write_report()
        self.write_manifest()
