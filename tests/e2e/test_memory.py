"""Memory does not depend on the size of the export (design sections 2 and 6)."""

import os
import subprocess
import sys
import unittest

from harness import FIELDS, NEW_LEDGER, TestCase, long_form

MIB = 1 << 20

MEASURE = """
import os, sys
out = os.dup(1)
os.dup2(2, 1)
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
os.write(out, b"%d %d" % (os.waitstatus_to_exitcode(status), usage.ru_maxrss))
"""


def release_binary():
    path = os.environ.get("CLAIMBATCH_RELEASE")
    if not path:
        raise unittest.SkipTest("CLAIMBATCH_RELEASE names no program built without sanitizers")
    return os.path.abspath(path)


class MemoryTest(TestCase):
    def setUp(self):
        super().setUp()
        self.binary = release_binary()

    def write_export(self, rows):
        """A usual row, over and over."""
        with open(self.ws.claims, "w", encoding="utf-8") as file:
            file.write(",".join(FIELDS) + "\n")
            for at in range(rows):
                file.write(f"{7000000000 + at},,1,CL{at:010d},1,2026-01-02 03:04:05,{100 + at}\n")

    def peak(self, *arguments):
        """Exit code and peak resident memory in bytes."""
        # Between two programs, because a process begins with the peak of the one that started it.
        answer = subprocess.run(
            [sys.executable, "-I", "-S", "-c", MEASURE, self.binary, *(str(a) for a in arguments)],
            cwd=self.ws.path,
            env=self.ws.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=3000 if long_form() else 120,
            check=True,
        )
        code, kib = answer.stdout.split()
        return int(code), int(kib) * 1024

    def check(self, gateway, options, expected, sizes):
        peaks = []
        for rows in sizes:
            self.write_export(rows)
            code, peak = self.peak(
                *self.ws.upload_arguments(
                    gateway, "--overwrite", *NEW_LEDGER, *options, ledger=f"ledger-{rows}"
                )
            )
            self.assertEqual(code, expected)
            self.assertEqual(self.ws.read_manifest()["report"]["rows"], rows)
            peaks.append(peak)
        self.assertLess(max(peaks), 64 * MIB, peaks)
        # The ledger's cache of pages grows to its bound, which the smaller export may not reach.
        # The ledger's cache of pages, of 8 MiB (CACHE_KIB of src/ledger/store/ledger_open.c) and a tenth for
        # SQLite's own heads, is not full after few rows.
        self.assertLess(abs(peaks[1] - peaks[0]), 9 * MIB, peaks)

    def test_ten_times_the_rows_take_the_same_memory(self):
        few = int(os.environ.get("CLAIMBATCH_E2E_ROWS", 1000000 if long_form() else 20000))
        sandbox = self.sandbox("--threads", "2", journal=False)
        self.check(sandbox, ("--in-flight", 64), 0, (few, 10 * few))

    def test_a_hundred_times_the_rows_are_read_in_the_same_memory(self):
        """Checked, looked up in the ledger and reported, but not sent."""
        gateway = self.gateway()
        self.check(gateway, ("--limit", 0), 4, (5000, 500000))
        self.assertEqual(gateway.requests, [])

    def test_large_answers_leave_no_memory_with_the_rows_that_got_them(self):
        """A firewall's page in the place of an answer may have a megabyte; its row keeps none of it."""
        self.write_export(6000)
        sandbox = self.sandbox("--threads", "2", "--fault", "too-large=0.1", journal=False)
        code, peak = self.peak(*self.ws.upload_arguments(sandbox, "--in-flight", 64, *NEW_LEDGER))
        self.assertEqual(code, 3)
        self.assertEqual(self.ws.read_manifest()["report"]["rows"], 6000)
        self.assertLess(peak, 96 * MIB)

    def test_a_check_of_a_million_rows_takes_no_more_than_sixteen_bytes_for_each(self):
        rows = 1000000
        self.write_export(rows)
        code, peak = self.peak("check", "claims.csv")
        self.assertEqual(code, 0)
        self.assertLess(peak, 64 * MIB + 16 * rows)


if __name__ == "__main__":
    unittest.main()
