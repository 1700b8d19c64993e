"""A signed manifest: who vouches for it, checked by this program and by OpenSSL alone, and every
other byte noticed (contract sections 2 and 4)."""

import base64
import json
import os
import subprocess

from forger import Forgery
from harness import TestCase, accept, claim_rows, long_form, lose

REPORT = "claims.report.csv"
MANIFEST = REPORT + ".manifest.json"
MARK = ',\n  "signature": {'
SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples")


def openssl(*arguments, **how):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, **how)


class SignatureCase(TestCase):
    def setUp(self):
        super().setUp()
        self.make_pair("key")
        self.ws.export(claim_rows(5))
        self.web = self.gateway(accept)

    def make_pair(self, name):
        """As samples/README.md says."""
        private, public = self.ws.file(name + ".pem"), self.ws.file(name + ".pub.pem")
        openssl("genpkey", "-algorithm", "ed25519", "-out", private)
        openssl("pkey", "-in", private, "-pubout", "-out", public)
        os.chmod(private, 0o600)

    def upload(self, *options, code=0):
        self.assertExit(self.ws.upload(self.web, *options), code)

    def sign(self):
        self.upload("--sign-key", "key.pem")

    def audit(self, *arguments, code=0, key="key.pub.pem", reports=(REPORT,)):
        result = self.ws.run("audit", "--json", "--verify-key", key, *arguments, *reports)
        self.assertExit(result, code)
        return json.loads(result.out) if result.out else None

    def verdict(self, code=1, **how):
        found = self.audit(code=code, **how)
        self.assertEqual(found["reports"][0]["signature"], "disagrees" if code else "agrees")
        return [d["text"] for d in found["disagreements"] if d["against"] == "signature"]

    def manifest_text(self):
        return self.ws.read_text(MANIFEST)


class Signed(SignatureCase):
    def test_it_is_good_with_its_key(self):
        self.sign()
        self.assertEqual(self.verdict(code=0), [])
        signature = json.loads(self.manifest_text())["signature"]
        self.assertEqual(signature["algorithm"], "Ed25519")
        with open(self.ws.file("key.pub.pem"), encoding="ascii") as file:
            lines = file.read().splitlines()
        self.assertEqual(signature["public_key"], "".join(lines[1:-1]))

    def test_openssl_alone_can_check_it(self):
        self.sign()
        text = self.manifest_text()
        signed, _, _ = text.partition(MARK)
        self.ws.write("text", signed + "\n}\n")
        value = json.loads(text)["signature"]["value"]
        self.ws.write("value", base64.b64decode(value, validate=True))
        where = {"cwd": self.ws.path}
        check = ("pkeyutl", "-verify", "-pubin", "-inkey", "key.pub.pem", "-rawin")
        openssl(*check, "-in", "text", "-sigfile", "value", **where)
        self.ws.write("text", signed.replace("upload", "uplaod") + "\n}\n")
        with self.assertRaises(subprocess.CalledProcessError):
            openssl(*check, "-in", "text", "-sigfile", "value", **where)

    def test_another_key(self):
        self.sign()
        self.make_pair("other")
        self.assertIn("another key", self.verdict(key="other.pub.pem")[0])

    def test_keys_that_followed_one_another(self):
        """A month in which the key was changed is audited at once."""
        self.sign()
        self.make_pair("new")
        self.ws.export(claim_rows(5, first=20), name="new.csv")
        result = self.ws.upload(self.web, "--sign-key", "new.pem", claims="new.csv")
        self.assertExit(result, 0)
        keys = [self.ws.read_text(name) for name in ("key.pub.pem", "new.pub.pem")]
        both = ("audit", REPORT, "new.report.csv", "--verify-key", "keys.pem")
        for text in ("".join(keys), "".join(reversed(keys))):
            self.ws.write("keys.pem", text)
            self.assertExit(self.ws.run(*both), 0)
        self.ws.write("keys.pem", keys[1] * 2)
        self.assertIn("another key", self.verdict(key="keys.pem")[0])
        for damaged in (keys[0] + keys[1][:60], keys[0] + keys[1].replace("MC", "!!")):
            self.ws.write("keys.pem", damaged)
            self.assertExit(self.ws.run(*both), 78)

    def test_no_signature(self):
        self.upload()
        self.assertIn("not signed", self.verdict()[0])

    def test_a_manifest_made_to_fit(self):
        """A forger changes a row and all that tells of it, but has no key."""
        self.sign()
        forged = Forgery(self.ws.report)
        forged.change(3, claim_fee="9")
        forged.redigest(3)
        forged.write()
        found = self.audit(code=1)
        self.assertEqual({d["against"] for d in found["disagreements"]}, {"signature"})
        self.assertIn("wrong", found["disagreements"][0]["text"])
        del forged.manifest["signature"]
        forged.write()
        self.assertIn("not signed", self.verdict()[0])

    def test_every_flipped_byte(self):
        """Of the signed text a sample, of the signature all. A long run flips each byte."""
        self.sign()
        data = self.manifest_text().encode()
        start = data.index(MARK.encode())
        tail = range(start, len(data), 1 if long_form() else 13)
        # Base64 has bits that no byte needs: the last letters of the value.
        last = range(len(data) - 12, len(data))
        for at in [*range(0, start, 1 if long_form() else 199), *tail, *last]:
            for mask in (1, 32) if at in last else (1 << at % 7,):
                flipped = bytearray(data)
                flipped[at] ^= mask
                self.ws.write(MANIFEST, bytes(flipped))
                result = self.ws.run("audit", "--verify-key", "key.pub.pem", REPORT)
                self.assertEqual(result.code, 1, f"byte {at} ^ {mask}: {result!r}")
        self.ws.write(MANIFEST, data)
        self.audit()

    def test_a_report_published_anew_is_signed_anew(self):
        self.web.script = lambda r: (
            lose(r) if r.key[1] == "CL00000002" else accept(r)
        )
        self.upload("--sign-key", "key.pem", code=3)
        words = ("--row", "3", "--as", "accepted", "--by", "me", "--reason", "told so")
        options = ("--ledger", "ledger.db", "--gateway", self.web.url, *words)
        result = self.ws.run("resolve", REPORT, *options, "--sign-key", "key.pem")
        self.assertExit(result, 0)
        self.assertEqual(self.verdict(code=0), [])

    def test_the_key_is_in_nothing_that_is_left(self):
        self.sign()
        with open(self.ws.file("key.pem"), encoding="ascii") as file:
            secret = file.read().splitlines()[1]
        for name in os.listdir(self.ws.path):
            if name != "key.pem" and os.path.isfile(self.ws.file(name)):
                self.assertNotIn(secret.encode(), self.ws.read(name), name)


class Keys(SignatureCase):
    def refuse_to_sign(self, key, *words):
        """Before anything is sent."""
        result = self.ws.upload(self.web, "--sign-key", key)
        self.assertExit(result, 78)
        self.assertSays(result, *words)
        self.assertEqual(self.web.requests, [])
        self.assertFalse(os.path.exists(self.ws.report))

    def test_private_keys_that_are_refused(self):
        os.chmod(self.ws.file("key.pem"), 0o644)
        self.refuse_to_sign("key.pem", "open to group or others", "chmod 600")
        os.chmod(self.ws.file("key.pem"), 0o600)
        self.refuse_to_sign("nowhere.pem", "cannot open")
        os.chmod(self.ws.file("key.pub.pem"), 0o600)
        self.refuse_to_sign("key.pub.pem", "no private key")
        for name, options in (
            ("rsa", ("-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048")),
            ("ed448", ("-algorithm", "ed448")),
        ):
            openssl("genpkey", *options, "-out", self.ws.file(name))
            os.chmod(self.ws.file(name), 0o600)
            self.refuse_to_sign(name, "another kind", "Ed25519")
        openssl(
            *("pkey", "-in", self.ws.file("key.pem"), "-aes256", "-passout", "pass:x"),
            *("-out", self.ws.file("locked")),
        )
        os.chmod(self.ws.file("locked"), 0o600)
        self.refuse_to_sign("locked", "passphrase")
        self.ws.write("text", "no key", mode=0o600)
        self.refuse_to_sign("text", "no private key")
        self.ws.write("large", "x" * 100000, mode=0o600)
        self.refuse_to_sign("large", "too large")
        os.mkfifo(self.ws.file("fifo"), 0o600)
        self.refuse_to_sign("fifo", "nobody writes to it")

    def test_public_keys_that_are_refused(self):
        self.sign()
        self.ws.write("text", "no key")
        self.ws.write("empty", "")
        openssl("genpkey", "-algorithm", "ed448", "-out", self.ws.file("ed448"))
        openssl("pkey", "-in", self.ws.file("ed448"), "-pubout", "-out", self.ws.file("ed448.pub"))
        for name, code, words in (
            ("nowhere.pem", 66, "nowhere.pem"),
            ("text", 78, "no public key"),
            ("empty", 78, "no public key"),
            ("key.pem", 78, "no public key"),
            ("ed448.pub", 78, "another kind"),
            ("/dev/zero", 78, "key"),
        ):
            with self.subTest(name):
                result = self.ws.run("audit", REPORT, "--verify-key", name)
                self.assertExit(result, code)
                self.assertSays(result, words)

    def test_the_commands_that_the_samples_show(self):
        """Keys, and the check without this program, as they stand in samples/README.md."""
        with open(os.path.join(SAMPLES, "README.md"), encoding="utf-8") as file:
            _, _, section = file.read().partition("## Keys")
        lines = [line.strip() for line in section.splitlines() if line.startswith("    ")]
        self.assertEqual(len(lines), 5)

        def run(line):
            return subprocess.run(
                ["/bin/sh", "-ec", line], cwd=self.ws.path, check=True, capture_output=True, text=True
            ).stdout

        for line in lines[:2]:
            run(line)
        self.upload("--sign-key", "sign-key.pem")
        self.assertEqual(self.verdict(code=0, key="verify-key.pem"), [])
        os.link(self.ws.file(MANIFEST), self.ws.file("M"))
        self.assertIn("Verified Successfully", "".join(run(line) for line in lines[2:]))


if __name__ == "__main__":
    import unittest

    unittest.main()
