"""The room that is kept for answers in flight is as large as they need (contract section 5)."""

import glob
import os
import random
import shutil
import sqlite3
import threading
import time
import unittest

from harness import answers, claim_row
from test_ledger import DiskCase

FILL = """
    INSERT INTO claim(claim_order_no, workcard_id, platform, accepted_digest, accepted_run, accepted_row, accepted_ms,
    last_run, last_row) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
    SELECT printf('LP-%012d', 1000 * i), i, 1, randomblob(16), 1, i + 2, 1764000000000, 1, i + 2 FROM n
"""


class ReserveTest(DiskCase):
    SIZE = "160m"
    IN_FLIGHT, CLAIMS, ROWS = 32, 20, 1400

    def setUp(self):
        super().setUp()
        self.log = os.path.join(self.disk, "ledger.db-wal")
        self.sizes = []  # of the log, before each answer
        self.held = threading.Event()
        self.addCleanup(self.held.set)
        self.one_at_a_time = threading.Lock()

    def fill_ledger(self):
        """A hundred thousand claims, between which those of the export lie."""
        self.assertExit(self.ws.upload(self.gateway(), ledger="disk/ledger.db"), 0)
        database = sqlite3.connect(os.path.join(self.disk, "ledger.db"), isolation_level=None)
        database.execute(FILL)
        database.close()
        numbers = random.Random(7).sample(range(100000), self.ROWS)
        self.ws.export(
            [dict(claim_row(n), claim_order_no=f"LP-{1000 * n + 1:012d}") for n in numbers], name="next.csv"
        )

    def fill_disk(self):
        with open(os.path.join(self.disk, "filler"), "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, shutil.disk_usage(self.disk).free)

    def answer_alone(self, request):
        """Each answer waits until the one before it is recorded, in a transaction of its own."""
        self.held.wait(60)
        with self.one_at_a_time:
            end = time.monotonic() + 5
            while self.sizes and os.path.getsize(self.log) <= self.sizes[-1] and time.monotonic() < end:
                time.sleep(0.005)
            self.sizes.append(os.path.getsize(self.log))
        return answers(request)

    def reserve_of(self, run):
        """The nameless file that the run holds on the disk."""
        files = glob.glob(f"/proc/{run.process.pid}/fd/*")
        nameless = [file for file in files if os.readlink(file).startswith(f"{self.disk}/#")]
        self.assertEqual(len(nameless), 1, [os.readlink(file) for file in files])
        return os.stat(nameless[0]).st_size

    def test_the_reserve_holds_what_the_answers_of_all_calls_need_one_by_one(self):
        self.fill_ledger()
        gateway = self.gateway(self.answer_alone)
        place = ("--in-flight", self.IN_FLIGHT, "--batch", self.CLAIMS)
        arguments = self.ws.upload_arguments(gateway, *place, claims="next.csv", ledger="disk/ledger.db")
        run = self.ws.start(*arguments)
        gateway.wait_for_requests(self.IN_FLIGHT)
        reserve = self.reserve_of(run)
        self.fill_disk()
        self.held.set()
        result = run.finish()
        self.assertExit(result, 74)
        self.assertNotIn("could not be stored", result.err)
        outcomes = [line["outcome"] for line in self.ws.read_report("next.report.csv")]
        self.assertEqual(outcomes.count("accepted"), sum(len(request.claims) for request in gateway.requests))
        each = (self.sizes[-1] - self.sizes[0]) / (len(self.sizes) - 1)
        self.assertGreater(each, 100 << 10, "answers were recorded together")
        self.assertGreaterEqual(reserve, 2 * self.IN_FLIGHT * each)


if __name__ == "__main__":
    unittest.main()
