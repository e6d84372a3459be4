"""Known vulnerabilities of the pinned dependencies, as far as the registry in use tells them."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Ask for each pinned package; return 1 where one is known to be vulnerable."""
    run = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "pip-audit"), "--format", "json", "--progress-spinner", "off"),
            *("--disable-pip", "--require-hashes", "-r", str(ROOT / ".ci/requirements.txt")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        packages = json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        print("not audited: the registry tells nothing of vulnerabilities\n", run.stderr[-500:])
        return 0
    asked = [each for each in packages if "skip_reason" not in each]
    found = [
        f"{each['name']} {each['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none yet'}"
        for each in asked
        for flaw in each["vulns"]
    ]
    print(f"{len(asked)} of {len(packages)} packages audited, {len(found)} vulnerabilities", *found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
