"""`--rate auto`: the rate is found by sending, never passes what was named, and is remembered."""

import sqlite3
import unittest

from harness import Sandbox, TestCase, claim_rows

LIMIT = 100


class AutoRateTest(TestCase):
    def upload(self, sandbox, *options, rows, first):
        self.ws.export(claim_rows(rows, first=first))
        result = self.ws.upload(sandbox, *options, "--overwrite", "--in-flight", "64")
        self.assertExit(result, 0)
        return result

    def sandbox(self, *options):
        box = Sandbox(self.ws, *options)
        self.addCleanup(box.__exit__)
        return box.__enter__()

    def remembered(self):
        with sqlite3.connect(self.ws.ledger) as database:
            return [calls for (calls,) in database.execute("SELECT calls FROM rate")]

    def test_a_limit_is_found_and_remembered_for_the_next_run(self):
        box = self.sandbox("--flow-limit", LIMIT)
        self.upload(box, "--rate", "auto", rows=1200, first=1)
        (found,) = self.remembered()
        self.assertGreaterEqual(found, 0.6 * LIMIT)
        self.assertLessEqual(found, 1.3 * LIMIT)
        before = len(box.journal)
        self.upload(box, "--rate", "auto", rows=200, first=5000)
        times = [entry["at_ms"] for entry in box.journal[before:]]
        self.assertLess(times[-1] - times[0], 10_000, "the search began anew")

    def test_what_is_named_is_never_passed(self):
        box = self.sandbox()
        self.upload(box, "--rate", "auto:20", rows=100, first=1)
        times = sorted(entry["at_ms"] for entry in box.journal)
        for first, last in zip(times, times[20:]):
            self.assertGreaterEqual(last - first, 900)

    def test_a_number_alone_remembers_nothing(self):
        box = self.sandbox()
        self.upload(box, "--rate", "50", rows=20, first=1)
        self.assertEqual(self.remembered(), [])

    def test_other_words_are_refused(self):
        for word in ("automatic", "auto:", "auto:0", "auto:x", "auto 5", "AUTO"):
            with self.subTest(word):
                result = self.ws.run("upload", "claims.csv", "--rate", word)
                self.assertExit(result, 2)
                self.assertIn("auto:N", result.err)


if __name__ == "__main__":
    unittest.main()
