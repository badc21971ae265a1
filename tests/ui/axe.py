"""axe-core, which looks for what keeps people with disabilities from using a page. It comes from its npm package when
it is first needed and stays in a cache; it is MPL-2.0 and not part of the project."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

PACKAGE = "axe-core@4.10.3"
MEMBER = "package/axe.min.js"
SHA256 = "880970c081707360e64f34cea25ff91892f5bc95675b0776925b9709dd8a68bb"
CACHE = Path.home() / ".cache" / "paper-assistant-tests"
CI = bool(os.environ.get("ASSISTANT_CI"))
"""Whether nothing may be skipped (.ci/run)."""
GRAVE = ("serious", "critical")
RUN = """rules => axe.run(document, rules.length ? {runOnly: {type: 'rule', values: rules}} : {})
  .then(r => r.violations.map(v => [v.impact, v.id, v.nodes.map(n => n.html.slice(0, 160)).slice(0, 5)]))"""


def missing(reason: str) -> None:
    """Skip what cannot be looked at here; where all must be (.ci/run), that is a failure."""
    if CI:
        pytest.fail(f"{reason}, and here nothing may be skipped")
    pytest.skip(reason)


def source() -> str:
    """The script. Skips the test where it cannot be had."""
    kept = CACHE / f"{PACKAGE}.js"
    if not kept.is_file():
        script = _fetch()
        CACHE.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(script)
    data = kept.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        kept.unlink()
        pytest.fail(f"{PACKAGE} is not the one that is meant")
    return data.decode("utf-8")


def _fetch() -> bytes:
    npm = shutil.which("npm")
    if npm is None:
        missing("no npm on this machine to fetch axe-core with")
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(
                [str(npm), "pack", PACKAGE, "--silent"], cwd=folder, check=True, capture_output=True, timeout=90
            )
        except (subprocess.SubprocessError, OSError):
            missing(f"{PACKAGE} cannot be fetched by npm")
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as tar:
            member = tar.extractfile(MEMBER)
            assert member is not None
            return member.read()


def grave(tab: Any, script: str, *rules: str) -> list[tuple[str, str, list[str]]]:
    """What is serious or critical on the page as it stands: (impact, rule, elements)."""
    if not tab.evaluate("typeof window.axe === 'object'"):
        tab.evaluate(script)
    return [tuple(v) for v in tab.evaluate(RUN, list(rules)) if v[0] in GRAVE]
