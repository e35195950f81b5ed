"""The explorer: answers, their speed in programs, its server, and a browser that moves a slider."""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import re
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import pytest

from convergence.claims.base import Claim
from convergence.cli import main
from convergence.errors import InvalidInput
from convergence.explore.bench import FEW, Bench
from convergence.explore.query import LONGEST, read
from convergence.explore.server import Handler, Server
from convergence.figures.runs import POINTS
from convergence.noise import Gaussian, Noiseless
from convergence.problems import Huber, Isotropic
from convergence.registry import registry
from convergence.theorems import GradientDescentConvex, SGDNonconvex
from tests.test_browser import BROWSER, FLAGS, needs_browser
from tests.test_schemas import check

SQUARE = Claim(
    "square", SGDNonconvex(), Isotropic([1.0, -1.0]), Gaussian(1.0), horizons=(32,), seeds=256
)
EXACT = Claim("exact", GradientDescentConvex(), Huber(1 / 41), Noiseless(), horizons=(20,), seeds=1)


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench((SQUARE, EXACT))


def ask(bench: Bench, slug: str = "square", **words: Any) -> dict[str, Any]:
    """An answer, checked against its schemas."""
    found = bench.answer(read({k: str(v) for k, v in words.items()}, bench.claim(slug)))
    found = json.loads(json.dumps(found))
    check("explore", found)
    check("report", {"schema": "convergence-report/1", "run": RUN, "claims": [found["report"]],
                     "errors": []})  # fmt: skip
    return found


RUN = {
    "date": "", "versions": {}, "platform": "", "device": "", "devices": 1, "dtype": "float64",
    "rng": "philox", "tier": "quick", "seed": 0, "seeds": None, "alpha": 1e-3, "targets": [],
    "certificate": None, "shared": 1, "asked": 1, "interrupted": False, "seconds": 0.0,
}  # fmt: skip


def test_a_claim_is_judged_as_verify_does_and_a_smaller_bound_is_refuted(bench: Bench):
    # E M_T is 0.99 of the bound, known to 0.3 %: an eighth less or more is decided at any seed.
    assert ask(bench, factor=1.125)["report"]["verdict"] == "CONSISTENT"
    assert ask(bench, factor=0.875)["report"]["verdict"] == "REFUTED"


def test_moving_sliders_compiles_nothing_and_another_factor_runs_nothing(
    monkeypatch: pytest.MonkeyPatch,
):
    # No run and no certificate is remembered, so that the first question compiles.
    kept = importlib.import_module("convergence.laws.certificates")
    monkeypatch.setattr(kept, "_KEPT", {})
    bench = Bench((SQUARE, EXACT))
    first = ask(bench)
    compiled: list[str] = []

    def hear(event: str, duration_secs: float, **kwargs: Any) -> None:
        if "backend_compile" in event:
            compiled.append(event)

    jax.monitoring.register_event_duration_secs_listener(hear)
    asked: list[dict[str, Any]] = [
        {"T": 33}, {"T": 5}, {"noise.sigma": 2}, {"problem.L": 0.5}, {"theorem.scale": 0.25}
    ]  # fmt: skip
    moved = [ask(bench, **words)["svg"] for words in asked]
    ask(bench, seeds=512)
    assert compiled == []
    assert len({first["svg"], *moved}) == 6  # each changes something
    monkeypatch.setattr("convergence.claims.settings.run", None)
    assert ask(bench, factor=0.9)["report"]["verdict"] == "REFUTED"


def test_while_a_slider_moves_few_runs_answer_and_what_takes_long_is_put_off(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    whole = ask(bench, "exact", factor=0.5)
    assert whole["report"]["verdict"] == "REFUTED"
    long = "convergence.claims.base.credentials", "convergence.claims.settle.replay"
    for name in (*long, "convergence.claims.planning.search"):
        monkeypatch.setattr(name, None)
    found = ask(bench, "exact", factor=0.5, rough=1)
    assert found["report"]["verdict"] == "INCONCLUSIVE"
    assert "when the slider is let go" in found["report"]["reason"]
    assert ask(bench, "exact", rough=1)["report"]["verdict"] == "CONSISTENT"
    few = ask(bench, factor=0.97, seeds=2, rough=1)
    assert few["report"]["verdict"] == "INCONCLUSIVE"  # and no plan says how many decide
    rough = ask(bench, factor=0.25, rough=1)["report"]
    assert rough["verdict"] == "REFUTED"
    assert rough["horizons"][-1]["seeds"] == 32


def test_while_a_slider_moves_the_bound_is_asked_for_at_few_places_and_moments_at_none(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    def stated(**words: Any) -> list[float]:
        found = ask(bench, "exact", T=1000, **words)["trajectory"]["bound"]
        assert isinstance(found[-1], float)
        return [b for b in found if isinstance(b, float)]

    assert 2 <= len(stated(rough=1)) <= FEW + 1
    assert len(stated()) == POINTS
    assert ask(bench, seeds=64)["report"]["horizons"]
    monkeypatch.setattr("convergence.claims.certificates.analyse", None)  # whoever asks it fails
    assert ask(bench, seeds=64, rough=1)["report"]["grade"] != "certified"
    with pytest.raises(TypeError):
        ask(bench, seeds=65)


def test_a_range_keeps_its_order_and_a_method_may_meet_another_problem(bench: Bench):
    assert ask(bench, "exact", factor=0.5)["report"]["verdict"] == "REFUTED"
    found = ask(bench, "exact", problem="square")
    assert found["report"]["problem"].startswith("Isotropic")
    assert found["report"]["verdict"] == "CONSISTENT"


def test_what_an_assumption_forbids_is_inapplicable_and_says_so(bench: Bench):
    found = ask(bench, "exact", noise="square")
    assert found["report"]["verdict"] == "INAPPLICABLE"
    assert found["svg"] == ""
    assert found["no_trajectory"] == found["report"]["reason"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"T": "0"}, "Got T = '0', but a number from 1 to 65536 is needed"),
        ({"T": "1.5"}, "but a whole number"),
        ({"seeds": "nan"}, "but a number from 2"),
        ({"factor": "x"}, "Got factor = 'x'"),
        ({"shape": "1"}, "Got 'shape' in the address"),
        ({"noise.p": "2"}, "Got a factor for 'p' of Gaussian, but one of sigma is needed"),
        ({"problem": "nothing"}, "Got the claim 'nothing'"),
        ({"theorem.scale": "2"}, "a number in (0, 2) is needed"),
    ],
)
def test_bad_input_is_one_sentence(bench: Bench, words: dict[str, str], sentence: str):
    with pytest.raises(InvalidInput, match=re.escape(sentence)):
        bench.answer(read(words, SQUARE))


@pytest.fixture
def server(bench: Bench) -> Iterator[Server]:
    with Server(bench, "square") as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def get(address: str, **headers: str) -> tuple[int, str]:
    """Code and text of a reply."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_server_answers_this_machine_alone_and_never_with_a_traceback(server: Server):
    code, page = get(server.address)
    assert code == 200
    assert "http" not in page.replace("http-equiv", "")  # nothing is fetched from elsewhere
    assert get(server.address, Host="evil.example:80")[0] == 403
    assert get(server.address + "etc/passwd")[0] == 404
    code, text = get(server.address + "answer?claim=square&T=x")
    assert (code, list(json.loads(text))) == (400, ["error"])
    code, text = get(server.address + "answer?claim=square")
    assert code == 200
    check("explore", json.loads(text))
    with pytest.raises(InvalidInput, match=f"Port {server.server_port} cannot be listened to"):
        Server(server.bench, "square", server.server_port)


def test_a_failure_that_nobody_foresaw_is_a_sentence_too(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Bench, "answer", lambda self, query: [][0])
    code, text = get(server.address + "answer?claim=square")
    assert code == 500
    assert json.loads(text)["error"].startswith("This cannot be run: IndexError")


def test_the_command_prints_the_first_answer(capsys: pytest.CaptureFixture[str]):
    assert main(["serve", str(Path(__file__).with_name("own.py")), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    check("explore", found)
    assert found["query"]["claim"] == "own-good"
    with pytest.raises(SystemExit):
        main(["serve", "--port", "99999"])
    with pytest.raises(InvalidInput, match="no claim that is judged by runs"):
        Bench(())


DRIVER = """
const until = (good) => new Promise((done) => {
  if (good()) return done();
  new MutationObserver((_, watch) => { if (good()) { watch.disconnect(); done(); } })
    .observe(document.body, { attributes: true });
});
const move = async (id, change) => {
  await until(() => document.body.dataset.ready === "1");
  document.body.dataset.ready = "";
  const input = document.getElementById(id);
  input.value = change(Number(input.value));
  input.dispatchEvent(new Event("input"));
  input.dispatchEvent(new Event("change"));
  await until(() => document.body.dataset.ready === "1");
  return [document.getElementById("verdict").textContent, location.hash.slice(1)];
};
(async () => {
  const found = [];
  found.push(await move("s-factor", (at) => at + 3));
  found.push(await move("s-factor", () => 0));
  found.push(await move("s-theorem.scale", () => 40));
  const wide = [...document.querySelectorAll("body *")].filter(
    (e) => !e.closest(".wide") && e.getBoundingClientRect().right > innerWidth + 1);
  found.push([innerWidth, document.documentElement.scrollWidth, wide.map((e) => e.tagName)]);
  parent.postMessage(JSON.stringify(found), "*");
})();
"""
FRAME = """<!doctype html><title></title><script>onmessage = e => document.title = e.data</script>
<iframe src="/" style="border: 0; height: 900px; width: {width}px"></iframe>"""


class Framed(Handler):
    """The page in a frame of its own origin, for no window is as narrow as a telephone."""

    def do_GET(self) -> None:
        if self.path.startswith("/frame"):
            self.give(200, "text/html", FRAME.format(width=self.path[6:]).encode())
        else:
            super().do_GET()


@needs_browser
@pytest.mark.parametrize("width", [1280, 400])
def test_a_browser_moves_sliders_and_the_verdict_follows(
    server: Server, width: int, tmp_path: Path
):
    allowed = base64.b64encode(hashlib.sha256(DRIVER.encode()).digest()).decode()
    page = server.page.decode().replace("script-src ", f"script-src 'sha256-{allowed}' ")
    server.page = page.replace("</body>", f"<script>{DRIVER}</script></body>").encode()
    server.RequestHandlerClass = Framed
    options = [f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--dump-dom"]
    seen = subprocess.run(
        [str(BROWSER), *FLAGS, *options, f"{server.address}frame{width}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    title = re.findall(r"<title>(\[.*?\])</title>", seen.stdout)
    assert title, seen.stderr[-2000:]
    up, down, far, (inner, content, wide) = json.loads(title[0].replace("&amp;", "&"))
    assert up == ["CONSISTENT", "claim=square&factor=1.05"]
    assert down == ["REFUTED", "claim=square&factor=0.25"]
    assert far == ["no answer", "claim=square&factor=0.25&theorem.scale=32"]  # beyond 2/L
    assert (inner, wide) == (width, [])
    assert content <= width
    said = [line for line in seen.stderr.splitlines() if "CONSOLE" in line]
    assert all("400 (Bad Request)" in line for line in said), said


def test_every_statement_that_is_offered_can_be_opened():
    """Also where its own horizon is beyond the slider's end."""
    starts = Bench(registry()).first.values()
    assert max(start.horizons[-1] for start in starts) > LONGEST
    assert max(read({}, start).T for start in starts) == LONGEST
