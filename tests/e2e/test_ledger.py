"""A ledger in trouble: told clearly, nothing sent, nothing lost (contract section 5)."""

import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

import oracle
from harness import NEW_LEDGER, TestCase, accept, answers, claim_rows, file_digest, program


class LedgerCase(TestCase):
    def setUp(self):
        super().setUp()
        self.ws.export(claim_rows(3))

    def refused(self, gateway, code, *words):
        sent = len(gateway.requests)
        result = self.ws.upload(gateway)
        self.assertExit(result, code)
        self.assertSays(result, "ledger.db", "nothing was sent", *words)
        self.assertEqual(len(gateway.requests), sent)
        return result

    def database(self):
        database = sqlite3.connect(self.ws.file("ledger.db"), isolation_level=None)
        self.addCleanup(database.close)
        return database


class RefusalTest(LedgerCase):
    def test_a_ledger_of_a_newer_version(self):
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        self.database().execute("PRAGMA user_version=99")
        self.refused(gateway, 78, "newer version", "99")

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_a_ledger_that_is_read_only(self):
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        os.chmod(self.ws.file("ledger.db"), 0o400)
        self.refused(gateway, 78, "permissions")

    def test_a_ledger_that_another_process_holds_too_long(self):
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        database = self.database()
        database.execute("BEGIN IMMEDIATE")
        self.refused(gateway, 75, "another process")
        database.execute("ROLLBACK")
        self.assertExit(self.ws.upload(gateway), 0)

    def test_a_ledger_that_is_damaged(self):
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        path = self.ws.file("ledger.db")
        with open(path, "r+b") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(4096)
            file.write(b"\xa5" * (size - 4096))
        self.refused(gateway, 74, "restore the newest backup")
        self.refused(gateway, 74, "if there is none, move it away")
        os.rename(path, self.ws.file("damaged.db"))
        self.refused(gateway, 78, "claimbatch import", "--new-ledger")
        learned = self.ws.run("import", "claims.report.csv", "--ledger", "ledger.db", "-g", gateway.url,
                              "--by", "tests", "--reason", "damaged")
        self.assertExit(learned, 0)
        sent = len(gateway.requests)
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(len(gateway.requests), sent)

    def test_a_damaged_page_of_earlier_rows_is_what_the_run_says_it_ended_with(self):
        """It is met within a transaction, which is over then; what follows from that is not the cause."""
        self.ws.export(claim_rows(1500))
        box = self.sandbox()
        self.assertExit(self.ws.upload(box, "--limit", "1400"), 4)
        with sqlite3.connect(self.ws.ledger) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (wanted,) = db.execute("SELECT request_id FROM row WHERE row=700").fetchone()
            (size,) = db.execute("PRAGMA page_size").fetchone()
        db.close()
        with open(self.ws.ledger, "r+b") as file:
            at = file.read().index(wanted.encode())
            file.seek(at - at % size)
            file.write(b"\xff" * 8)
        result = self.ws.upload(box)
        self.assertExit(result, 74)
        self.assertIn("malformed", result.err)
        self.assertNotIn("transaction", result.err)

    def test_a_folder_at_its_place(self):
        os.mkdir(self.ws.file("ledger.db"))
        self.refused(self.gateway(), 73)

    def test_a_symbolic_link_that_leads_nowhere(self):
        os.symlink("gone", self.ws.file("ledger.db"))
        self.refused(self.gateway(), 73)
        self.assertFalse(os.path.exists(self.ws.file("gone")))


class NameTest(LedgerCase):
    """One ledger by several names."""

    def held(self):
        """A gateway that answers only when it is told to."""
        let_go = threading.Event()
        self.addCleanup(let_go.set)
        return self.gateway(lambda request: let_go.wait(60) and accept(request)), let_go

    def test_a_run_by_another_name_is_seen_to_be_alive(self):
        os.mkdir(self.ws.file("real"))
        os.symlink("real/ledger.db", self.ws.file("link.db"))
        self.ws.write("real/ledger.db", b"", mode=0o600)
        names = ("real/ledger.db", "link.db")
        for first, second in (names, names[::-1]):
            gateway, let_go = self.held()
            claims = os.path.basename(first) + ".csv"
            self.ws.export(claim_rows(3), name=claims)
            run = self.ws.start(*self.ws.upload_arguments(gateway, claims=claims, ledger=first))
            gateway.wait_for_requests(3)
            result = self.ws.upload(gateway, claims=claims, ledger=second)
            self.assertExit(result, 75)
            self.assertSays(result, "is sending this export", "nothing was sent")
            shown = self.ws.run("status", "--ledger", second)
            self.assertIn("active", shown.out)
            let_go.set()
            self.assertExit(run.finish(), 0)
            self.assertEqual(len(gateway.requests), 3)
        self.assertEqual(sorted(os.listdir(self.ws.file("real"))), ["ledger.db", "ledger.db.lock"])
        self.assertFalse(os.path.exists(self.ws.file("link.db.lock")))

    def test_hard_links_are_refused(self):
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        os.link(self.ws.file("ledger.db"), self.ws.file("second.db"))
        self.ws.export(claim_rows(4))
        for ledger in ("ledger.db", "second.db"):
            result = self.ws.upload(gateway, ledger=ledger)
            self.assertExit(result, 78)
            self.assertSays(result, ledger, "hard links")
            self.assertExit(self.ws.run("status", "--ledger", ledger), 78)
        self.assertEqual(len(gateway.requests), 3)
        os.unlink(self.ws.file("second.db"))
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(len(gateway.requests), 4)

    def test_a_file_that_is_mounted_without_its_folder_is_refused(self):
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        os.mkdir(self.ws.file("elsewhere"))
        self.ws.write("elsewhere/ledger.db", b"")
        place = self.ws.file("elsewhere/ledger.db")
        if subprocess.run(["mount", "--bind", self.ws.file("ledger.db"), place], capture_output=True).returncode:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)
        result = self.ws.upload(gateway, ledger="elsewhere/ledger.db")
        self.assertExit(result, 78)
        self.assertSays(result, "mount the folder")
        self.assertEqual(len(gateway.requests), 3)


class OlderCopyTest(LedgerCase):
    """A ledger that was emptied, or brought back from a backup."""

    def test_a_backup_does_not_know_what_was_sent_since(self):
        gateway = self.gateway()
        self.ws.export(claim_rows(2, first=50), name="before.csv")
        self.assertExit(self.ws.upload(gateway, claims="before.csv"), 0)
        self.assertExit(self.ws.run("status", "--ledger", "ledger.db", "--backup", "backup.db"), 0)
        self.assertExit(self.ws.upload(gateway), 0)
        sent = len(gateway.requests)
        for name in ("ledger.db", "ledger.db.lock"):
            os.unlink(self.ws.file(name))
        os.rename(self.ws.file("backup.db"), self.ws.file("ledger.db"))
        report = file_digest(self.ws.report)
        for options in ((), ("-o", "elsewhere.csv")):
            result = self.ws.upload(gateway, *options)
            self.assertExit(result, 78)
            self.assertSays(result, "older copy", "claims.report.csv", "nothing was sent", "--new-ledger")
        self.assertEqual(len(gateway.requests), sent)
        self.assertEqual(file_digest(self.ws.report), report)
        # Nor is it a ledger for anything else that lies here.
        self.assertExit(self.ws.upload(gateway, claims="before.csv"), 78)
        self.assertExit(self.ws.upload(gateway, *NEW_LEDGER), 0)
        self.assertEqual(len(gateway.requests), sent + 3)
        self.assertExit(self.ws.upload(gateway), 0)

    def test_an_empty_file_is_said_to_become_a_new_ledger(self):
        gateway = self.gateway()
        self.ws.write("ledger.db", b"", mode=0o600)
        result = self.ws.upload(gateway)
        self.assertExit(result, 0)
        self.assertSays(result, "new ledger created")

    def test_others_who_may_open_it_are_warned_of(self):
        gateway = self.gateway()
        first = self.ws.upload(gateway)
        self.assertNotIn("chmod", first.err)
        os.chmod(self.ws.file("ledger.db"), 0o644)
        self.assertSays(self.ws.upload(gateway), "mode 644", "chmod 600")


class PlaceTest(LedgerCase):
    """What cannot be a ledger, and what a report may not be written over."""

    def test_what_is_no_file_is_no_ledger(self):
        os.mkfifo(self.ws.file("pipe"))
        for place in ("pipe", "/dev/null"):
            result = self.ws.upload(self.gateway(), ledger=place)
            self.assertExit(result, 73)
            self.assertSays(result, place, "regular file")
        self.assertFalse(os.path.exists("/dev/null-journal"))

    def test_a_report_takes_no_name_of_the_ledger(self):
        gateway = self.gateway()
        cases = (
            ("ledger.db", "ledger.db-wal"),
            ("ledger.db", "ledger.db-shm"),
            ("ledger.db", "ledger.db.lock"),
            ("r.csv.started.json", "r.csv"),
            ("r.csv.partial", "r.csv"),
            ("r.csv.manifest.json", "r.csv"),
        )
        for ledger, report in cases:
            with self.subTest(report):
                result = self.ws.upload(gateway, "-o", report, "--overwrite", ledger=ledger)
                self.assertExit(result, 73)
                self.assertSays(result, report, "nothing was sent")
        self.assertEqual(gateway.requests, [])
        self.assertEqual([n for n in os.listdir(self.ws.path) if n.startswith(("ledger", "r."))], [])

    def test_a_limit_of_the_size_of_files_is_an_error_like_a_full_disk(self):
        self.ws.export(claim_rows(5000))
        gateway = self.gateway()
        argv = self.ws.upload_arguments(gateway)
        program = os.path.abspath(self.ws.binary)
        script = 'ulimit -f 3000; exec "$@"'
        result = subprocess.run(
            ["bash", "-c", script, "bash", program, *map(str, argv)],
            cwd=self.ws.path, env=self.ws.environment(), capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        self.assertEqual(result.returncode, 74, result.stderr)
        self.assertNotIn("could not be stored", result.stderr)
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(len(gateway.requests), 5000)

    def test_the_first_of_several_state_directories_is_taken(self):
        gateway = self.gateway()
        arguments = [a for a in self.ws.upload_arguments(gateway)]
        at = arguments.index("--ledger")
        del arguments[at : at + 2]
        os.mkdir(self.ws.file("first"))
        env = self.ws.environment(STATE_DIRECTORY=f"{self.ws.file('first')}:{self.ws.file('second')}")
        self.assertExit(self.ws.run(*arguments, env=env), 0)
        self.assertTrue(os.path.exists(self.ws.file("first/ledger.db")))


class HeldTest(LedgerCase):
    """Another process keeps the ledger to itself while calls are on the wire."""

    def test_answers_wait_until_the_ledger_is_free_and_none_is_lost(self):
        self.ws.export(claim_rows(20))
        let_go = threading.Event()
        self.addCleanup(let_go.set)

        def script(request):
            let_go.wait(60)
            return accept(request)

        gateway = self.gateway(script)
        run = self.ws.start_upload(gateway, "-c", 4)
        gateway.wait_for_requests(4)
        database = self.database()
        database.execute("BEGIN IMMEDIATE")
        let_go.set()
        run.wait_for_words("waits for it with answers to store")
        run.send_signal(signal.SIGINT)
        database.execute("ROLLBACK")
        self.assertExit(run.finish(), 130)
        # What had its intent is one in-flight limit ahead of what is on the wire.
        self.assertEqual(len(gateway.requests), 8)
        self.assertTally({"accepted": 8, "unsent": 12})
        self.assertExit(self.ws.upload(gateway), 0)
        self.assertEqual(len(gateway.requests), 20)


class NetworkTest(LedgerCase):
    """File systems of many hosts, by the numbers of linux/magic.h; their locks are not to be trusted."""

    NFS, SMB2, NINE_P, FUSE = 0x6969, 0xFE534D42, 0x01021997, 0x65735546

    def environment(self, kind):
        folder = os.path.join(os.path.dirname(program("CLAIMBATCH")), "tests")
        library = os.path.join(folder, "libstatfs.so")
        if not os.path.exists(library):
            self.skipTest("tests/libstatfs.so was not built")
        env = self.ws.environment(LD_PRELOAD=library, STATFS_KIND=hex(kind))
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        return env

    def test_a_new_ledger_is_refused_and_none_is_left(self):
        gateway = self.gateway()
        for kind in (self.NFS, self.SMB2, self.NINE_P):
            result = self.ws.upload(gateway, env=self.environment(kind))
            self.assertExit(result, 78)
            self.assertSays(result, "ledger.db", "network file system", "--ledger", "nothing was sent")
            self.assertEqual([n for n in os.listdir(self.ws.path) if n.startswith("ledger")], [])
        self.assertEqual(gateway.requests, [])

    def test_one_that_was_copied_there_is_refused_and_stays_as_it_is(self):
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway), 0)
        before = file_digest(self.ws.file("ledger.db"))
        self.ws.export(claim_rows(4))
        for command in (
            self.ws.upload_arguments(gateway),
            ("status", "--ledger", "ledger.db"),
            ("status", "--verify", "--ledger", "ledger.db"),
        ):
            result = self.ws.run(*command, env=self.environment(self.NFS))
            self.assertExit(result, 78)
            self.assertSays(result, "network file system")
        self.assertEqual(file_digest(self.ws.file("ledger.db")), before)
        self.assertEqual(len(gateway.requests), 3)

    def test_a_file_system_in_user_space_is_fine_where_it_is_of_this_host(self):
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, env=self.environment(self.FUSE)), 0)
        self.assertEqual(len(gateway.requests), 3)


class DiskCase(LedgerCase):
    """On a small disk of its own."""

    SIZE = "64m"

    def setUp(self):
        super().setUp()
        self.disk = self.ws.file("disk")
        os.mkdir(self.disk)
        command = ["mount", "-t", "tmpfs", "-o", f"size={self.SIZE}", "tmpfs", self.disk]
        if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
            self.skipTest("no disk can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)


class ReadOnlyDiskTest(DiskCase):
    def test_a_ledger_on_a_disk_that_is_read_only(self):
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, ledger="disk/ledger.db"), 0)
        self.ws.export(claim_rows(5))
        subprocess.run(["mount", "-o", "remount,ro", self.disk], check=True)
        result = self.ws.upload(gateway, ledger="disk/ledger.db")
        self.assertExit(result, 78)
        self.assertSays(result, "ledger.db", "read-only", "nothing was sent")
        self.assertEqual(len(gateway.requests), 3)


class FullDiskTest(DiskCase):
    def fill(self, but=0):
        """Takes all the room there is, up to what is to be left."""
        left = shutil.disk_usage(self.disk).free - but
        with open(os.path.join(self.disk, "filler"), "ab") as filler:
            os.posix_fallocate(filler.fileno(), os.fstat(filler.fileno()).st_size, left)

    def make_room(self):
        os.unlink(os.path.join(self.disk, "filler"))

    def test_too_little_space_is_told_before_anything_is_sent(self):
        gateway = self.gateway()
        self.assertExit(self.ws.upload(gateway, ledger="disk/ledger.db"), 0)
        self.fill(but=256 << 10)
        self.ws.export(claim_rows(5), name="next.csv")
        result = self.ws.upload(gateway, claims="next.csv", ledger="disk/ledger.db")
        self.assertExit(result, 73)
        self.assertSays(result, "nothing was sent")
        self.assertEqual(len(gateway.requests), 3)

    def test_too_little_space_for_the_answers_in_flight_is_told_before_anything_is_sent(self):
        gateway = self.gateway()
        for options in (("--in-flight", 64, "--batch", 20), ("--in-flight", 1024)):
            result = self.ws.upload(gateway, *options, ledger="disk/ledger.db")
            self.assertExit(result, 73)
            self.assertSays(result, "ledger.db", "nothing was sent")
            self.assertEqual(gateway.requests, [])
        self.assertExit(self.ws.upload(gateway, "--in-flight", 64, ledger="disk/ledger.db"), 0)

    def test_a_run_that_goes_on_needs_room_for_what_it_has_not_recorded(self):
        self.ws.export(claim_rows(40000))
        gateway = self.gateway()
        first = self.ws.upload(gateway, "--limit", 3, ledger="disk/ledger.db")
        self.assertExit(first, 4)
        self.fill(but=40 << 20)
        result = self.ws.upload(gateway, "--limit", 5, ledger="disk/ledger.db")
        self.assertExit(result, 73)
        self.assertSays(result, "ledger.db", "nothing was sent")
        self.assertEqual(len(gateway.requests), 3)
        self.make_room()
        self.assertExit(self.ws.upload(gateway, "--limit", 5, ledger="disk/ledger.db"), 4)
        self.assertEqual(len(gateway.requests), 8)

    def test_a_disk_that_is_full_when_the_ledger_is_to_be_made(self):
        self.fill()
        gateway = self.gateway()
        result = self.ws.upload(gateway, ledger="disk/ledger.db")
        self.assertExit(result, 74)
        self.assertSays(result, "ledger.db", "make room", "nothing was sent")
        self.assertEqual(gateway.requests, [])
        self.make_room()
        self.assertExit(self.ws.upload(gateway, ledger="disk/ledger.db"), 0)

    def gorge(self, full, ended):
        """Fills the disk as fast as it can be filled, and takes whatever becomes free."""
        with open(os.path.join(self.disk, "filler"), "ab", buffering=0) as filler:
            while not ended.is_set():
                try:
                    filler.write(bytes(4096))
                except OSError:
                    full.set()
                    time.sleep(0.001)

    def test_no_answer_is_lost_to_a_disk_that_fills_up_within_a_turn(self):
        self.ws.export(claim_rows(10000))
        for seconds in (0.2, 0.4):
            with self.subTest(seconds):
                full, ended = threading.Event(), threading.Event()
                # The run does not end before the disk is full.
                gateway = self.gateway(lambda r, full=full: (r.number < 9000 or full.wait(30)) and accept(r))
                name = f"disk/ledger{seconds}.db"
                place = ("--in-flight", 64, "-o", f"report{seconds}.csv")
                # Each round has a ledger of its own, and a run of its own of the same export.
                place += (*NEW_LEDGER,)
                run = self.ws.start(*self.ws.upload_arguments(gateway, *place, ledger=name))
                gateway.wait_for_requests(64)
                time.sleep(seconds)
                gorging = threading.Thread(target=self.gorge, args=(full, ended))
                gorging.start()
                result = run.finish()
                ended.set()
                gorging.join()
                self.assertExit(result, 74)
                self.assertNotIn("could not be stored", result.err)
                self.make_room()
                self.assertExit(self.ws.upload(gateway, *place, ledger=name), 0)
                self.assertEqual(len(gateway.requests), 10000)

    def test_answers_in_flight_are_stored_when_the_disk_fills_up_and_the_same_command_goes_on(self):
        self.fill_in_flight(200, "--in-flight", 8)

    def test_answers_of_many_claims_are_stored_when_the_disk_fills_up(self):
        self.fill_in_flight(4000, "--in-flight", 16, "--batch", 20, calls=16)

    def fill_in_flight(self, rows, *options, calls=8):
        self.ws.export(claim_rows(rows))
        held = threading.Event()
        self.addCleanup(held.set)
        gateway = self.gateway(
            lambda r: held.wait(60) and (answers(r) if r.is_batch else accept(r))
        )
        run = self.ws.start(*self.ws.upload_arguments(gateway, *options, ledger="disk/ledger.db"))
        gateway.wait_for_requests(calls)
        self.fill()
        held.set()
        result = run.finish()
        self.assertExit(result, 74)
        self.assertSays(result, "disk", "Make room", "next: ")
        self.assertNotIn("could not be stored", result.err)
        outcomes = [line["outcome"] for line in self.ws.read_report()]
        accepted = sum(len(request.claims) for request in gateway.requests)
        self.assertLess(accepted, rows)
        self.assertEqual(outcomes.count("accepted"), accepted)
        self.assertEqual(outcomes.count("unsent"), rows - accepted)
        self.make_room()
        self.assertExit(self.ws.upload(gateway, *options, ledger="disk/ledger.db"), 0)
        self.assertEqual(sum(len(request.claims) for request in gateway.requests), rows)
        self.assertNoViolations(
            oracle.judge(self.ws.claims, self.ws.report, gateway.journal, starts=2)
        )


if __name__ == "__main__":
    unittest.main()
