"""The speeds that are to hold, one after the other, by short rounds of the other scripts: some eight minutes on two cores.

    python benchmarks/speed.py [--torch-python DIR/bin/python] [--json FILE]

The scripts by themselves take more rounds, and are what to believe where a verdict here is close; memory.py and comparing.py
take longer, and are left out. Exits with 1 if a goal is missed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reporting import keep, say

HERE = Path(__file__).parent
PARTS = {
    "step": ["--rounds", "3"],
    "throughput": ["--rounds", "2", "--calls", "40"],
    "scaling": ["--rounds", "2", "--window", "2"],
    "start": ["--rounds", "1"],
    "rendering": ["--seconds", "6"],
}
"""Each script with what makes it short."""


def main() -> int:
    """Run them all."""
    parser = argparse.ArgumentParser(description="All speeds that are to hold, measured briefly.")
    parser.add_argument("--torch-python", help="an interpreter that has torch (default: this one, if it has)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every figure in this file, too")
    arguments = parser.parse_args()
    began, figures, missed = time.perf_counter(), {}, []
    with tempfile.TemporaryDirectory() as folder:
        for name, options in PARTS.items():
            say(f"== {name}.py {' '.join(options)}")
            kept = Path(folder) / f"{name}.json"
            command = [sys.executable, str(HERE / f"{name}.py"), *options, "--json", str(kept)]
            if name == "step" and arguments.torch_python:
                command += ["--torch-python", arguments.torch_python]
            if subprocess.run(command, check=False).returncode:
                missed.append(name)
            figures[name] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else None
    keep(figures, arguments.json)
    say(
        f"{time.perf_counter() - began:.0f} s; "
        + (f"goals missed, or not measured, in: {', '.join(missed)}" if missed else "every goal reached")
    )
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
