"""What a headless run tells while it trains, and how a terminal shows it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, TextIO

from tqdm import tqdm

from explorer.messages import Health

Phase = Literal["opening", "compiling", "training", "writing"]


class Progress(Protocol):
    """Who is told how a run gets on."""

    def enter(self, phase: Phase, text: str) -> None:
        """A phase of the run begins: `text` is that in words."""
        ...

    def say(self, text: str) -> None:
        """Something worth knowing within a phase."""
        ...

    def stepped(self, step: int, losses: Mapping[str, float], health: Health) -> None:
        """Step `step` is trained."""
        ...


class Terminal:
    """A line a saying, and a progress bar of `steps` steps; every two seconds where nobody watches."""

    def __init__(self, stream: TextIO, steps: int) -> None:
        self._stream = stream
        self._steps = steps
        self._bar: tqdm[Any] | None = None

    def enter(self, phase: Phase, text: str) -> None:  # noqa: ARG002 - the words tell
        """A line."""
        self.say(text)

    def say(self, text: str) -> None:
        """A line; the bar, if there is one, is done."""
        self.close()
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def stepped(self, step: int, losses: Mapping[str, float], health: Health) -> None:
        """The bar one further."""
        if self._bar is None:
            interval = 0.1 if self._stream.isatty() else 2.0
            self._bar = tqdm(
                total=self._steps,
                initial=step - 1,
                unit="step",
                file=self._stream,
                dynamic_ncols=True,
                mininterval=interval,
            )
        self._bar.set_postfix_str(brief(losses, health), refresh=False)
        self._bar.update()

    def close(self) -> None:
        """End the bar's line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def brief(losses: Mapping[str, float], health: Health) -> str:
    """The state of training in the few words that fit behind a progress bar."""
    active = span([f"{count}" for count in health.active], health.active.tolist())
    perplexity = span([f"{value:.1f}" for value in health.perplexity], health.perplexity.tolist())
    return f"recon {losses['recon']:.4f}, active {active} of {health.counts.shape[1]}, perplexity {perplexity}"


def span(words: Sequence[str], values: Sequence[float]) -> str:
    """Each level's value; of more than three levels the least and the greatest."""
    if len(words) <= 3:
        return " ".join(words)
    pairs = sorted(zip(values, words, strict=True))
    return f"{pairs[0][1]} to {pairs[-1][1]}"
