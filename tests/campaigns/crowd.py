#!/usr/bin/env python3
"""Lets many commands begin in the same moment in one folder and on one ledger, kills some, and looks
whether they get in each other's way.

A trial is some days of an office (office.py). In each, by chance: uploads of the same export and of others,
re-runs and audits of reports that are being published, and whatever looks at the ledger, copies, verifies
or prunes it. Nothing happened to the ledger, so nothing may be refused for its sake, called damaged, or be
told to be of another user; what has to wait for another run ends in the usual ways. In the end all must be
as when they had come one after the other: nothing twice, no report that is wrong, no execution that the
ledger does not know. Short: 3 kills. Long: 2,000.
"""

import os

import accident
import trial
from office import GUARDED, USUAL, WORDS

# Where a report is being replaced, or is none yet; and where the name of a backup is taken.
NO_REPORT, TAKEN = (65, 66), 73
# What nobody may be told while nothing but other commands went on.
ALARMS = ("damaged", "was edited", "another user", "I/O error", "internal error", "cannot be told")


class Trial(accident.Trial):
    def run(self):
        office = self.office
        for _ in range(self.rng.randint(1, 2)):
            office.begin_day(int(10 * 10 ** self.rng.random()))
            for _ in range(self.rng.randint(1, 3)):
                self.crowd()
            self.upload()
        self.finish()
        return office.violations()

    def crowd(self):
        """Up to eight commands; a kill in about half of the crowds."""
        office, rng = self.office, self.rng
        makers = [getattr(self, name) for name in rng.choices(COMMANDS, k=rng.randint(2, 8))]
        typed = [maker() for maker in makers]
        runs = office.ws.start_together([command for command, _ in typed], office.environment())
        office.found += trial.check_ledger(office.ledger())
        victim = rng.choice(runs) if rng.random() < 0.5 else None
        if victim:
            trial.wait_for_moment(rng, office.box, victim, max(4, len(office.rows)))
            victim.send_signal(9)
        for (command, codes), run in zip(typed, runs):
            result = office.note(command, run.finish(120))
            if run is not victim or result.code != -9:
                self.check(command, result, codes)

    def check(self, command, result, codes):
        office = self.office
        words = " ".join(map(str, command))
        if result.code not in codes:
            said = result.out[-500:] + result.err[-500:]
            office.found.append(f"row -: {words}: exit {result.code}: {said}")
        office.found += [
            f"row -: {words} says {alarm!r}: {result.out[-800:]}{result.err[-500:]}"
            for alarm in ALARMS
            if alarm in result.out + result.err
        ]

    def report(self):
        reports = self.office.reports()
        return os.path.basename(self.rng.choice(reports)) if reports else "claims.report.csv"

    def may_lack(self):
        """How a command may end that a report is named to, where there is none yet."""
        return NO_REPORT if self.office.reports() else (*NO_REPORT, GUARDED)

    # ---- what is typed, and how it may end ----

    def same(self):
        return self.office.upload(), USUAL

    def old(self):
        return self.office.upload(self.rng.choice(self.office.exports or ["claims.csv"])), USUAL

    def part(self):
        """Another export of some of the day's claims, as another department makes it."""
        office, rng = self.office, self.rng
        name = f"part-{len(office.exports)}-{rng.randint(1, 3)}.csv"
        if not os.path.exists(office.ws.file(name)):
            office.ws.export(rng.sample(office.rows, rng.randint(1, len(office.rows))), name)
        return office.upload(name), USUAL

    def again(self):
        return self.office.rerun(self.report()), (*USUAL, *self.may_lack())

    def audit(self):
        return ("audit", self.report()), (0, 1, 3, *self.may_lack())

    def month(self):
        return ("audit", ".", "--csv", "month.csv"), (0, 1, 3, 75, *NO_REPORT)

    def status(self):
        return ("status",), (0, *NO_REPORT)

    def verify(self):
        return ("status", "--verify"), (0, *NO_REPORT)

    def backup(self):
        name = f"backup-{self.rng.randint(1, 9)}.db"
        return ("status", "--backup", name), (0, TAKEN, 75, *NO_REPORT)

    def prune(self):
        return ("status", "--prune", "0"), (0, 75, *NO_REPORT)

    def unknown(self):
        return ("resolve",), (0, 3, *NO_REPORT)

    def learn(self):
        command = ("import", self.report(), *self.office.place[:2], *WORDS)
        return command, (0, 1, 3, 75, *self.may_lack())


COMMANDS = (
    *("same", "old", "part", "again") * 2,
    *("audit", "month", "status", "verify", "backup", "prune", "unknown", "learn"),
)


class Campaign(accident.Campaign):
    TRIAL, SHORT, LONG = Trial, 3, 2000
    IN_FLIGHT = (1, 2, 4)


if __name__ == "__main__":
    accident.main(__doc__, Campaign)
