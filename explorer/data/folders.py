"""Where prepared data sets are, and what they hold: read from their JSON files, because importing TFDS takes 2 s.

Layout, as tensorflow-datasets writes it: <root>/<name>[/<config>]/<version>/{dataset_info.json, features.json, shards}.
"""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.data.probe import LABELS
from explorer.errors import DataError, shown

_NAME = re.compile(r"[a-z]\w*(/\w[\w.-]*)?")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_RANDOM_ACCESS = {"array_record", "parquet"}
_DAMAGED = "delete that folder so that it is prepared again, or choose another data folder"


@dataclass(frozen=True, slots=True)
class PreparedSet:
    """A prepared data set on disk; `image_key` and `label_key` name its two features."""

    name: str
    version: str
    root: Path
    folder: Path
    image_key: str
    label_key: str
    train_size: int
    fingerprint: str

    @property
    def key(self) -> str:
        """A file name that no other prepared folder has."""
        place = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return f"{self.name.replace('/', '-')}-{self.version}-{place}"


def data_root(data_dir: str | Path | None) -> Path:
    """The folder of prepared data sets: the argument, else TFDS_DATA_DIR, else TFDS's default, ~/tensorflow_datasets.

    Raises DataError if it was asked for and is no readable folder; only the default may not exist yet.
    """
    asked = str(data_dir or os.environ.get("TFDS_DATA_DIR") or "")
    try:
        root = Path(asked or "~/tensorflow_datasets").expanduser().resolve()
        if asked and not root.is_dir():
            what = "is not a folder" if root.exists() else "does not exist"
            raise DataError(f"the data folder {shown(root)} {what}: name the folder that holds the TFDS data sets")
        if root.is_dir() and not os.access(root, os.R_OK | os.X_OK):
            raise DataError(f"the data folder {shown(root)} cannot be read: its permissions forbid it")
    except (OSError, RuntimeError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else problem
        place = shown(asked or "~/tensorflow_datasets")
        raise DataError(f"the data folder {place} cannot be read: {shown(reason)}") from problem
    return root


def find_prepared(name: str, root: Path) -> PreparedSet | None:
    """The newest version of `name` that is prepared under `root`, or None.

    Raises DataError if the name is malformed, if the folder cannot be read, or if the data set is of another kind.
    """
    if not _NAME.fullmatch(name):
        raise DataError(f"{name[:60]!r} is no data set's name: it looks like mnist, fashion_mnist or emnist/digits")
    try:
        folder = max(_versions(root / name), key=_version_number, default=None)
        return None if folder is None else _describe(name, root, folder)
    except (FileNotFoundError, AttributeError, KeyError, TypeError, ValueError) as problem:
        raise DataError(f"{root / name} is damaged or of an old format ({problem!r}): {_DAMAGED}") from problem
    except OSError as problem:
        raise DataError(f"the data set {name} in {root} cannot be read: {problem}") from problem


def prepared_names(root: Path) -> list[str]:
    """The data sets prepared below `root`, `name` or `name/config`, of whatever kind."""
    infos = [*root.glob("*/*/dataset_info.json"), *root.glob("*/*/*/dataset_info.json")]
    return sorted({info.parent.parent.relative_to(root).as_posix() for info in infos})


def _versions(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    versions = [path for path in folder.iterdir() if _VERSION.fullmatch(path.name)]
    return [path for path in versions if (path / "dataset_info.json").exists()]


def _version_number(folder: Path) -> list[int]:
    return [int(part) for part in folder.name.split(".")]


def _describe(name: str, root: Path, folder: Path) -> PreparedSet:
    info = json.loads((folder / "dataset_info.json").read_text(encoding="utf-8"))
    features = json.loads((folder / "features.json").read_text(encoding="utf-8"))["featuresDict"]["features"]
    sizes = {split["name"]: sum(int(length) for length in split["shardLengths"]) for split in info["splits"]}
    if not {"train", "test"} <= sizes.keys():
        raise DataError(f"{name} has the splits {', '.join(sizes)}: train and test are needed")
    formats = {info["fileFormat"], *info.get("alternativeFileFormats", [])}
    if not formats & _RANDOM_ACCESS:
        raise DataError(
            f"{folder} was prepared in the format {', '.join(sorted(formats))}, which needs TensorFlow to be read: "
            "prepare it as array_record in another data folder"
        )
    image_key, label_key = _feature_keys(name, features)
    return PreparedSet(name, folder.name, root, folder, image_key, label_key, sizes["train"], _fingerprint(folder))


def _feature_keys(name: str, features: dict[str, Any]) -> tuple[str, str]:
    images = [key for key, feature in features.items() if "image" in feature]
    labels = [key for key, feature in features.items() if "classLabel" in feature]
    if len(images) != 1 or len(labels) != 1:
        raise DataError(f"{name} has {len(images)} images and {len(labels)} labels an example: one of each is needed")
    image, label = features[images[0]]["image"], features[labels[0]]["classLabel"]
    shape = [int(size) for size in image["shape"]["dimensions"]]
    count = int(label["numClasses"])
    if shape != [28, 28, 1] or image["dtype"] != "uint8" or count != LABELS:
        found = f"{' × '.join(str(size) for size in shape)} {image['dtype']}"
        raise DataError(f"{name} has {found} images and {count} labels: 28 × 28 × 1 uint8 and {LABELS} are needed")
    return images[0], labels[0]


def _fingerprint(folder: Path) -> str:
    """Changes whenever a file of the folder is replaced: arrays decoded from what it held before no longer count."""
    stamps = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir())
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()
