"""`convergence serve`: the explorer in a browser, or its first answer as JSON."""

from __future__ import annotations

import sys
import webbrowser
from argparse import Namespace

from convergence.cli.gather import gather
from convergence.cli.streams import print_json
from convergence.explore.bench import Bench
from convergence.explore.query import read
from convergence.explore.server import Server

BEGIN = "sgd-ghadimi-lan"


def serve(arguments: Namespace) -> int:
    """Serve until Ctrl-C."""
    bench = Bench(gather(arguments.targets))
    start = next(iter(bench.claims)) if arguments.targets else BEGIN
    if arguments.json:
        print_json(bench.answer(read({}, bench.claim(start))))
        return 0
    with Server(bench, start, arguments.port) as server:
        print(f"{server.address} until Ctrl-C", flush=True)
        if arguments.open:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("", file=sys.stderr)
    return 0
