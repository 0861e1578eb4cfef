"""A certificate authority for tests, made by the openssl command."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest


class Certificate(NamedTuple):
    cert_file: Path
    key_file: Path


class Authority:
    """Signs certificates for servers and clients; all of it lives in `directory`."""

    def __init__(self, directory: Path) -> None:
        program = shutil.which("openssl")
        if program is None:
            pytest.skip("openssl is not installed; on Debian: apt-get install openssl")
        self._program = program
        self._directory = directory
        directory.mkdir(parents=True)
        self.ca_file = directory / "ca.crt"
        self._ca_key = directory / "ca.key"
        self._run("req", "-x509", "-days", "2", "-subj", "/CN=test authority", *self._new_key(self._ca_key))
        shutil.move(directory / "out.crt", self.ca_file)

    def issue(self, name: str) -> Certificate:
        """A certificate for a host or an address, good for server and client."""
        cert_file, key_file = self._directory / f"{name}.crt", self._directory / f"{name}.key"
        request, names = self._directory / f"{name}.csr", self._directory / f"{name}.ext"
        kind = "IP" if name.replace(".", "").isdigit() else "DNS"
        names.write_text(f"subjectAltName={kind}:{name}\n")
        self._run("req", "-subj", f"/CN={name}", *self._new_key(key_file))
        shutil.move(self._directory / "out.crt", request)
        self._run(
            *("x509", "-req", "-days", "2", "-in", str(request), "-CA", str(self.ca_file)),
            *("-CAkey", str(self._ca_key), "-CAcreateserial", "-extfile", str(names)),
        )
        shutil.move(self._directory / "out.crt", cert_file)
        return Certificate(cert_file, key_file)

    def _new_key(self, key_file: Path) -> list[str]:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key_file)]

    def _run(self, *arguments: str) -> None:
        command = [self._program, *arguments, "-out", str(self._directory / "out.crt")]
        subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=self._directory)
