"""Importing TFDS in one thread leaves the imports of the others alone."""

import subprocess
import sys

SCRIPT = """
import sys, threading, types
from explorer.data.tfds import import_tfds

done, failures, rounds = threading.Event(), [], 0

def keep_importing():
    global rounds
    while not done.is_set():
        for loaded in [loaded for loaded in sys.modules if loaded.split(".")[0] == "bystander"]:
            del sys.modules[loaded]
        try:
            import bystander.part
            assert isinstance(bystander.part.sibling, types.ModuleType), type(bystander.part.sibling)
        except Exception as error:
            failures.append(repr(error))
        rounds += 1

thread = threading.Thread(target=keep_importing)
thread.start()
tfds = import_tfds()
done.set()
thread.join()
print(tfds.__name__, rounds > 3, failures[:3])
"""


def test_importing_tfds_in_a_thread_leaves_the_imports_of_others_alone(tmp_path):
    package = tmp_path / "bystander"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "sibling.py").touch()
    (package / "part.py").write_text("from . import sibling\n")
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{SCRIPT}"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert ended.stdout.strip() == "tensorflow_datasets True []", ended.stderr[-2000:]
