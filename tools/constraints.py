"""Resolve every extra afresh and write constraints.txt: `make constraints`.

The hand-made pins at the top of constraints.txt are kept and obeyed; everything else is taken at
the newest version that fits pyproject.toml's ranges. Nothing is installed.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "constraints.txt"
EXTRAS = "all,bench,dev,docs"
MARK = "# --- resolved by `make constraints`; not edited by hand"


def resolve(pins: str) -> dict[str, str]:
    """The name and version of all that `pip install -e .[EXTRAS]` would bring under these pins."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run"]
    command += ["--ignore-installed", "--report", "-", "-e", f".[{EXTRAS}]"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(pins)
        file.flush()
        command += ["-c", file.name]
        run = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    found = {
        item["metadata"]["name"].lower().replace("_", "-"): item["metadata"]["version"]
        for item in json.loads(run.stdout)["install"]
    }
    del found["heatlens"]
    # "2.13.0+cpu" names one build; "2.13.0" lets pip take the build that this machine offers.
    return {name: version.partition("+")[0] for name, version in found.items()}


def main() -> None:
    """Rewrite constraints.txt below its mark."""
    pins = FILE.read_text().partition(MARK)[0]
    versions = resolve(pins)
    by_hand = {line.partition("==")[0] for line in pins.splitlines() if "==" in line}
    lines = [f"{name}=={versions[name]}" for name in sorted(versions) if name not in by_hand]
    FILE.write_text(pins + MARK + "\n" + "\n".join(lines) + "\n")
    print(f"{len(lines)} versions resolved under {len(by_hand)} pins")


if __name__ == "__main__":
    main()
