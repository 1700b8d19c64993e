"""What other users of the machine may have put in our way: files beside the ledger that are links, of
another owner, or no files at all (contract sections 2, 5 and 8)."""

import os
import unittest

from harness import FreshWorkspace, TestCase, accept, claim_rows

NOBODY = 65534

as_root = unittest.skipUnless(os.geteuid() == 0, "only root can make files of others")


class BesideTest(TestCase):
    """A ledger's lock, its log, and the log's index."""

    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(3))
        self.web = self.gateway(accept)
        self.victim = self.ws.write("victim", b"", mode=0o600)

    def refused(self, name, *words):
        result = self.ws.upload(self.web)
        self.assertExit(result, 73)
        self.assertSays(result, name, "nothing was sent", *words)
        self.assertEqual(self.web.requests, [])
        return result

    def test_a_link_beside_the_ledger_is_not_followed(self):
        self.ws.write("ledger.db", b"", mode=0o600)
        for name in ("ledger.db.lock", "ledger.db-wal", "ledger.db-shm", "ledger.db-journal"):
            with self.subTest(name):
                os.symlink("victim", self.ws.file(name))
                self.refused(name, "not a regular file")
                os.unlink(self.ws.file(name))

    def test_a_hard_link_beside_the_ledger_is_neither_opened_nor_given_away(self):
        ledger = self.ws.write("ledger.db", b"", mode=0o600)
        if os.geteuid() == 0:
            os.chown(ledger, NOBODY, NOBODY)
        before = os.stat(self.victim)
        for name in ("ledger.db.lock", "ledger.db-wal", "ledger.db-shm", "ledger.db-journal"):
            with self.subTest(name):
                os.link(self.victim, self.ws.file(name))
                self.refused(name, "hard link")
                after = os.stat(self.victim)
                os.unlink(self.ws.file(name))
                self.assertEqual(
                    (after.st_uid, after.st_gid, after.st_mode, after.st_size),
                    (before.st_uid, before.st_gid, before.st_mode, before.st_size),
                )

    def test_what_is_no_file_beside_the_ledger_is_not_opened(self):
        self.ws.write("ledger.db", b"", mode=0o600)
        for name in ("ledger.db.lock", "ledger.db-wal", "ledger.db-shm"):
            with self.subTest(name):
                os.mkfifo(self.ws.file(name))
                self.refused(name, "not a regular file")
                os.unlink(self.ws.file(name))

    def test_who_only_looks_keeps_to_the_same(self):
        self.assertExit(self.ws.upload(self.web), 0)
        os.unlink(self.ws.file("ledger.db.lock"))
        os.link(self.victim, self.ws.file("ledger.db.lock"))
        result = self.ws.run("status", "--ledger", "ledger.db")
        self.assertExit(result, 66)
        self.assertSays(result, "ledger.db.lock", "hard link")

    @as_root
    def test_a_file_of_another_user_beside_the_ledger_is_not_opened(self):
        self.ws.write("ledger.db", b"", mode=0o600)
        for name in ("ledger.db.lock", "ledger.db-wal", "ledger.db-shm"):
            with self.subTest(name):
                os.chown(self.ws.write(name, b"", mode=0o666), NOBODY, NOBODY)
                self.refused(name, "another user", str(NOBODY))
                os.unlink(self.ws.file(name))

    @as_root
    def test_root_leaves_a_ledger_of_another_usable_to_him(self):
        for mode in (0o700, 0o777):  # the folder is root's, then anybody's
            with self.subTest(f"{mode:o}"), FreshWorkspace(self):
                self.ws.export(claim_rows(3))
                folder = self.ws.file("of-another")
                os.mkdir(folder)
                os.chmod(folder, mode)
                ledger = os.path.join(folder, "ledger.db")
                os.close(os.open(ledger, os.O_CREAT, 0o600))
                os.chown(ledger, NOBODY, NOBODY)
                os.chmod(self.ws.path, 0o755)
                self.assertExit(self.ws.upload(self.web, ledger=ledger), 0)
                owners = {n: os.stat(os.path.join(folder, n)).st_uid for n in os.listdir(folder)}
                self.assertEqual(set(owners.values()), {NOBODY}, owners)
                self.assertIn("ledger.db.lock", owners)


class FolderTest(TestCase):
    """Where a ledger lies."""

    def said_of(self, mode, ledger):
        self.ws.export(claim_rows(3))
        folder = self.ws.file("state")
        os.makedirs(os.path.dirname(self.ws.file(ledger)), mode=0o700, exist_ok=True)
        os.chmod(folder, mode)
        result = self.ws.upload(self.gateway(), ledger=ledger)
        self.assertExit(result, 0)
        return result

    def test_a_ledger_in_a_folder_all_may_write_to_is_warned_of(self):
        for mode in (0o777, 0o1777):
            with self.subTest(f"{mode:o}"), FreshWorkspace(self):
                result = self.said_of(mode, "state/ledger.db")
                self.assertSays(result, "warning", "may be written to by all", "state")

    def test_so_is_one_below_such_a_folder(self):
        self.assertSays(self.said_of(0o777, "state/below/ledger.db"), "may be written to by all")

    def test_a_folder_that_keeps_files_to_their_owners_may_be_above_it(self):
        self.assertNotIn("may be written", self.said_of(0o1777, "state/below/ledger.db").err)

    def test_a_folder_of_our_own_is_not_warned_of(self):
        for mode in (0o700, 0o755, 0o775):
            with self.subTest(f"{mode:o}"), FreshWorkspace(self):
                self.assertNotIn("may be written", self.said_of(mode, "state/ledger.db").err)
