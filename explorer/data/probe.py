"""The probe: the same 512 test images for every run of a data set, through which its model is looked at."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Int, UInt8

from explorer.errors import DataError

PROBE_SIZE = 512
LABELS = 10
_STRIDE = 197  # coprime with PROBE_SIZE, so that its multiples visit every place once, and never twice the same label


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """512 test images, their labels, and for each label 0..9 the index (in the probe) of the image that is shown."""

    images: UInt8[np.ndarray, "P H W"]
    labels: UInt8[np.ndarray, " P"]
    shown: Int[np.ndarray, " S"]

    @classmethod
    def of(cls, images: UInt8[np.ndarray, "P H W"], labels: UInt8[np.ndarray, " P"]) -> Self:
        """The probe made of these images; shown is the first of each label. Raises DataError if a label is absent."""
        missing = sorted(set(range(LABELS)) - set(labels.tolist()))
        if missing:
            raise DataError(f"no test image of label {missing[0]} in the probe: every label 0 to 9 needs one")
        shown = np.array([np.argmax(labels == label) for label in range(LABELS)])
        return cls(images, labels, shown)


def probe_indices(labels: UInt8[np.ndarray, " N"]) -> Int[np.ndarray, " P"]:
    """Which of the test images make the probe: evenly spread over the data set, label by label in proportion.

    No random number is drawn, so the choice depends on the labels alone. Neighbours in the probe differ in label: no
    label is always drawn on top of the others. Raises DataError for fewer than 512 images.
    """
    if len(labels) < PROBE_SIZE:
        raise DataError(f"only {len(labels)} test images, {PROBE_SIZE} are needed for the probe")
    by_label = np.argsort(labels, kind="stable")
    places = np.arange(PROBE_SIZE) * _STRIDE % PROBE_SIZE
    return by_label[places * len(labels) // PROBE_SIZE]
