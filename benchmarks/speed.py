"""The speeds that are to hold on a processor, by short rounds of the other scripts, and one table: in less than five minutes.

    python benchmarks/speed.py [--torch-python DIR/bin/python] [--json FILE]

The scripts by themselves take more rounds, and are what to believe where a verdict here is close. comparing.py, and what
memory.py tells of a long run, take longer than this may. Exits with 1 if a goal is missed or something is not measured.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from reporting import Row, conclude, say

HERE = Path(__file__).parent
PARTS = {
    "step": ["--rounds", "2", "--window", "0.5"],
    "throughput": ["--rounds", "1", "--window", "3", "--calls", "30"],
    "scaling": ["--rounds", "1", "--window", "3"],
    "start": ["--rounds", "1", "--at-once"],
    "rendering": ["--seconds", "4"],
    "memory": ["--runs", "1", "--steps", "0"],
}
"""Each script with what makes it short."""


def main() -> int:
    """Run them all."""
    parser = argparse.ArgumentParser(description="All speeds that are to hold, measured briefly.")
    parser.add_argument("--torch-python", help="an interpreter that has torch (default: this one, if it has)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every figure in this file, too")
    arguments = parser.parse_args()
    began, rows = time.perf_counter(), []
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, options in PARTS.items():
            say(f"{time.perf_counter() - began:4.0f} s: {name}.py {' '.join(options)}")
            kept = Path(folder) / f"{name}.json"
            command = [sys.executable, str(HERE / f"{name}.py"), *options, "--json", str(kept)]
            environment = dict(os.environ)
            if name == "step":
                command += ["--torch-python", arguments.torch_python] if arguments.torch_python else []
            else:  # compiled once for all of them; of step's peers, what was compiled for two threads would serve one
                environment["JAX_COMPILATION_CACHE_DIR"] = str(Path(folder) / "compiled")
            told = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if not kept.exists():
                say(told.stdout)
                rows.append(Row(f"{name}.py", "not measured", "to be measured", missed=True))
                continue
            figures[name] = json.loads(kept.read_text(encoding="utf-8"))
            rows += [Row(*row) for row in figures[name]["table"]]
    say(f"{time.perf_counter() - began:4.0f} s: done\n")
    return conclude(figures, rows, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
