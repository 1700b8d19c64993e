"""No name of a file, cell or answer does anything to a terminal, whatever command shows it, in words or as
JSON."""

import json
import os
import re

from harness import Reply, TestCase, claim_row, claim_rows, http, rejected_body

# Escapes of the 7 and the 8 bit kind, DEL, a mark of direction, one of no width.
EVIL = "e\x1b[2J\x9b31m\x7f\u202e\u2066\u200bl"
RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class TerminalTest(TestCase):
    def assertClean(self, text):
        found = RAW.search(text)
        self.assertIsNone(found, ascii(text[max(0, found.start() - 60) : found.end() + 60]) if found else "")

    def check(self, *arguments, env=None):
        result = self.ws.run(*arguments, env=env)
        self.assertClean(result.err)
        self.assertClean(result.out)
        return result

    def test_no_command_lets_a_name_or_a_cell_through(self):
        rows = claim_rows(3)
        rows[1] = claim_row(2, claim_order_no="CL2", claim_desc=EVIL, claim_status="2", claim_fee="0")
        name = f"claims-{EVIL}.csv"
        self.ws.export(rows, name=name)
        gateway = self.gateway(lambda request: Reply(http(rejected_body(msg_info=EVIL)), executed=True))
        ledger = f"ledger-{EVIL}.db"
        upload = self.ws.upload_arguments(gateway, claims=name, ledger=ledger)
        report = f"claims-{EVIL}.report.csv"
        self.check("check", name)
        self.check("check", name, "--json")
        self.check(*upload, "--dry-run")
        self.check(*upload, "--print-config")
        for more in ((), ("--json",), ("--log-format", "json"), ("-v",)):
            with self.subTest(more=more):
                result = self.check(*upload, *more)
                self.assertIn(result.code, (1, 65), repr(result))
                for line in result.err.splitlines() if "json" in more[-1:] else ():
                    json.loads(line)
        for more in ((), ("--json",)):
            self.check("audit", report, "-L", ledger, *more)
            self.check("status", "-L", ledger, *more)
            self.check("status", "-L", ledger, "--claim", EVIL, *more)
            self.check("resolve", report, "-L", ledger, "--gateway", gateway.url, *more)
        self.check("rerun", report, *upload[2:])
        self.check("explain", EVIL)

    def test_no_refusal_lets_one_through(self):
        os.mkdir(self.ws.file(f"folder-{EVIL}"))
        self.ws.write(f"{EVIL}.conf", f"[run]\n{EVIL} = 1\n")
        self.ws.write("plain.conf", f"[run]\nrat = {EVIL}\n[{EVIL}]\n")
        self.ws.export(claim_rows(1))
        web = self.gateway()
        for arguments in (
            (EVIL,),
            ("upload", f"gone-{EVIL}.csv"),
            ("upload", f"folder-{EVIL}"),
            ("upload", "claims.csv", f"--{EVIL}"),
            ("upload", "claims.csv", "--config", f"{EVIL}.conf"),
            ("upload", "claims.csv", "--config", "plain.conf"),
            ("upload", "claims.csv", "--config", f"gone-{EVIL}"),
            ("upload", "claims.csv", "--encoding", EVIL),
            ("upload", "claims.csv", "--column", f"claim_fee={EVIL}"),
            self.ws.upload_arguments(web, "--app-secret-file", f"gone-{EVIL}"),
            self.ws.upload_arguments(web, "--sign-key", f"gone-{EVIL}"),
            self.ws.upload_arguments("https://127.0.0.1:1/", "--ca-file", f"gone-{EVIL}"),
            self.ws.upload_arguments(web, "-o", f"gone-{EVIL}/r.csv"),
            self.ws.upload_arguments(web, ledger=f"claims.csv/{EVIL}/l.db"),
            self.ws.upload_arguments(web, ledger=f"folder-{EVIL}"),
            self.ws.upload_arguments(f"https://{EVIL}/"),
            ("audit", f"gone-{EVIL}.csv"),
            ("audit", "claims.csv", "--html", f"folder-{EVIL}"),
            ("audit", "claims.csv", "--verify-key", f"gone-{EVIL}"),
            ("status", "-L", f"gone-{EVIL}.db"),
            ("resolve", f"gone-{EVIL}.csv"),
            ("rerun", f"gone-{EVIL}.csv"),
        ):
            for form in ("text", "json"):
                with self.subTest(arguments=arguments, form=form):
                    more = ("--log-format", form) if len(arguments) > 1 else ()
                    result = self.check(*arguments, *more)
                    self.assertNotEqual(result.code, 0, repr(result))
        for variable in ("XDG_CONFIG_HOME", "HOME", "CLAIMBATCH_CONFIG", "CREDENTIALS_DIRECTORY", "STATE_DIRECTORY"):
            with self.subTest(variable):
                self.check("upload", "claims.csv", env=self.ws.environment(**{variable: EVIL}))
