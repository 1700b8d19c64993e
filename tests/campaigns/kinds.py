"""The kinds of commands that campaigns disturb: what is there before one is typed, what may never be lost
meanwhile, and what must hold once it has ended well.
"""

import os

import trial

YESTERDAYS_ROWS = 3
REPORT, MANIFEST = "claims.report.csv", "claims.report.csv.manifest.json"


class SecondDay(trial.Trial):
    """The export of the day before went through under the same name; the one of today stands there now."""

    def prepare(self):
        first = 9000
        self.workspace.export([trial.claim_row(first + number) for number in range(YESTERDAYS_ROWS)])
        self.ended(self.workspace.start(*trial.Trial.command(self)))
        if self.code not in trial.ORDERLY:
            raise AssertionError(f"the day before ended with {self.code}: {self.result.err}")
        self.yesterday = {name: self.read(name) for name in (REPORT, MANIFEST)}
        self.workspace.export(self.rows)
        self._before = trial.end_of_journal(self.sandbox)

    def read(self, name):
        with open(self.workspace.file(name), "rb") as file:
            return file.read()

    def check_kept(self):
        names = [name for name in os.listdir(self.workspace.path) if name.startswith("claims.report")]
        there = {self.read(name) for name in names}
        return [
            f"row -: yesterday's {name} is nowhere: {sorted(names)}"
            for name, content in self.yesterday.items()
            if content not in there
        ]

    def judge(self):
        return self.check_moved() + super().judge()

    def check_moved(self):
        """Both have moved to one name."""
        for name in os.listdir(self.workspace.path):
            if name.endswith(".csv") and self.read(name) == self.yesterday[REPORT] and name != REPORT:
                manifest = self.workspace.file(name + ".manifest.json")
                if os.path.exists(manifest) and self.read(manifest) == self.yesterday[MANIFEST]:
                    return []
        return ["row -: yesterday's report and manifest are not side by side"]


class Import(SecondDay):
    """The command teaches another ledger what the report of the day before says; the same export is
    nothing to send for that one then."""

    def prepare(self):
        super().prepare()
        self.workspace.ledger = self.workspace.file("taught.db")

    def remember(self, yesterday):
        super().remember(yesterday)
        self.workspace.ledger = self.workspace.file("taught.db")

    def command(self):
        return (
            *("import", REPORT, "--ledger", "taught.db", "--gateway", self.sandbox.url),
            *("--by", "tester", "--reason", "the first one is lost"),
        )

    def check_other_home(self, has_left=False):
        return []

    def judge(self):
        found = self.check_kept() + self.check_leftovers()
        with open(self.workspace.claims, encoding="utf-8") as file:
            today = file.read()
        self.workspace.export([trial.claim_row(9000 + number) for number in range(YESTERDAYS_ROWS)])
        self.ended(self.workspace.start(*trial.Trial.command(self)))
        self.workspace.write("claims.csv", today)
        if self.code not in trial.ORDERLY:
            found.append(f"row -: after the import: {self.code}: {self.result.err.strip()[-300:]}")
        if self.sent():
            found.append(f"row -: after the import {self.sent()} rows were sent again")
        return found + self.check_kept() + trial.check_ledger(self.workspace.ledger)


KINDS = {"first": trial.Trial, "second": SecondDay, "import": Import}
