"""What the program can no longer do once it works: it is looked at from outside while a run waits for an
answer, and its own system calls are tried in its place."""

import ctypes
import json
import os
import platform
import shutil
import subprocess
import unittest

from harness import Reply, TestCase, accepted_body, claim_rows, http, preload

HAS_LANDLOCK = (
    ctypes.CDLL(None, use_errno=True).syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1)) >= 1
    if platform.machine() in ("x86_64", "aarch64")
    else False
)


def status_of(pid):
    """The lines of /proc/PID/status; of each thread."""
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8") as file:
            found.append(dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line))
    return found


class RunningTest(TestCase):
    def look(self, look, *options, **env):
        """Calls `look` with the process id of a run that waits for its answer."""
        seen = {}

        def script(request):
            if request.number == 1:
                seen["found"] = look(seen["pid"])
            return Reply(http(accepted_body()), executed=True)

        self.ws.export(claim_rows(2))
        gateway = self.gateway(script)
        run = self.ws.start_upload(gateway, *options, env=self.ws.environment(**env))
        seen["pid"] = run.process.pid
        result = run.finish()
        self.assertExit(result, 0)
        return seen["found"], result

    def test_every_thread_gains_no_privilege_and_is_filtered(self):
        threads, _ = self.look(status_of, "--workers", "2")
        self.assertGreaterEqual(len(threads), 3)
        for thread in threads:
            self.assertEqual(thread["NoNewPrivs"], "1", thread["Name"])
            self.assertEqual(thread["Seccomp"], "2", thread["Name"])

    def test_it_leaves_no_core_and_cannot_be_traced(self):
        def look(pid):
            with open(f"/proc/{pid}/limits", encoding="utf-8") as file:
                limits = file.read()
            # What is not dumpable belongs to root, whoever runs it.
            return limits, os.stat(f"/proc/{pid}/environ").st_uid

        (limits, owner), _ = self.look(look)
        self.assertRegex(limits, r"Max core file size +1 +1 ")
        self.assertEqual(owner, 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user")
    def test_not_even_who_runs_it_can_read_its_memory(self):
        nobody = {"user": 65534, "group": 65534, "extra_groups": []}
        seen = {}

        def script(request):
            if request.number == 1:
                seen["code"] = subprocess.run(
                    ["cat", f"/proc/{seen['pid']}/environ"], capture_output=True, **nobody
                ).returncode
            return Reply(http(accepted_body()), executed=True)

        self.ws.export(claim_rows(2))
        arguments = self.ws.upload_arguments(self.gateway(script))
        os.chmod(self.ws.path, 0o777)
        os.chown(self.ws.file("secret"), 65534, 65534)
        process = subprocess.Popen(
            [self.ws.binary_for_others(), *map(str, arguments)], cwd=self.ws.path,
            env=self.ws.environment(), stderr=subprocess.PIPE, text=True, **nobody,
        )  # fmt: skip
        seen["pid"] = process.pid
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        self.assertNotEqual(seen["code"], 0)

    def test_what_holds_is_told_where_more_is_to_be_said(self):
        _, quiet = self.look(lambda pid: None)
        self.assertNotIn("seccomp", quiet.err)
        result = self.ws.run("check", "claims.csv", "-v")
        self.assertSays(result, "seccomp")
        if HAS_LANDLOCK:
            self.assertSays(result, "files are written in the folders of this command only")


@unittest.skipUnless(shutil.which("cc"), "there is no compiler")
class IntruderTest(TestCase):
    """A library that is preloaded acts within the program, when it makes its first connection."""

    def attempts(self):
        binary = os.environ.get("CLAIMBATCH_RELEASE") or self.ws.binary
        self.ws.export(claim_rows(2))
        outside = self.enterContext(Outside())
        log = self.ws.file("attempts.json")
        env = self.ws.environment(
            LD_PRELOAD=self.enterContext(preload("e2e/intruder.c")),
            INTRUDER_LOG=log, INTRUDER_OUTSIDE=outside.path, TMPDIR=self.ws.path,
        )
        gateway = self.gateway(lambda request: Reply(http(accepted_body()), executed=True))
        result = self.ws.run(*self.ws.upload_arguments(gateway), env=env, binary=binary)
        self.assertExit(result, 0)
        with open(log, encoding="utf-8") as file:
            return json.load(file), outside

    def test_it_starts_no_program_and_traces_none(self):
        found, _ = self.attempts()
        for name in ("execve", "execveat", "fork", "fork_anew", "ptrace", "process_vm_readv", "writable_code",
                     "code_of_memory", "dumpable", "terminal_input", "kill_parent", "raw_socket", "io_uring"):  # fmt: skip
            with self.subTest(name):
                self.assertIn(name, found)
                self.assertNotEqual(found[name], 0, f"{name} was done")

    @unittest.skipUnless(HAS_LANDLOCK, "the kernel has no Landlock")
    def test_it_writes_nowhere_else(self):
        found, outside = self.attempts()
        for name in ("make_file", "write_file", "truncate_file", "remove_file", "make_folder", "make_link"):
            with self.subTest(name):
                self.assertNotEqual(found[name], 0, f"{name} was done")
        self.assertEqual(outside.content(), {"there": b"kept"})

    def test_it_still_reads_and_writes_where_it_has_to(self):
        found, _ = self.attempts()
        self.assertEqual(found["read_file"], 0)
        self.assertEqual(found["make_file_inside"], 0)


class Outside:
    """A folder with one file that the command does not name; not among the temporary ones."""

    def __enter__(self):
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else os.path.expanduser("~")
        self.path = subprocess.run(
            ["mktemp", "-d", os.path.join(base, "claimbatch-outside-XXXXXX")],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        with open(os.path.join(self.path, "there"), "wb") as file:
            file.write(b"kept")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def content(self):
        found = {}
        for name in os.listdir(self.path):
            with open(os.path.join(self.path, name), "rb") as file:
                found[name] = file.read()
        return found
