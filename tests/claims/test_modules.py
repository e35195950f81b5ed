"""Claims of a user's file, and what is said of files that have none."""

from __future__ import annotations

from typing import Any

import pytest

from convergence.claims import modules
from convergence.claims.identity import Identity
from convergence.claims.modules import claims_in, distinct, file_of, load, name_of, sound
from convergence.errors import InvalidInput
from convergence.theorems import Woodbury


def test_claims_of_files(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    head = "from convergence.claims.identity import Identity\n"
    head += "from convergence.theorems import Woodbury\n"
    file = tmp_path / "mine.py"
    file.write_text(head + "CLAIMS = (Identity('a', Woodbury()), Identity('b', Woodbury()))\n")
    a, b = claims_in(file)
    assert (a.slug, b.slug) == ("a", "b")
    assert file_of(a) == file_of(b) == file
    assert file_of(Identity("a", Woodbury())) is None
    assert claims_in(file)[0] is a
    assert len(name_of(file)) == len("claims_mine_") + 8
    assert distinct([a, b, a]) == (a, b) == sound([a, b], "here")
    for text, said in (
        ("x = 1\n", "has no CLAIMS"), ("CLAIMS = ()\n", "must be a tuple of one Claim or more"),
        (head + "CLAIMS = (Identity('a', Woodbury()), 3)\n", "must be a tuple"),
        ("CLAIMS = 'a'\n", "must be a tuple"),
        (head + "CLAIMS = (Identity('a', Woodbury()), Identity('a', Woodbury()))\n", "Two claims"),
        ("raise ImportError('no', name='torch')\n", r"\[torch\]"),
        ("1 / 0\n", r"zero \(bad.py:1\)\.$"),
        ("raise ImportError('no', name='numpy')\n", r"no \(bad.py:1\)\.$"),
        ("e = ValueError('no'); e.name = 'torch'; raise e\n", r"no \(bad.py:1\)\.$"),
    ):  # fmt: skip
        bad = tmp_path / "bad.py"
        bad.write_text(text)
        with pytest.raises(InvalidInput, match=said):
            claims_in(bad)
        monkeypatch.delitem(modules.sys.modules, name_of(bad), raising=False)
    monkeypatch.setattr(modules, "LARGEST", file.stat().st_size)
    monkeypatch.delitem(modules.sys.modules, name_of(file))
    assert load(file).CLAIMS[0].slug == "a"
    for path, said in (tmp_path, "There is no file"), (tmp_path / "none.py", "There is no file"):
        with pytest.raises(InvalidInput, match=said):
            load(path)
    file.write_text(file.read_text() + "\n")
    monkeypatch.delitem(modules.sys.modules, name_of(file))
    with pytest.raises(InvalidInput, match="bytes and is no module"):
        load(file)
    odd = tmp_path / "odd.txt"
    odd.write_text("CLAIMS = ()\n")
    with pytest.raises(InvalidInput, match="is no Python file"):
        load(odd)
