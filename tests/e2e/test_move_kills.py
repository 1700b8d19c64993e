"""A report that makes room is never lost: the start that moves it is killed at every call that changes a
file. And file systems that cannot lock or sync: told by their cause, before anything is sent."""

import errno
import os
import shutil
import tempfile

from harness import TestCase, claim_rows, file_digest, long_form, preload, program, read_manifest

CALLS = ("rename", "link", "unlink", "fsync", "fdatasync", "ftruncate", "open")


class ShimCase(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shim = cls.enterClassContext(preload("campaigns/shim/*.c"))

    def setUp(self):
        super().setUp()
        try:
            self.binary = program("CLAIMBATCH_RELEASE")
        except RuntimeError:
            self.skipTest("CLAIMBATCH_RELEASE names no program")
        self.box = self.sandbox()

    def shimmed(self, hit, do, **more):
        return self.ws.environment(
            LD_PRELOAD=self.shim, CAMPAIGN_HIT=hit, CAMPAIGN_DO=do, **more
        )

    def upload(self, env=None, ledger="ledger.db"):
        arguments = self.ws.upload_arguments(self.box, ledger=ledger)
        return self.ws.start(*arguments, env=env, binary=self.binary).finish()


class KilledMoveTest(ShimCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(3))
        self.assertEqual(self.upload().code, 0)
        self.run_name = read_manifest(self.ws.report)["run"]
        self.yesterday = self.digests(self.ws.report)
        self.ws.export(claim_rows(3, 11))
        self.kept = os.path.join(self.ws.path, "kept")
        os.mkdir(self.kept)
        for name in os.listdir(self.ws.path):
            if name.startswith(("claims", "ledger")):
                shutil.copy2(self.ws.file(name), self.kept)

    def digests(self, path):
        return file_digest(path), file_digest(path + ".manifest.json")

    def restore(self):
        for name in os.listdir(self.ws.path):
            if name.startswith(("claims", "ledger")):
                os.unlink(self.ws.file(name))
        for name in os.listdir(self.kept):
            shutil.copy2(os.path.join(self.kept, name), self.ws.path)

    def count(self):
        log = self.ws.file("calls.log")
        env = self.ws.environment(LD_PRELOAD=self.shim, CAMPAIGN_LOG=log)
        self.assertEqual(self.upload(env).code, 0)
        with open(log, encoding="utf-8") as file:
            names = [line.split(" ")[0] for line in file]
        return {name: names.count(name) for name in CALLS}

    def check(self, number):
        """The second day is typed again; its claims may be sent by each sandbox once only."""
        again = self.upload()
        self.assertIn(again.code, (0, 3), repr(again))
        aside = self.ws.file(f"claims.report.{self.run_name}.csv")
        self.assertEqual(self.digests(aside), self.yesterday, number)
        self.assertNotEqual(read_manifest(self.ws.report)["run"], self.run_name)
        self.assertEqual(
            read_manifest(self.ws.report)["report"]["sha256"], file_digest(self.ws.report)
        )
        left = sorted(n for n in os.listdir(self.ws.path) if n.endswith(".partial"))
        self.assertEqual(left, [])

    def test_the_start_that_moves_is_killed_at_every_call(self):
        """In the short form before one call and after the next: between two calls nothing changes."""
        moments = ("kill-before", "kill-after")
        struck = 0
        for name, count in self.count().items():
            for number in range(1, count + 1):
                for how in moments if long_form() else (moments[number % 2],):
                    with self.subTest(call=name, number=number, how=how):
                        self.restore()
                        killed = self.upload(self.shimmed(f"{name}:{number}", how))
                        struck += killed.code == -9
                        self.check((name, number, how))
        self.assertGreater(struck, 20)


class FirstPublicationTest(ShimCase):
    def test_one_that_was_killed_before_its_manifest_is_completed_by_the_next_day(self):
        self.ws.export(claim_rows(3))
        killed = self.upload(self.shimmed("rename:3", "kill-before"))  # after start and report
        self.assertEqual(killed.code, -9, repr(killed))
        self.assertTrue(os.path.exists(self.ws.report))
        self.assertFalse(os.path.exists(self.ws.report + ".manifest.json"))
        first = file_digest(self.ws.report)
        self.ws.export(claim_rows(3, 11))
        again = self.upload()
        self.assertExit(again, 0)
        self.assertSays(again, "publication was cut short")
        run = next(
            n.split(".")[2] for n in os.listdir(self.ws.path)
            if n.startswith("claims.report.2") and n.endswith(".csv")
        )
        aside = self.ws.file(f"claims.report.{run}.csv")
        self.assertEqual(file_digest(aside), first)
        self.assertEqual(read_manifest(aside)["run"], run)
        self.assertEqual(read_manifest(aside)["report"]["sha256"], first)
        self.assertNotEqual(read_manifest(self.ws.report)["run"], run)
        left = [n for n in os.listdir(self.ws.path) if n.endswith((".partial", ".started.json"))]
        self.assertEqual(left, [])
        self.assertEqual(len(self.box.journal), 6)


class PoorFileSystemTest(ShimCase):
    """Folders that cannot be synced, files that cannot be locked."""

    def setUp(self):
        super().setUp()
        # The ledger is elsewhere: on a disk that can.
        self.place = tempfile.mkdtemp(prefix="claimbatch-ledger-")
        self.addCleanup(shutil.rmtree, self.place)
        self.ledger = os.path.join(self.place, "ledger.db")
        self.ws.export(claim_rows(3))

    def failing(self, calls, path, number):
        return self.shimmed(
            f"{calls}:1", "fail-on", CAMPAIGN_PATH=path, CAMPAIGN_ERRNO=str(number)
        )

    def test_folders_that_cannot_be_synced_are_said_once_and_end_nothing(self):
        here = os.path.basename(self.ws.path)
        for number in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            with self.subTest(errno.errorcode[number]):
                self.ws.export(claim_rows(3, 10 * number))
                result = self.upload(
                    self.failing("fsync+syncfs", here, number), ledger=self.ledger
                )
                self.assertExit(result, 0)
                self.assertEqual(result.err.count("cannot sync folders"), 1, repr(result))
                self.assertTally({"accepted": 3})
                again = self.upload(
                    self.failing("fsync+syncfs", here, number), ledger=self.ledger
                )
                self.assertExit(again, 0)
                self.assertIn("nothing is left to send", again.err)

    def test_a_folder_that_a_disk_fails_to_sync_still_ends_the_start(self):
        here = os.path.basename(self.ws.path)
        result = self.upload(self.failing("fsync+syncfs", here, errno.EIO), ledger=self.ledger)
        self.assertExit(result, 74)
        self.assertSays(result, "cannot sync the folder", "nothing was sent")
        self.assertEqual(self.box.journal, [])

    def with_each_open_failing(self, how, number, *arguments):
        """What the command says with the first, the second, … opening of a file refused."""
        log = self.ws.file("calls.log")
        whole = self.ws.start(
            *arguments, env=self.ws.environment(LD_PRELOAD=self.shim, CAMPAIGN_LOG=log), binary=self.binary
        ).finish()
        self.assertExit(whole, 0)
        with open(log, encoding="utf-8") as file:
            opens = sum(line.startswith("open ") for line in file)
        for at in range(1, opens + 1):
            env = self.shimmed(f"open:{at}", how, CAMPAIGN_ERRNO=str(number))
            yield self.ws.start(*arguments, env=env, binary=self.binary).finish()

    def test_what_a_full_disk_cannot_open_is_not_said_to_be_read_only(self):
        """SQLite takes for read-only what it cannot open for writing, whatever the cause is."""
        self.assertExit(self.upload(ledger=self.ledger), 0)
        told = 0
        upload = self.ws.upload_arguments(self.box, ledger=self.ledger)
        for result in self.with_each_open_failing("fail", errno.ENOSPC, *upload):
            self.assertNotIn("check its owner", result.err)
            if "readonly database" in result.err:
                told += 1
                self.assertExit(result, 74)
                self.assertSays(result, "the disk is full", "nothing was sent")
        self.assertGreater(told, 0)

    def test_files_that_cannot_be_locked_are_told_before_anything_is_sent(self):
        for number in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            with self.subTest(errno.errorcode[number]):
                result = self.upload(
                    self.failing("flock", ".partial", number), ledger=self.ledger
                )
                self.assertExit(result, 73)
                self.assertSays(result, os.strerror(number), "has no locks", "nothing was sent")
                self.assertNotIn("another run is writing", result.err)
                self.assertFalse(os.path.exists(self.ws.report + ".partial"))
        self.assertEqual(self.box.journal, [])
        self.assertExit(self.upload(ledger=self.ledger), 0)
