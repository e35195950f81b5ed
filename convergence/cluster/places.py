"""Folders and addresses that records are pushed to and pulled from, through fsspec.

A place holds `<digest>.record` files and an index of them in JSON. Whatever it holds is data of a
stranger: bounded in size, of a known form, never unpickled.
"""

from __future__ import annotations

import json
from typing import Any

from convergence import records
from convergence.cluster.executors import extra
from convergence.errors import InvalidInput, told
from convergence.files import LARGEST
from convergence.schemas import wrong

SCHEMA, INDEX = "convergence-records/1", "index.json"
# Protocols that move bytes; others of fsspec unpack archives, follow references or run programs.
PROTOCOLS = (
    "file", "memory", "http", "https", "s3", "gs", "gcs", "abfs", "az", "sftp", "ssh", "hf",
)  # fmt: skip


class Place:
    """A folder or address, checked."""

    def __init__(self, address: str):
        with extra("share", "fsspec"):
            from fsspec.core import url_to_fs
        protocol, mark, _ = address.partition("://")
        self.address = address
        if "::" in address or (mark and protocol not in PROTOCOLS):
            raise InvalidInput(
                f"Got {address!r}, but a folder or an address that begins with one of "
                f"{', '.join(PROTOCOLS)} is needed; others are not read from or written to."
            )
        try:
            self.files, self.root = url_to_fs(address)
        except Exception as error:
            raise self._lost(error) from None

    def _lost(self, error: Exception) -> InvalidInput:
        return InvalidInput(f"{self.address!r} cannot be used ({told(error)}); check the address.")

    def read(self, name: str, most: int) -> bytes | None:
        """The bytes of a file of at most `most`; None where there is none."""
        try:
            with self.files.open(f"{self.root.rstrip('/')}/{name}", "rb") as stream:
                found = stream.read(most + 1)
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._lost(error) from None
        if len(found) > most:
            raise InvalidInput(f"{name} of {self.address!r} has more than {most} bytes.")
        return found

    def write(self, name: str, content: bytes) -> None:
        """Put a file there."""
        try:
            self.files.makedirs(self.root, exist_ok=True)
            self.files.pipe_file(f"{self.root.rstrip('/')}/{name}", content)
        except Exception as error:
            raise self._lost(error) from None

    def index(self) -> list[dict[str, Any]] | None:
        """What the place holds, entries in their form; None where it has no index."""
        raw = self.read(INDEX, LARGEST)
        if raw is None:
            return None
        try:
            found: Any = json.loads(raw)
        except (ValueError, RecursionError):
            found = None
        if fault := wrong(found, "records"):
            raise InvalidInput(
                f"{INDEX} of {self.address!r} is no index of records ({fault}); name a place that "
                "`convergence records push` filled."
            )
        return found["records"]

    def fetch(self, entry: dict[str, Any]) -> bytes:
        """The content of a record."""
        found = self.read(f"{entry['digest']}.record", min(entry["bytes"], records.LARGEST))
        if found is None:
            raise records.Unsound("it is in the index alone")
        return found

    def put(self, entries: list[dict[str, Any]]) -> None:
        """Write the index."""
        text = json.dumps({"schema": SCHEMA, "records": entries}, indent=1, sort_keys=True)
        self.write(INDEX, text.encode())
