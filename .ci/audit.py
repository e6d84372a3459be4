"""Known vulnerabilities of the pinned dependencies, as far as the index in use tells any.

Exit codes: 0 where all were audited and none is vulnerable, 1 where one is, 3 where not all could be audited: that
is no pass, and no failure either, for a machine without the public index must be able to run the gate.

An index that tells nothing of vulnerabilities looks like one that knows of none. So a package is asked for, too, that
is known to be vulnerable and is never installed; an index that finds nothing wrong with it has told nothing at all.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PINNED = (ROOT / ".ci/requirements.txt", ROOT / ".ci/requirements-postgres.txt")  # what an image has
CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 3
KNOWN = "jinja2"  # 2.4.1: the example of https://docs.pypi.org/api/json/ for what an index tells of vulnerabilities
LINE = f"{KNOWN}==2.4.1 --hash=sha256:{'0' * 64}\n"  # of no file: it is asked about, not fetched


def verdict(packages: Sequence[dict[str, Any]], wanted: int, why: str = "") -> tuple[int, str]:
    """Return the exit code and the lines for what pip-audit told; ``wanted`` is how many packages are pinned."""
    tells = any(each["name"].lower() == KNOWN and each.get("vulns") for each in packages)
    ours = list({each["name"]: each for each in packages if each["name"].lower() != KNOWN}.values())
    asked = [each for each in ours if "skip_reason" not in each]
    found = [
        f"  {each['name']} {each['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none yet'}"
        for each in asked
        for flaw in each["vulns"]
    ]
    number = len(asked) if tells or found else 0
    says = f"dependencies: {number} of {wanted} could be audited here"
    if found:
        return VULNERABLE, "\n".join([f"{says}, {len(found)} vulnerabilities", *found])
    if number == wanted:
        return CLEAN, f"{says}, none is known to be vulnerable"
    if not tells:
        why = why or "the index in use tells nothing of vulnerabilities"
    left = sorted(each["name"] for each in ours if "skip_reason" in each) if tells else []
    more = f"; not audited: {', '.join(left)}" if left else ""
    return NOT_AUDITED, f"{says}{f' ({why})' if why else ''}{more}"


def main() -> int:
    """Ask for each pinned package, print what is known and return the exit code."""
    lines = [line for file in PINNED for line in file.read_text(encoding="utf-8").splitlines()]
    wanted = len({line.partition("==")[0] for line in lines if line[:1].isalnum() and "==" in line})
    with tempfile.TemporaryDirectory(prefix="flowbot-audit-") as folder:
        known = Path(folder) / "known.txt"
        known.write_text(LINE, encoding="utf-8")
        run = subprocess.run(
            [
                *(str(Path(sys.executable).parent / "pip-audit"), "--format", "json", "--progress-spinner", "off"),
                *("--disable-pip", "--require-hashes", "-r", str(known)),
                *(word for file in PINNED for word in ("-r", str(file))),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        packages, why = json.loads(run.stdout)["dependencies"], ""
    except (ValueError, KeyError, TypeError):
        packages, why = [], (run.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1][:300]
    code, says = verdict(packages, wanted, why)
    print(says)
    return code


if __name__ == "__main__":
    sys.exit(main())
