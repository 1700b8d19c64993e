"""A ledger that is named by the URL of a PostgreSQL server."""

import os
import unittest

from harness import TestCase, claim_rows

PASSWORD = "geheim-7f3d"
URL = f"postgresql://clerk:{PASSWORD}@db.example/claims"
COMMANDS = (("upload", "claims.csv"), ("rerun", "claims.report.csv"), ("audit", "claims.report.csv"),
            ("resolve",), ("status",), ("import", "claims.report.csv"))


class PasswordTest(TestCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(1))

    def assertRefused(self, *arguments):
        before = set(os.listdir(self.ws.path))
        run = self.ws.run(*arguments)
        self.assertExit(run, 78)
        self.assertIn("has a password in it", run.log)
        self.assertNotIn(PASSWORD, run.out + run.log)
        self.assertEqual(set(os.listdir(self.ws.path)), before)

    def test_a_password_in_the_url_is_refused_by_each_command_and_not_repeated(self):
        for command in COMMANDS:
            for more in ((), ("--print-config",), ("--log-format", "json"), ("--verbose",)):
                with self.subTest(command=command[0], more=more):
                    self.assertRefused(*command, "--ledger", URL, *more)

    def test_a_password_in_the_configuration_is_not_repeated(self):
        self.ws.write("claims.conf", f"[run]\nledger = {URL}\n")
        self.assertRefused("status", "--config", "claims.conf")


if __name__ == "__main__":
    unittest.main()
