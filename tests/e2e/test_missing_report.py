"""A report that is not there, because its run was killed, is told so."""

import os
import signal
import threading

from harness import TestCase, accept, claim_rows


class AbsenceTest(TestCase):
    def test_a_killed_run_is_called_interrupted_and_the_upload_goes_on(self):
        held = threading.Event()
        web = self.gateway(lambda request: (held.wait(30), accept(request))[1])
        self.ws.export(claim_rows(3))
        run = self.ws.start_upload(web)
        web.wait_for_requests(1)
        run.send_signal(signal.SIGKILL)
        run.process.wait()
        held.set()
        sending = self.ws.upload_arguments(web)[2:]
        for arguments in (
            ("rerun", "claims.report.csv") + sending,
            ("resolve", "claims.report.csv", "--ledger", "ledger.db", "--gateway", web.url),
            ("audit", "claims.report.csv", "--ledger", "ledger.db"),
        ):
            with self.subTest(command=arguments[0]):
                result = self.ws.run(*arguments)
                self.assertExit(result, 66)
                self.assertSays(result, "interrupted", "Type the upload again")
        self.assertExit(self.ws.upload(web), 3)
        self.assertEqual(len(self.ws.read_report()), 3)

    def test_a_manifest_without_its_report_is_named(self):
        web = self.gateway()
        self.ws.export(claim_rows(3))
        self.assertExit(self.ws.upload(web), 0)
        os.unlink(self.ws.report)
        result = self.ws.run("audit", "claims.report.csv", "--ledger", "ledger.db")
        self.assertExit(result, 66)
        self.assertSays(result, "though its manifest is")

    def test_a_wrong_name_is_only_a_wrong_name(self):
        result = self.ws.run("audit", "nothing.csv")
        self.assertExit(result, 66)
        self.assertSays(result, "No such file")
