"""What the build says it is made of is what the program is linked with."""

import json
import os
import re
import shutil
import subprocess
import unittest

from harness import TestCase

# By the name of a shared library; those of the C library itself are no parts of the build.
NAMES = {
    "libcurl": "libcurl",
    "libcrypto": "openssl",
    "libssl": "openssl",
    "libsqlite3": "sqlite",
    "libcsv": "libcsv",
    "libyajl": "yajl",
    "libinih": "inih",
    "libseccomp": "libseccomp",
    "libpq": "libpq",
    "libxlsxwriter": "libxlsxwriter",
}
OF_THE_SYSTEM = ("libc", "libm", "libpthread", "libasan", "libubsan", "libtsan", "ld-linux-x86-64", "ld-linux-aarch64")


class SbomTest(TestCase):
    def document(self):
        folder = os.path.dirname(os.path.abspath(self.ws.binary))
        with open(os.path.join(folder, "claimbatch.cdx.json"), encoding="utf-8") as file:
            return json.load(file)

    def test_it_is_a_document_of_the_format(self):
        document = self.document()
        self.assertEqual(document["bomFormat"], "CycloneDX")
        self.assertRegex(document["serialNumber"], r"^urn:uuid:[0-9a-f-]{36}$")
        said = self.ws.run("--version").out.split()[1]
        self.assertEqual(document["metadata"]["component"]["version"], said)
        references = [one["bom-ref"] for one in document["components"]]
        self.assertEqual(len(references), len(set(references)))
        self.assertEqual(document["dependencies"][0]["dependsOn"], references)
        for one in document["components"]:
            with self.subTest(one["name"]):
                self.assertRegex(one["version"], r"^\d+[\w.]*$")
                self.assertIn(one["version"], one["cpe"])

    @unittest.skipUnless(shutil.which("readelf"), "there is no readelf")
    def test_every_library_that_is_linked_is_in_it(self):
        text = subprocess.run(
            ["readelf", "-d", self.ws.binary], check=True, capture_output=True, text=True
        ).stdout
        needed = re.findall(r"\(NEEDED\).*\[(\w[\w.-]*?)\.so", text)
        self.assertIn("libcurl", needed)
        there = {one["name"] for one in self.document()["components"]}
        for name in needed:
            if name in OF_THE_SYSTEM:
                continue
            with self.subTest(name):
                self.assertIn(name, NAMES)
                self.assertIn(NAMES[name], there)
