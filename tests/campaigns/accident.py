#!/usr/bin/env python3
"""Kills runs in an office where other things happen too, and looks whether a claim was sent twice.

A trial is some days of an office (office.py): each day an export that holds the days before it, runs that
are killed, and then, by chance, another HOME, two people at once, a ledger that is lost, emptied, restored
from a backup or without its log, a prune, an old export or a report taken for an export, rows appended
while a run goes on, rows settled and sent again. A start may be refused only where the ledger met with an
accident; then the reports are imported, and everything must end well: nothing twice, nothing out of order,
no report that is wrong, no execution that the ledger does not know. Short: 6 kills. Long: 5,000.
"""

import os
import random

import kill
import trial
from harness import Sandbox, Workspace, export_text
from office import GUARDED, IN_DOUBT, NEW_LEDGER, USUAL, Office

SHORT, LONG = 6, 5000
ROUNDS = 25


class Trial:
    """The days of one office; what is typed and what happens is drawn as it goes."""

    def __init__(self, office, rng):
        self.office, self.rng = office, rng
        # Each kind of accident is possible in about half of the trials.
        self.kinds = [kind for kind in ACCIDENTS if rng.random() < 0.5] or ["nothing"]

    def run(self):
        office = self.office
        for _ in range(self.rng.randint(1, 3)):
            office.begin_day(int(20 * 10 ** self.rng.random()))
            for _ in range(self.rng.randint(1, 4)):
                self.step()
        self.finish()
        return office.violations()

    def step(self):
        office, rng = self.office, self.rng
        if rng.random() < 0.25:
            office.back_up()
        if rng.random() < 0.7:
            office.killed(*office.upload())
            getattr(self, rng.choice(self.kinds))()
        if rng.random() < 0.3:
            getattr(self, rng.choice(HABITS))()
        self.upload()

    def upload(self):
        """The same command again; where it is refused, a person imports what lies there first."""
        office = self.office
        if office.is_doubtful and self.rng.random() < 0.5:
            office.learn()
        result = office.expect(office.type(*office.upload()), USUAL)
        if result.code == GUARDED:
            office.learn()
            words = NEW_LEDGER if office.has_lost_more else ()
            result = office.type(*office.upload("claims.csv", *words))
            if IN_DOUBT in result.err:
                result = office.type(*office.upload("claims.csv", *NEW_LEDGER))
            office.expect(result, USUAL)
        return result

    def finish(self):
        """All that is open is settled, by imports, by the support's words, and by typing it again."""
        office = self.office
        for _ in range(ROUNDS):
            before = office.sent()
            result = self.upload()
            if result.code in (0, 1) and office.sent() == before:
                return
            for report in office.reports():
                office.resolve(report)
        office.found.append(f"row -: no end after {ROUNDS} rounds: {office.words[-1][-600:]}")

    # ---- accidents, after a kill ----

    def nothing(self):
        pass

    def lost_log(self):
        self.office.lose_log()

    def lost_ledger(self):
        self.office.lose_ledger()

    def emptied_ledger(self):
        self.office.empty_ledger()

    def restored_ledger(self):
        self.office.restore()

    def another_home(self):
        """Somebody else types the same command: he has another ledger, and sends nothing twice."""
        office = self.office
        arguments = office.upload()
        if self.rng.random() < 0.5:
            office.killed(*arguments, home="home-b")
        else:
            office.type(*arguments, home="home-b")
        office.is_doubtful = True

    def two_at_once(self):
        office = self.office
        runs = [office.start(*office.upload(), home=home) for home in ("home-a", "home-b")]
        for run in runs:
            office.note(("both:", *office.upload()), run.finish(120))
        office.is_doubtful = True

    # ---- what people do on usual days ----

    def prune(self):
        office = self.office
        if os.path.exists(office.ledger()):
            office.expect(office.type("status", "--prune", 0), (0, 66, 75))

    def old_export(self):
        office = self.office
        if office.exports:
            old = self.rng.choice(office.exports)
            office.expect(office.type(*office.upload(old)), (*USUAL, GUARDED))

    def report_as_export(self):
        office = self.office
        for report in office.reports()[:1]:
            name = os.path.basename(report)
            before = office.sent()
            result = office.type(*office.upload(name, "-o", "of-a-report.csv"))
            if result.code != 65 or office.sent() != before:
                office.found.append(f"row -: a report as an export: exit {result.code}")

    def growing_export(self):
        """Rows are appended while the run goes on; they are told, or taken."""
        office = self.office
        office.keep_export()
        run = office.start(*office.upload())
        trial.wait_for_moment(self.rng, office.box, run, 10)
        more = trial.random_rows(self.rng, 3, first=1 + len(office.rows), repeats=0)
        text = export_text(more).partition("\n")[2]
        with open(office.ws.claims, "a", encoding="utf-8") as file:
            file.write(text)
        office.rows += more
        office.expect(office.note(office.upload(), run.finish(120)), USUAL)

    def settle(self):
        for report in self.office.reports():
            self.office.resolve(report)

    def rerun(self):
        office = self.office
        reports = office.reports()
        if reports:
            name = os.path.basename(self.rng.choice(reports))
            office.expect(office.type(*office.rerun(name)), (*USUAL, 65, GUARDED))


ACCIDENTS = (
    "nothing",
    "lost_log",
    "lost_ledger",
    "emptied_ledger",
    "restored_ledger",
    "another_home",
    "two_at_once",
)
HABITS = ("prune", "old_export", "report_as_export", "growing_export", "settle", "rerun")


class Campaign(kill.Campaign):
    """Trials until so many commands were killed."""

    TRIAL, SHORT, LONG = Trial, SHORT, LONG
    IN_FLIGHT = (1, 2, 4, 8, 16)

    def __init__(self, options, score):
        super().__init__(options, score)
        self.wanted = options.kills or (self.LONG if options.long else self.SHORT)

    def attempt(self, name):
        rng = random.Random(f"{self.options.seed}/{name}")
        box_options = kill.random_faults(rng, self.quick, 60)
        box_options += ["--seed", rng.randrange(10**6), "--latency", f"0..{rng.choice((0, 1, 5))}"]
        in_flight, retries = rng.choice(self.IN_FLIGHT), rng.randint(0, 2)
        with Workspace() as ws:
            with Sandbox(ws, *box_options) as box:
                office = Office(ws, box, rng, in_flight, "--retries", retries)
                try:
                    found = self.TRIAL(office, rng).run()
                except Exception as error:
                    found = [f"row -: {type(error).__name__}: {error}"]
            self.score.add(name, found, ws, box.journal, "\n".join(office.words))
            return office.kills


def main(doc=__doc__, campaign=Campaign):
    options, score = trial.begin(
        doc,
        kills={
            "type": int,
            "help": f"go on until so many were killed ({campaign.SHORT}, long {campaign.LONG})",
        },
    )
    campaign(options, score).run()
    score.end()


if __name__ == "__main__":
    main()
