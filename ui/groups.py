"""In which order, and under which heads, panels show the settings of the tables. What no group names comes under “Other”."""

from collections.abc import Iterable, Mapping

from explorer.choices import CHOICES
from explorer.settings import LIVE_SETTINGS, RUN_SETTINGS

Groups = dict[str, list[str]]

MAIN = ("commit", "codebook", "learning_rate")
"""Live settings that are always in sight."""
COMMON = ("levels", "codebook_size", "latent_dim", "batch_size", "seed")
"""Fixed settings that are always in sight."""

_LIVE = {
    "Spread the use": ("entropy", "entropy_temperature", "transport", "transport_epsilon"),
    "Averages and dead codes": ("ema_decay", "dead_threshold", "dead_window", "remedy_every"),
}
_FIXED = {
    "Losses": ("recon_loss", "loss_form"),
    "Quantizer": ("codebook_update", "gradient_estimator", "distance", "level_dropout"),
    "Codes": ("codebook_init", "init_scale", "remedy"),
    "Optimizer": ("optimizer", "schedule", "schedule_steps"),
}


def live_groups() -> Groups:
    """The live settings beyond MAIN."""
    return _grouped(_LIVE, [name for name in LIVE_SETTINGS if name not in MAIN])


def fixed_groups() -> Groups:
    """The fixed settings beyond COMMON, but the data set."""
    fixed = [name for name, setting in RUN_SETTINGS.items() if not setting.live]
    return _grouped(_FIXED, [name for name in (*CHOICES, *fixed) if name not in COMMON])


def _grouped(groups: Mapping[str, Iterable[str]], names: list[str]) -> Groups:
    known = {head: [name for name in members if name in names] for head, members in groups.items()}
    named = {name for members in known.values() for name in members}
    rest = [name for name in names if name not in named]
    return {head: members for head, members in {**known, "Other": rest}.items() if members}
