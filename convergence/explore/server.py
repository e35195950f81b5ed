"""The page of the explorer, served by this machine to itself alone.

Only the loopback address is listened to, and only requests that name it as their host are
answered, so that no page of the web can ask through a browser. Nothing is fetched from anywhere
else: style, script and pictures are in the page or come from here.
"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from convergence.audit.policy import policy
from convergence.errors import InvalidInput, told
from convergence.explore.bench import Bench
from convergence.explore.query import read
from convergence.files import json_text

HERE = Path(__file__).parent
LOOPBACK = "127.0.0.1"
SHARED = HERE.parent / "report/page.css"


def page(bench: Bench, start: str) -> str:
    """The page, which begins at the claim `start`."""
    environment = Environment(
        loader=PackageLoader("convergence.explore", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (HERE / "page.js").read_text(encoding="utf-8")
    style = "".join(p.read_text(encoding="utf-8") for p in (SHARED, HERE / "page.css"))
    families: dict[str, list[dict[str, str]]] = {}
    for entry in bench.menu():
        families.setdefault(entry["family"], []).append(entry)
    return environment.get_template("page.html").render(
        script=Markup(script),
        style=Markup(style),
        policy=Markup(f"{policy(script, style)}; connect-src 'self'"),
        families=families,
        start=start,
    )


class Server(ThreadingHTTPServer):
    """Answers `/` with the page and `/answer?…` with JSON; port 0 is any that is free."""

    daemon_threads = True

    def __init__(self, bench: Bench, start: str, port: int = 0):
        self.bench, self.page = bench, page(bench, start).encode()
        try:
            super().__init__((LOOPBACK, port), Handler)
        except OSError as error:
            raise InvalidInput(
                f"Port {port} cannot be listened to ({error.strerror}); leave --port out for one "
                "that is free."
            ) from error

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{LOOPBACK}:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Any  # a `Server`
    server_version, sys_version = "convergence", ""

    def do_GET(self) -> None:
        """The page, or an answer; a sentence for everything else."""
        if self.headers.get("Host", "") not in {
            f"{name}:{self.server.server_port}" for name in (LOOPBACK, "localhost")
        }:
            self.give(403, "text/plain", b"This page is for the machine that serves it.\n")
            return
        address = urlsplit(self.path)
        if address.path == "/":
            self.give(200, "text/html", self.server.page)
        elif address.path == "/answer":
            self.answer(dict(parse_qsl(address.query, keep_blank_values=True)))
        else:
            self.give(404, "text/plain", b"There is / and /answer?claim=...\n")

    def answer(self, words: dict[str, str]) -> None:
        """What the page shows, or why it cannot."""
        try:
            start = self.server.bench.claim(words.get("claim", ""))
            code, found = 200, self.server.bench.answer(read(words, start))
        except InvalidInput as error:
            code, found = 400, {"error": f"{told(error)}."}
        except Exception as error:  # an instance that nobody foresaw ends no server
            code, found = 500, {"error": f"This cannot be run: {told(error)}."}
        self.give(code, "application/json", json_text(found).encode())

    def give(self, code: int, kind: str, content: bytes) -> None:
        """Send it, to a reader who may have left."""
        try:
            self.send_response(code)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a slider asks ten times a second."""
