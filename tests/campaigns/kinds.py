"""The kinds of commands that campaigns disturb: what is there before one is typed, what may never be lost
meanwhile, and what must hold once it has ended well.
"""

import os

import office
import trial
from harness import APP_KEY

YESTERDAYS_ROWS = 3
TRIES = 5  # until the gateway has answered each of them
REPORT, MANIFEST = "claims.report.csv", "claims.report.csv.manifest.json"


class SecondDay(trial.Trial):
    """The export of the day before went through under the same name; the one of today stands there now."""

    def prepare(self):
        first = 9000
        self.workspace.export([trial.claim_row(first + number) for number in range(YESTERDAYS_ROWS)])
        for _ in range(TRIES):
            self.ended(self.workspace.start(*trial.Trial.command(self)))
            if self.code not in trial.ORDERLY:
                raise AssertionError(f"the day before ended with {self.code}: {self.result.err}")
            if not self.has_failed_rows():
                break
        self.yesterday = {name: self.read(name) for name in (REPORT, MANIFEST)}
        self.workspace.export(self.rows)
        self._before = trial.end_of_journal(self.sandbox)

    def has_failed_rows(self):
        """They would be sent once more by who knows of that day."""
        lines = trial.read_report(self.workspace.file(REPORT))
        return any(line["outcome"] == "failed" for line in lines)

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

    has_no_report = True

    def prepare(self):
        super().prepare()
        self.workspace.ledger = self.workspace.file("taught.db")

    def remember(self, other):
        super().remember(other)
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


def ascending(rows):
    """A claim that comes again with another amount has a higher one: so office.py sees the order."""
    highest, found = {}, []
    for row in rows:
        key, fee = row["claim_order_no"], int(row["claim_fee"])
        if key in highest and fee != highest[key]:
            fee = max(fee, highest[key] + 1)
        highest[key] = fee
        found.append(dict(row, claim_fee=str(fee)))
    return found


class Later(SecondDay):
    """A command that goes on with the report of an earlier upload, which ended with rows left over. It is
    judged by the gateway's whole journal, as the days of an office are."""

    UPLOAD = ()  # further options of the upload before
    ENDED = trial.ORDERLY

    def __init__(self, rows, *arguments, **more):
        super().__init__(ascending(rows), *arguments, **more)
        self.past = []
        self.said = []

    def upload(self, *options):
        self.ended(self.workspace.start(*trial.Trial.command(self), *options))

    def prepare(self):
        self.upload(*self.UPLOAD)
        if self.code not in self.ENDED:
            raise AssertionError(f"the upload before ended with {self.code}: {self.result.err}")
        self.yesterday = {name: self.read(name) for name in (REPORT, MANIFEST)}
        end = trial.end_of_journal(self.sandbox)
        self.past, self._before = self.sandbox.journal[self._before : end], end

    def remember(self, other):
        super().remember(other)
        self.past, self.said = other.past, other.said

    def check_other_home(self, has_left=False):
        return []

    def reports(self):
        names = sorted(os.listdir(self.workspace.path))
        return [name for name in names if name.startswith("claims.report") and name.endswith(".csv")]

    def judge_rows(self):
        self.end_sandbox()
        journal = [*self.past, *self.earlier, *self.journal()]
        journal = [dict(entry, seq=seq) for seq, entry in enumerate(journal, 1)]
        reports = self.reports()
        found = office.check_wire(journal, self.said) + office.check_known(self.workspace.ledger, journal)
        for name in reports:
            found += office.check_report(self.workspace.file(name), journal)
        found += self.check_left(reports) + trial.check_ledger(self.workspace.ledger)
        return found + trial.check_audit(self.workspace, "claims.csv", reports)

    def check_left(self, reports):
        """What the newest report that tells of a row says of it: a row waits only for one of its claim that is
        unknown, and is unknown only because a start was disturbed."""
        lines = {}
        for name in reports:
            for line in trial.read_report(self.workspace.file(name)):
                lines[int(line["row"])] = line
        open_claims = {office.key_of(line) for line in lines.values() if line["outcome"] == "unknown"}
        found = [
            f"row {row}: still unsent"
            for row, line in lines.items()
            if line["outcome"] == "unsent" and office.key_of(line) not in open_claims
        ]
        lost = [row for row, line in lines.items() if line["code"] == "RUN_ENDED"]
        if len(lost) > 2 * self.in_flight * self.batch * self.kills:
            found.append(f"row -: rows {lost} are unknown by {self.kills} kills")
        return found


class Rerun(Later):
    """Takes the rows of a report that were not sent."""

    UPLOAD = ("--limit", 8)
    ENDED = (4,)

    def command(self):
        return (
            *("rerun", REPORT, "--ledger", "ledger.db", "--gateway", self.sandbox.url),
            *("--app-key", APP_KEY, "--app-secret-file", "secret", *self.options),
        )

    def judge(self):
        return self.check_kept() + self.check_leftovers() + self.judge_rows()


class Resolve(Later):
    """Settles the unknown rows of a report by a list; the same upload then sends what may be sent."""

    FAULTS = ("--fault", "executed-close=20%", "--fault", "unexecuted-close=15%", "--fault-attempts", 1)
    ENDED = (3,)
    LIST = "list.csv"

    def place(self):
        return ("resolve", REPORT, "--ledger", "ledger.db", "--gateway", self.sandbox.url)

    def command(self):
        return (*self.place(), "--from", self.LIST, *office.WORDS, "-q")

    def prepare(self):
        super().prepare()
        self.ended(self.workspace.start(*self.place(), "-o", self.LIST))
        if self.code != 3:
            raise AssertionError(f"the list of unknown rows: {self.code}: {self.result.err}")
        # The words are said before anything else leaves.
        keys = office.fill_list(self.workspace, self.past)
        self.said = [(len(self.past), key) for key in keys]
        self.list = self.read(self.LIST)

    def remember(self, other):
        super().remember(other)
        self.list = other.list
        self.workspace.write(self.LIST, self.list)

    def check_kept(self):
        """The report is published anew: there is one at any time."""
        return [] if os.path.exists(self.workspace.report) else ["row -: there is no report any more"]

    def judge(self):
        found = self.check_kept() + self.check_leftovers()
        lines = trial.read_report(self.workspace.report)
        unknown = [line["row"] for line in lines if line["outcome"] == "unknown"]
        if unknown:
            found.append(f"row -: rows {unknown} are unknown after they were settled")
        self._after = None  # the journal goes on
        self.upload()
        if self.code not in trial.ORDERLY:
            found.append(f"row -: after resolve: {self.code}: {self.result.err.strip()[-300:]}")
        return found + self.check_leftovers() + self.judge_rows()


class Prune(SecondDay):
    """The ledger forgets the runs of two days; neither day's export is sent again."""

    has_no_report = True

    def __init__(self, rows, *arguments, **more):
        super().__init__(ascending(rows), *arguments, **more)
        self.past = []

    def prepare(self):
        super().prepare()
        self.ended(self.workspace.start(*trial.Trial.command(self)))
        if self.code not in trial.ORDERLY:
            raise AssertionError(f"the second day ended with {self.code}: {self.result.err}")
        end = trial.end_of_journal(self.sandbox)
        self.past, self._before = self.sandbox.journal[self._before : end], end

    def remember(self, other):
        super().remember(other)
        self.past = other.past

    def command(self):
        return ("status", "--prune", "0", "--ledger", "ledger.db")

    def check_other_home(self, has_left=False):
        return []

    def judge(self):
        found = self.check_leftovers() + trial.check_ledger(self.workspace.ledger)
        self.ended(self.workspace.start(*trial.Trial.command(self)))
        if self.code not in trial.ORDERLY:
            found.append(f"row -: after the prune: {self.code}: {self.result.err.strip()[-300:]}")
        # What the gateway refused may be sent again: nothing is known of it any more.
        self.end_sandbox()
        journal = [*self.past, *self.earlier, *self.journal()]
        found += office.check_wire([dict(e, seq=seq) for seq, e in enumerate(journal, 1)], [])
        return found + self.check_kept() + trial.check_ledger(self.workspace.ledger)


KINDS = {
    "first": trial.Trial,
    "second": SecondDay,
    "import": Import,
    "rerun": Rerun,
    "resolve": Resolve,
    "prune": Prune,
}
