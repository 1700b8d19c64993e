"""What is printed is a result as well: where it does not arrive the exit code says so, with the cause;
and no message hides one."""

import json
import os
import subprocess
import unittest

from harness import (
    APP_KEY,
    TestCase,
    claim_rows,
    fail,
    file_digest,
)


class StandardOutputTest(TestCase):
    def setUp(self):
        super().setUp()
        self.web = self.gateway()
        self.ws.export(claim_rows(3))

    def run_with(self, arguments, out):
        return subprocess.run(
            [self.ws.binary, *arguments],
            cwd=self.ws.path,
            env=self.ws.environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )

    def commands(self):
        sending = self.ws.upload_arguments(self.web)
        ledger = ("--ledger", "ledger.db")
        yield sending + ("--json",)
        yield sending + ("--json",)  # nothing is left to send
        yield sending + ("--dry-run",)
        yield sending + ("--print-config",)
        yield ("rerun", "claims.report.csv") + sending[2:] + ("--print-config",)
        yield ("check", "claims.csv")
        yield ("check", "claims.csv", "--json")
        yield ("audit", "claims.report.csv", "--json") + ledger
        yield ("audit", "claims.report.csv", "--html", "-") + ledger
        yield ("status",) + ledger
        yield ("status", "--json") + ledger
        yield ("status", "--claim", "CL00000001") + ledger
        yield ("resolve", "claims.report.csv", "--json", "--gateway", self.web.url) + ledger
        yield ("explain", "TIMEOUT")
        yield ("--help",)
        yield ("upload", "--help")
        yield ("--version",)

    def test_a_full_disk_is_exit_74_with_its_cause(self):
        for number, arguments in enumerate(self.commands()):
            with self.subTest(arguments=arguments[:3], number=number), open("/dev/full", "wb") as full:
                result = self.run_with(arguments, full)
                self.assertEqual(result.returncode, 74, result.stderr.decode())
                self.assertIn(b"No space left", result.stderr)

    def test_the_same_command_prints_where_there_is_room(self):
        for arguments in self.commands():
            with self.subTest(arguments=arguments[:3]):
                result = self.run_with(arguments, subprocess.PIPE)
                self.assertEqual(result.returncode, 0, result.stderr.decode())
                self.assertTrue(result.stdout)

    def test_what_was_sent_stays_recorded(self):
        with open("/dev/full", "wb") as full:
            self.run_with(self.ws.upload_arguments(self.web, "--json"), full)
        again = self.ws.upload(self.web, "--json")
        self.assertExit(again, 0)
        self.assertEqual(json.loads(again.out)["outcomes"]["accepted"]["rows"], 3)
        self.assertEqual(len(self.web.requests), 3)

    def test_closed_streams_never_get_into_a_file(self):
        """A file that is opened as number 1 or 2 would get what is printed."""
        arguments = " ".join(self.ws.upload_arguments(self.web, "--json"))
        script = f'exec "{self.ws.binary}" {arguments} <&- >&- 2>&-'
        subprocess.run(
            ["/bin/sh", "-c", script],
            cwd=self.ws.path,
            env=self.ws.environment(),
            timeout=60,
            check=False,
        )
        self.assertTally({"accepted": 3})
        self.assertEqual(
            self.ws.read_manifest()["report"]["sha256"], file_digest(self.ws.report)
        )
        self.assertExit(self.ws.run("status", "--verify", "--ledger", "ledger.db"), 0)


class CauseTest(TestCase):
    def test_a_wrong_secret_does_not_advise_to_type_the_same_again(self):
        self.ws.export(claim_rows(2))
        result = self.ws.upload(self.gateway(fail(25, msg="Invalid signature")))
        self.assertExit(result, 77)
        self.assertSays(result, "the same command fails again until", APP_KEY, "'secret'")

    def test_too_few_valid_rows_are_to_be_corrected_first(self):
        rows = claim_rows(2)
        rows[1]["claim_fee"] = "0"
        self.ws.export(rows)
        result = self.ws.upload(self.gateway(), "--require-valid")
        self.assertExit(result, 4)
        self.assertSays(result, "once the export is correct")

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user for a while")
    def test_what_belongs_to_another_user_is_permission_denied(self):
        web = self.gateway()
        self.ws.export(claim_rows(2))
        self.assertExit(self.ws.upload(web), 0)
        os.chmod(self.ws.path, 0o777)
        self.ws.write("key.pem", "none", mode=0o600)
        os.chown(self.ws.secret, 65534, 65534)
        sending = self.ws.upload_arguments(web, ledger="other.db")
        for arguments in (
            sending,
            sending + ("--overwrite",),
            sending + ("-o", "x.csv", "--sign-key", "key.pem"),
            ("rerun", "claims.report.csv") + sending[2:],
            ("audit", "claims.report.csv", "--ledger", "ledger.db"),
            ("status", "--ledger", "ledger.db"),
            ("resolve", "claims.report.csv", "--ledger", "ledger.db"),
        ):
            with self.subTest(arguments=arguments[:1]):
                result = self.ws.run_as_other(*arguments)
                self.assertNotEqual(result.returncode, 0)
                self.assertIn("Permission denied", result.stderr)
                self.assertNotIn("--overwrite", result.stderr)
        self.assertEqual(len(web.requests), 2)
