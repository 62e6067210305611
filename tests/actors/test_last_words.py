"""What a run does with the seconds between SIGTERM and its end."""

import os
import signal
import subprocess
import sys
import time

from actors.last_words import saved_file

CODE = """
import os, pathlib, sys, time
from actors.last_words import before_the_end, saved_file
saved_file(os.getpid()).touch()  # as a process left it that had this pid before
before_the_end(lambda: pathlib.Path(sys.argv[1]).touch())
print(saved_file(os.getpid()).exists(), flush=True)
time.sleep(600)
"""


def test_it_is_said_that_all_is_saved_once_it_is_and_not_because_a_process_of_before_said_so(tmp_path) -> None:
    with subprocess.Popen([sys.executable, "-c", CODE, str(tmp_path / "saved")], stdout=-1, text=True) as process:
        assert process.stdout is not None
        said, path = process.stdout.readline().strip(), saved_file(process.pid)
        try:
            assert said == "False"
            os.kill(process.pid, signal.SIGTERM)
            deadline = time.monotonic() + 60
            while not path.exists():
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert (tmp_path / "saved").exists()
        finally:
            process.kill()
            path.unlink(missing_ok=True)
