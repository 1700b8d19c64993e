"""audit over folders: every report in them, folded by export, each run once; what is no report is passed
over, and a manifest whose report is gone is named."""

import json
import os
import re
import shutil
import signal
import threading

from harness import TestCase, claim_rows, fail, accept


class FolderTest(TestCase):
    def setUp(self):
        super().setUp()
        self.web = self.gateway()
        os.mkdir(self.ws.file("reports"))
        self.runs = []
        for day in range(3):
            self.ws.export(claim_rows(3, 1 + 10 * day))
            self.assertExit(self.ws.upload(self.web, "--report-dir", "reports"), 0)
            self.runs.append(self.ws.read_manifest("reports/claims.report.csv")["run"])

    def audit(self, *options):
        return self.ws.run("audit", *options, "--ledger", "ledger.db")

    def exports(self, *options):
        result = self.audit(*options, "--json")
        return result, json.loads(result.out)

    def test_every_report_is_audited_by_its_export(self):
        result, found = self.exports("reports")
        self.assertExit(result, 0)
        runs = [e["reports"][0]["run"] for e in found["exports"]]
        self.assertEqual(sorted(runs), sorted(self.runs))
        text = self.audit("reports")
        self.assertExit(text, 0)
        self.assertEqual(text.out.count("== 'claims.csv' of "), 3)

    def test_a_rerun_is_folded_with_its_upload(self):
        self.ws.export(claim_rows(2, 41), name="more.csv")
        self.web.script = fail(15, "isp.call-limited")
        self.assertExit(
            self.ws.upload(self.web, "--retries", 0, "--report-dir", "reports", claims="more.csv"), 1
        )
        self.web.script = accept
        sending = self.ws.upload_arguments(self.web)[2:]
        self.assertExit(self.ws.run("rerun", "reports/more.report.csv", *sending), 0)
        result, found = self.exports("reports")
        self.assertExit(result, 0)
        self.assertEqual(sorted(len(e["reports"]) for e in found["exports"]), [1, 1, 1, 2])

    def test_a_report_that_was_cut_from_its_manifest_is_made_whole_as_told(self):
        """As a failing disk leaves it; what the words say is typed."""
        manifest = self.ws.file("reports/claims.report.csv.manifest.json")
        os.rename(manifest, manifest + ".partial")
        result = self.audit("reports")
        self.assertExit(result, 1)
        command = re.search(r"To make it whole: claimbatch (resolve) '(\S+)'", result.err)
        self.assertExit(self.ws.run(*command.groups(), *self.ws.upload_arguments(self.web)[2:6]), 0)
        self.assertTrue(os.path.exists(manifest))
        self.assertExit(self.audit("reports"), 0)

    def test_a_rerun_that_was_killed_is_told_as_one(self):
        self.ws.export(claim_rows(3, 81), name="more.csv")
        self.web.script = fail(15, "isp.call-limited")
        self.assertExit(self.ws.upload(self.web, "--retries", 0, claims="more.csv"), 1)
        held = threading.Event()
        self.addCleanup(held.set)
        self.web.script = lambda request: held.wait(60) and accept(request)
        seen = len(self.web.requests)
        sending = self.ws.upload_arguments(self.web)[2:]
        run = self.ws.start("rerun", "more.report.csv", *sending)
        self.web.wait_for_requests(seen + 1)
        run.send_signal(signal.SIGKILL)
        self.assertExit(run.finish(), -signal.SIGKILL)
        told = self.audit(".").err
        self.assertIn("a rerun was interrupted before it could publish its report", told)
        self.assertIn("type the rerun again", told)

    def test_a_start_is_told_until_a_report_tells_of_its_run(self):
        """Killed, its export moved to another folder, a new one in its place."""
        held = threading.Event()
        self.addCleanup(held.set)
        self.web.script = lambda request: held.wait(60) and accept(request)
        self.ws.export(claim_rows(4, 61), name="killed.csv")
        run = self.ws.start_upload(self.web, claims="killed.csv")
        self.web.wait_for_requests(10)
        run.send_signal(signal.SIGKILL)
        self.assertExit(run.finish(), -signal.SIGKILL)
        held.set()
        self.web.script = accept
        os.mkdir(self.ws.file("done"))
        os.rename(self.ws.file("killed.csv"), self.ws.file("done/killed.csv"))
        self.ws.export(claim_rows(4, 71), name="killed.csv")
        self.assertExit(self.ws.upload(self.web, claims="killed.csv"), 0)
        told = "was interrupted before it could publish its report"
        self.assertIn(told, self.audit(".").err)
        self.assertExit(self.ws.upload(self.web, claims="done/killed.csv"), 3)
        self.assertIn(told, self.audit(".").err)  # of what lies elsewhere nothing is known here
        self.assertNotIn(told, self.audit(".", "done").err)

    def test_a_run_counts_once_though_a_copy_or_its_name_is_given_too(self):
        os.mkdir(self.ws.file("copies"))
        for name in os.listdir(self.ws.file("reports")):
            shutil.copy(self.ws.file("reports/" + name), self.ws.file("copies"))
        for paths in (
            ("reports", "copies"),
            ("reports", "reports/"),
            ("reports", "reports/claims.report.csv"),
        ):
            with self.subTest(paths=paths):
                result, found = self.exports(*paths)
                self.assertExit(result, 0)
                self.assertEqual(len(found["exports"]), 3)

    def test_a_copy_that_was_damaged_is_named_wherever_it_stands(self):
        """It is left out, and not the report whose run it is of."""
        for folder in ("a-copies", "z-copies"):
            with self.subTest(folder):
                os.mkdir(self.ws.file(folder))
                for suffix in ("", ".manifest.json"):
                    shutil.copy(self.ws.file("reports/claims.report.csv" + suffix), self.ws.file(folder))
                copy = self.ws.file(folder + "/claims.report.csv")
                with open(copy, "rb") as file:
                    data = file.read()
                with open(copy, "wb") as file:
                    file.write(data.replace(b",accepted,", b",rejected,", 1))
                result, found = self.exports(folder, "reports")
                self.assertExit(result, 1)
                self.assertEqual(len(found["exports"]), 3)
                (said,) = [d["text"] for e in found["exports"] for d in e["disagreements"]]
                self.assertIn(f"'{folder}/claims.report.csv' is of the run of", said)

    def test_other_files_are_passed_over(self):
        self.ws.write("reports/notes.txt", "notes\n")
        self.ws.write("reports/claims.csv", "a,b\n1,2\n")
        os.mkdir(self.ws.file("reports/more"))
        result, found = self.exports("reports")
        self.assertExit(result, 0)
        self.assertEqual(len(found["exports"]), 3)

    def test_a_manifest_without_its_report_is_named(self):
        gone = f"reports/claims.report.{self.runs[0]}.csv"
        os.unlink(self.ws.file(gone))
        result, found = self.exports("reports")
        self.assertExit(result, 1)
        self.assertSays(result, gone, self.runs[0], "not the report")
        self.assertEqual(found["missing"], 1)
        self.assertEqual(len(found["exports"]), 2)

    def test_a_report_without_a_manifest_is_named(self):
        lonely = f"reports/claims.report.{self.runs[0]}.csv"
        os.unlink(self.ws.file(lonely + ".manifest.json"))
        result = self.audit("reports")
        self.assertExit(result, 1)
        self.assertSays(result, lonely, "without a manifest")

    def test_one_that_was_edited_does_not_keep_the_others_from_being_audited(self):
        edited = f"reports/claims.report.{self.runs[1]}.csv"
        with open(self.ws.file(edited), "r+b") as file:
            data = file.read().replace(b"accepted", b"rejected", 1)
            file.seek(0)
            file.write(data)
        result, found = self.exports("reports")
        self.assertExit(result, 1)
        self.assertEqual(len(found["exports"]), 3)
        self.assertEqual(sum(not e["agrees"] for e in found["exports"]), 1)

    def test_a_folder_without_reports(self):
        os.mkdir(self.ws.file("empty"))
        result = self.audit("empty")
        self.assertExit(result, 66)
        self.assertSays(result, "no report")

    def test_an_export_to_compare_with_is_one(self):
        self.assertExit(self.audit("reports", "--export", "claims.csv"), 2)
