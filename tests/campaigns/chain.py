#!/usr/bin/env python3
"""Kills every command of a chain: upload, resend, resolve, rerun, resolve, rerun, to the end.

A trial is the chain of tests/e2e/test_chain.py, an export and a gateway that misbehaves, with a row
settled by what the gateway's journal says. Here each command is killed up to twice at random moments
and then typed again; half of them with several claims a call, and half begin with a round of --resend-unknown. In the end every row
must be accepted or explained, no content executed more often than a person said, the rows of a claim
in their order, and the audit of all reports must agree with the journal. Short: 12 chains, long: 600.
"""

import random
import time

import trial
from test_chain import WORDS, ChainCase
from trial import Workspace

SHORT, LONG = 12, 600


class KilledChain(ChainCase):
    """`words` tells what was typed, and how it ended."""

    def __init__(self, rng):
        super().__init__("run_chain")
        self.rng = rng
        self.words = []
        self.batch = rng.choice((1, 1, 5, 20))
        self.kills = self.rounds = 0
        self.box = None

    def type(self, *arguments):
        for _ in range(self.rng.choice((0, 0, 1, 1, 2))):
            run = self.ws.start(*arguments)
            trial.wait_for_moment(self.rng, self.box, run, 40)
            run.send_signal(9)
            self._note(arguments, run.finish())
        result = self._note(arguments, super().type(*arguments))
        # What a killed run had handed over is in the journal before anybody looks it up.
        time.sleep(0.02)
        trial.end_of_journal(self.box)
        return result

    def _note(self, arguments, result):
        self.kills += result.code == -9
        self.words.append(f"{' '.join(map(str, arguments))}: exit {result.code}\n{result.err[-1500:]}")
        return result

    def begin(self):
        self.upload()
        if self.rng.random() < 0.5:
            self.rounds = 1
            self.upload("--resend-unknown", *WORDS)

    def check(self, count, seed):
        reports = self.run_chain(count, seed)
        self.assertExplained(reports)
        # A round sends a claim once more.
        self.assertAudited(reports, self.assertExecuted(1 + self.rounds))


class Campaign:
    def __init__(self, options, score):
        self.options, self.score = options, score
        self.kills = 0

    def attempt(self, name):
        rng = random.Random(f"{self.options.seed}/{name}")
        case = KilledChain(rng)
        with Workspace() as case.ws:
            found = []
            try:
                case.check(rng.randint(20, 120), rng.randrange(10**6))
            except Exception as error:
                found = [f"row -: {type(error).__name__}: {error}"]
            finally:
                case.doCleanups()
            self.score.add(name, found, case.ws, case.box.journal if case.box else (), "\n".join(case.words))
        return case.kills

    def run(self):
        count = LONG if self.options.long else SHORT
        names = [self.options.only] if self.options.only else [str(n) for n in range(1, count + 1)]
        kills = sum(filter(None, self.score.sweep(self.attempt, [(name,) for name in names], every=50)))
        self.score.progress(f"{kills} kills")
        if not kills and not self.options.only:
            self.score.add("kills", ["row -: nothing was killed"])


def main():
    options, score = trial.begin(__doc__)
    Campaign(options, score).run()
    score.end()


if __name__ == "__main__":
    main()
