"""Prepared data sets, read through tensorflow-datasets (TFDS) without TensorFlow."""

from collections.abc import Callable, Iterator
from io import BytesIO
from time import monotonic
from typing import Any

import numpy as np

from explorer.data.cache import Arrays
from explorer.data.folders import PreparedSet
from explorer.data.probe import probe_indices
from explorer.data.tfds import import_tfds
from explorer.errors import DataError

_CHUNK = 2_000


def decode(prepared: PreparedSet, report: Callable[[str], None]) -> Arrays:
    """Every training image and the probe of a prepared data set. Raises DataError if it cannot be read."""
    try:
        return _decode(prepared, report)
    except DataError:
        raise
    except Exception as problem:  # readers of damaged files raise errors of many kinds
        raise DataError(
            f"the prepared data set {prepared.folder} cannot be read ({problem}): delete that folder so that it is "
            "prepared again, or choose another data folder"
        ) from problem


def _decode(prepared: PreparedSet, report: Callable[[str], None]) -> Arrays:
    report(f"decoding {prepared.train_size:,} images")
    images = np.empty((prepared.train_size, 28, 28), np.uint8)
    labels = np.empty(prepared.train_size, np.uint8)
    told = monotonic()
    for place, (png, label) in enumerate(_examples(prepared, "train")):
        images[place], labels[place] = _pixels(png), label
        if place % 100 == 0 and monotonic() - told > 0.5:
            told = monotonic()
            report(f"decoding {prepared.train_size:,} images, {100 * place // prepared.train_size}%")
    test = list(_examples(prepared, "test"))
    test_labels = np.array([label for _, label in test], np.uint8)
    probe = probe_indices(test_labels)
    probe_images = np.stack([_pixels(test[index][0]) for index in probe])
    return {
        "train_images": images,
        "train_labels": labels,
        "probe_images": probe_images,
        "probe_labels": test_labels[probe],
    }


def _examples(prepared: PreparedSet, split: str) -> Iterator[tuple[bytes, int]]:
    """The encoded image and the label of each example of a split, in the order of the files.

    The records are taken raw, in chunks, and parsed here: TFDS's own parsing takes most of the time otherwise.
    """
    tfds: Any = import_tfds()
    from tensorflow_datasets.proto import tf_example_pb2

    source: Any = tfds.data_source(
        f"{prepared.name}:{prepared.version}",
        split=split,
        data_dir=str(prepared.root),
        download=False,
        deserialize_method=tfds.decode.DeserializeMethod.RAW_BYTES,
    )
    parse = tf_example_pb2.Example.FromString  # pyright: ignore[reportAttributeAccessIssue] - made at run time
    for start in range(0, len(source), _CHUNK):
        for record in source.__getitems__(list(range(start, min(start + _CHUNK, len(source))))):
            feature = parse(record).features.feature
            yield feature[prepared.image_key].bytes_list.value[0], feature[prepared.label_key].int64_list.value[0]


def _pixels(encoded: bytes) -> np.ndarray:
    from PIL import Image

    with Image.open(BytesIO(encoded)) as image:
        return np.frombuffer(image.tobytes(), np.uint8).reshape(28, 28)
