"""Files that are written beside their names: what another user or another program left at such a name
is never written over, never published, and is found before anything is sent."""

import os
import stat
import threading
import unittest

from harness import LosingCase, accept, claim_rows, file_digest

STRANGER = 65534


class PartialCase(LosingCase):
    """Each command that writes a file, and the unfinished files that it makes."""

    def prepare(self):
        """An upload with one unknown row, so that every command has something to write."""
        self.ws.export(claim_rows(3))
        self.lost = {"CL00000002"}
        self.assertExit(self.ws.upload(self.web), 3)
        self.lost = set()

    def commands(self):
        """(partial, arguments)"""
        sending = self.ws.upload_arguments(self.web)[2:]
        ledger = ("--ledger", "ledger.db")
        gateway = ("--gateway", self.web.url)
        word = ("--by", "desk", "--reason", "told so", "--as", "not-executed")
        again = ("--by", "desk", "--reason", "told so")
        yield "other.csv.partial", ("upload", "claims.csv", "-o", "other.csv") + sending
        yield (
            "other.csv.manifest.json.partial",
            ("upload", "claims.csv", "-o", "other.csv") + sending,
        )
        yield (
            "again.csv.partial",
            ("rerun", "claims.report.csv", "-o", "again.csv", "--include", "unknown") + again + sending,
        )
        yield (
            "again.csv.manifest.json.partial",
            ("rerun", "claims.report.csv", "-o", "again.csv", "--include", "unknown") + again + sending,
        )
        yield (
            "claims.report.csv.partial",
            ("resolve", "claims.report.csv", "--row", "3") + word + ledger + gateway,
        )
        yield (
            "claims.report.csv.manifest.json.partial",
            ("resolve", "claims.report.csv", "--row", "3") + word + ledger + gateway,
        )
        yield (
            "list.csv.partial",
            ("resolve", "claims.report.csv", "-o", "list.csv") + ledger + gateway,
        )
        yield "problems.csv.partial", ("check", "claims.csv", "-o", "problems.csv")
        yield "page.html.partial", ("audit", "claims.report.csv", "--html", "page.html") + ledger
        yield "copy.db.partial", ("status", "--backup", "copy.db") + ledger

    def put(self, kind, name):
        """Puts something strange at the name; returns a file that must not change, or None."""
        path = self.ws.file(name)
        if kind == "hard link":
            other = self.ws.write("precious", "precious", mode=0o640)
            os.link(other, path)
            return other
        if kind == "symbolic link":
            other = self.ws.write("precious", "precious", mode=0o640)
            os.symlink(other, path)
            return other
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            os.mkdir(path)
        elif kind == "another user's":
            self.ws.write(name, "a stranger's words", mode=0o666)
            os.chown(path, STRANGER, STRANGER)
            return path
        return None

    def look(self, path):
        status = os.lstat(path)
        return file_digest(path), status.st_mode, status.st_uid, status.st_ino, status.st_nlink

    def check(self, kind):
        for partial, arguments in self.commands():
            with self.subTest(partial=partial, command=arguments[0]):
                requests = len(self.web.requests)
                precious = self.put(kind, partial)
                before = self.look(precious) if precious else None
                settled = self.settled()
                result = self.ws.run(*arguments)
                self.assertExit(result, 73)
                self.assertSays(result, partial)
                self.assertEqual(len(self.web.requests), requests)
                self.assertEqual(self.settled(), settled)
                if precious:
                    self.assertEqual(self.look(precious), before)
                self.remove(partial)

    def settled(self):
        return self.ws.read_report()[1]["outcome"]

    def remove(self, name):
        path = self.ws.file(name)
        if stat.S_ISDIR(os.lstat(path).st_mode):
            os.rmdir(path)
        else:
            os.unlink(path)
        if os.path.exists(self.ws.file("precious")):
            os.unlink(self.ws.file("precious"))


class UnfinishedFilesTest(PartialCase):
    def test_one_that_is_a_hard_link_is_not_written_over(self):
        self.prepare()
        self.check("hard link")

    def test_one_that_is_a_symbolic_link_is_not_followed(self):
        self.prepare()
        self.check("symbolic link")

    def test_one_that_is_a_pipe_is_refused_and_keeps_nobody_waiting(self):
        self.prepare()
        self.check("pipe")

    def test_one_that_is_a_folder_is_refused(self):
        self.prepare()
        self.check("folder")

    @unittest.skipUnless(os.geteuid() == 0, "only root can make files of others")
    def test_one_of_another_user_is_not_published(self):
        self.prepare()
        self.check("another user's")

    def test_one_that_a_killed_run_left_is_taken_over(self):
        self.prepare()
        commands = dict(self.commands())
        for number, ending in enumerate((".partial", ".manifest.json.partial")):
            report = f"new-{number}.csv"
            self.ws.write(report + ending, "half a file" * 1000, mode=0o644)
            arguments = list(commands["other.csv.partial"])
            arguments[3] = report
            self.assertExit(self.ws.run(*arguments), 3)
            self.assertFalse(os.path.exists(self.ws.file(report + ending)))
            self.assertEqual(self.ws.mode(report), 0o600)
        for partial in ("list.csv.partial", "problems.csv.partial", "copy.db.partial"):
            with self.subTest(partial=partial):
                self.ws.write(partial, "half a file" * 1000, mode=0o644)
                self.assertIn(self.ws.run(*commands[partial]).code, (0, 3))
                self.assertFalse(os.path.exists(self.ws.file(partial)))

    def test_one_that_was_replaced_during_the_run_is_not_published(self):
        self.ws.export(claim_rows(3))
        once = threading.Lock()  # several requests come at a time
        held = self.gateway(lambda request: (self.swap(once), accept(request))[1])
        self.assertExit(self.ws.upload(held), 0)
        self.assertEqual([line["outcome"] for line in self.ws.read_report()], ["accepted"] * 3)
        self.assertExit(self.ws.run("audit", "claims.report.csv", "-L", "ledger.db"), 0)
        self.assertExit(self.ws.upload(held), 0)
        self.assertEqual(len(held.requests), 3)

    def swap(self, once):
        with once:
            if not os.path.exists(self.ws.file("swapped")):
                os.unlink(self.ws.report + ".partial")
                self.ws.write("claims.report.csv.partial", "somebody else's report\n")
                self.ws.write("swapped", "")

    def test_a_manifest_that_cannot_take_its_name_is_known_before_anything_is_sent(self):
        self.ws.export(claim_rows(3))
        os.mkdir(self.ws.file("other.csv.manifest.json"))
        result = self.ws.upload(self.web, "-o", "other.csv")
        self.assertExit(result, 73)
        self.assertEqual(self.web.requests, [])
        self.assertExit(self.ws.upload(self.web, "-o", "other.csv", "--overwrite"), 0)
        run = self.ws.read_manifest("other.csv")["run"]
        self.assertTrue(os.path.isdir(self.ws.file(f"other.before-{run}.csv.manifest.json")))

    def test_a_name_that_gets_too_long_later_is_refused_before_anything_is_sent(self):
        for length in (190, 215, 222, 230, 240):
            name = "c" * length + ".csv"
            self.ws.export(claim_rows(2), name=name)
            result = self.ws.upload(self.web, claims=name)
            if length < 200:
                self.assertExit(result, 0)
                sent = len(self.web.requests)
                continue
            with self.subTest(length=length):
                self.assertExit(result, 73)
                self.assertSays(result, "File name too long", "nothing was sent")
                self.assertNotIn("the report that is there", result.err)
                self.assertEqual(len(self.web.requests), sent)
                left = [n for n in os.listdir(self.ws.path) if n.startswith("c" * length)]
                self.assertEqual([n for n in left if not n.endswith(".partial")], [name])
