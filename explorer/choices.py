"""The settings that are a choice between named ways, as one table: the command line, the page and the training read it.

A new way is one function and one entry here; CONTRIBUTING shows an example. Standard library only: a way's function is
named, and imported when it is first needed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from explorer.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do it: what it is, in words, and `module:function`, where it is done."""

    help: str
    function: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting, fixed for a run, that is one of several ways."""

    label: str
    help: str
    ways: Mapping[str, Way]
    live: bool = False

    @property
    def allowed(self) -> str:
        """The ways in words."""
        return f"one of {', '.join(self.ways)}"

    def read(self, name: str, text: str) -> str:
        """The way that a text names. Raises ConfigError."""
        return self.check(name, text.strip())

    def check(self, name: str, value: object) -> str:
        """`value`; raises ConfigError unless it names a way."""
        if not isinstance(value, str) or value not in self.ways:
            raise ConfigError(name, value, self.allowed)
        return value


CHOICES: dict[str, Choice] = {
    "recon_loss": Choice(
        "reconstruction loss",
        "What the decoder is trained to make small. The probe's error is a mean squared error either way.",
        {
            "mse": Way("mean squared error, (x − x̂)²", "explorer.training.reconstruction:mse"),
            "bce": Way("binary cross-entropy of grey values, from logits", "explorer.training.reconstruction:bce"),
        },
    ),
    "loss_form": Choice(
        "loss form",
        "What the commitment and the codebook loss compare.",
        {
            "final": Way("z_e with z_q: every level gets the same gradient", "explorer.training.losses:final"),
            "per_level": Way(
                "each level's residual with its code: coarse levels get pressure of their own (Lee et al. 2022)",
                "explorer.training.losses:per_level",
            ),
        },
    ),
    "codebook_update": Choice(
        "codebook update",
        "How codes follow the encoder's outputs.",
        {
            "gradient": Way("the codebook loss, through the optimizer"),
            "ema": Way("a moving average of what each code was chosen for; λ_codebook then has no effect"),
        },
    ),
    "gradient_estimator": Choice(
        "gradient estimator",
        "How the decoder's gradient passes the quantizer, which has none.",
        {
            "straight_through": Way(
                "as if the quantizer were not there (van den Oord et al. 2017)",
                "explorer.model.quantizer:straight_through",
            ),
            "rotation": Way(
                "turned and scaled as z_e is to become z_q (Fifty et al. 2024)", "explorer.model.quantizer:rotation"
            ),
        },
    ),
    "codebook_init": Choice(
        "codebook initialisation",
        "Where the codes begin.",
        {
            "normal": Way("normal around 0, as wide as the code scale says", "explorer.model.codebook_init:normal"),
            "uniform": Way("uniform from −1/K to 1/K", "explorer.model.codebook_init:uniform"),
            "data": Way("on random encoder outputs, and their residuals", "explorer.model.codebook_init:data"),
            "kmeans": Way("on the centres of encoder outputs, and residuals", "explorer.model.codebook_init:kmeans"),
        },
    ),
    "distance": Choice(
        "distance",
        "Which code is the nearest to a residual.",
        {
            "euclidean": Way("the smallest ‖r − e‖²", "explorer.model.quantizer:nearest"),
            "cosine": Way("the smallest angle between r and e", "explorer.model.quantizer:nearest_by_angle"),
        },
    ),
    "optimizer": Choice(
        "optimizer",
        "What makes steps of gradients; the learning rate scales them.",
        {
            "adam": Way("Adam (Kingma & Ba 2015)", "explorer.training.optimizers:adam"),
            "adamw": Way(
                "Adam with weight decay 10⁻⁴, but not of codes (Loshchilov & Hutter 2019)",
                "explorer.training.optimizers:adamw",
            ),
            "sgd": Way(
                "gradient descent with momentum 0.9; wants a learning rate near 0.1", "explorer.training.optimizers:sgd"
            ),
        },
    ),
    "schedule": Choice(
        "schedule",
        "What multiplies the learning rate as training goes on.",
        {
            "constant": Way("nothing", "explorer.training.schedules:constant"),
            "cosine": Way(
                "half a cosine, from 1 to 0 at the schedule's last step", "explorer.training.schedules:cosine"
            ),
            "warmup": Way(
                "from 0 in a straight line to 1 at the schedule's last step", "explorer.training.schedules:warmup"
            ),
        },
    ),
    "level_dropout": Choice(
        "level dropout",
        "Whether every image is quantized by all levels while training; looking always takes all.",
        {
            "none": Way("by all levels", "explorer.training.level_dropout:none"),
            "uniform": Way(
                "by the first 1 to L levels, each image by as many as chance says (Zeghidour et al. 2021)",
                "explorer.training.level_dropout:uniform",
            ),
        },
    ),
    "remedy": Choice(
        "remedy",
        "What is done about dead codes, again and again; each is also a button that acts once.",
        {
            "none": Way("nothing"),
            "reinit": Way("they move onto random residuals of the batch", "explorer.training.remedies:reinit"),
            "split": Way(
                "they move beside the most used codes, and take half of their use", "explorer.training.remedies:split"
            ),
            "ema_expiry": Way(
                "as reinit, but dead is what the moving averages call rare; wants the codebook update ema",
                "explorer.training.remedies:ema_expiry",
            ),
        },
    ),
}


def way(choice: str, name: str) -> Callable[..., Any]:
    """The function of a way of CHOICES."""
    module, _, function = CHOICES[choice].ways[name].function.partition(":")
    return getattr(import_module(module), function)
