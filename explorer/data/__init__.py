"""Images and labels to train on, the fixed probe, and which images a step sees. TFDS is imported when needed."""

from explorer.data.batches import batch_indices
from explorer.data.datasets import Dataset, check_dataset, open_dataset
from explorer.data.probe import LABELS, PROBE_SIZE, Probe

__all__ = ["LABELS", "PROBE_SIZE", "Dataset", "Probe", "batch_indices", "check_dataset", "open_dataset"]
