#!/usr/bin/env python3
"""Writes what the program is built with as CycloneDX JSON (https://cyclonedx.org), the same for the same
versions: without a time or a random number.

usage: sbom.py OUTPUT VERSION NAME=VERSION...
A VERSION of a library that tells none to pkg-config is HEADER:MACRO[.MACRO...] of its header.
"""

import json
import re
import subprocess
import sys
import uuid

# license (SPDX), and vendor and product as the lists of vulnerabilities name them
KNOWN = {
    "libcurl": ("curl", "haxx", "libcurl"),
    "openssl": ("Apache-2.0", "openssl", "openssl"),
    "sqlite": ("blessing", "sqlite", "sqlite"),
    "libcsv": ("LGPL-2.1-or-later", "libcsv_project", "libcsv"),
    "yajl": ("ISC", "yajl_project", "yajl"),
    "inih": ("BSD-3-Clause", "inih_project", "inih"),
    "uthash": ("BSD-1-Clause", "uthash_project", "uthash"),
    "libseccomp": ("LGPL-2.1-only", "libseccomp_project", "libseccomp"),
    "libpq": ("PostgreSQL", "postgresql", "postgresql"),
    "libxlsxwriter": ("BSD-2-Clause", "libxlsxwriter_project", "libxlsxwriter"),
    "libmicrohttpd": ("LGPL-2.1-or-later", "gnu", "libmicrohttpd"),
    "gnutls": ("LGPL-2.1-or-later", "gnu", "gnutls"),
}
FOR_THE_SANDBOX = {"libmicrohttpd", "gnutls"}


def version_of(text):
    """The version itself, or what the macros of a header say."""
    header, colon, macros = text.partition(":")
    if not colon:
        return text
    source = f"#include <{header}>\n" + "".join(f'"{name}" {name}\n' for name in macros.split("."))
    done = subprocess.run(["cc", "-E", "-P", "-"], input=source, capture_output=True, text=True, check=True)
    found = dict(re.findall(r'^"(\w+)" "?([\w.]+)', done.stdout, re.M))
    return ".".join(found[name] for name in macros.split("."))


def component(name, version):
    license_id, vendor, product = KNOWN[name]
    return {
        "type": "library",
        "bom-ref": f"{name}@{version}",
        "name": name,
        "version": version,
        "scope": "excluded" if name in FOR_THE_SANDBOX else "required",
        "licenses": [{"license": {"id": license_id}}],
        "cpe": f"cpe:2.3:a:{vendor}:{product}:{version}:*:*:*:*:*:*:*",
        "purl": f"pkg:generic/{name}@{version}",
    }


def main(output, version, *libraries):
    pairs = sorted(pair.split("=", 1) for pair in libraries)
    components = [component(name, version_of(text)) for name, text in pairs]
    program = f"claimbatch@{version}"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": program,
                "name": "claimbatch",
                "version": version,
                "licenses": [{"license": {"id": "MIT"}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": program, "dependsOn": [one["bom-ref"] for one in components]}],
    }
    name = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    document["serialNumber"] = f"urn:uuid:{name}"
    with open(output, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
