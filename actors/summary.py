"""What became of a run that was trained headless, in numbers and in lines for a terminal."""

from dataclasses import dataclass
from pathlib import Path

from actors.export import FILES
from explorer.quality import psnr


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a run. `failed` is the reason in words, empty if it did not fail; levels are in order."""

    out: Path
    asked: int
    steps: int
    seconds: float
    device: str
    probe_mse: float
    sizes: tuple[int, ...]
    active: tuple[int, ...]
    perplexity: tuple[float, ...]
    interrupted: bool = False
    failed: str = ""

    @property
    def steps_per_second(self) -> float:
        """Training alone, without opening the data and compiling."""
        return self.steps / self.seconds if self.seconds > 0 else 0.0

    @property
    def psnr(self) -> float:
        """Of the probe images, dB."""
        return psnr(self.probe_mse)

    @property
    def files(self) -> tuple[Path, ...]:
        """What was written."""
        return tuple(self.out / name for name in FILES)

    def __str__(self) -> str:
        lines = [
            *self._ending(),
            f"{self.steps:,} steps in {self.seconds:.1f} s ({self.steps_per_second:.1f} steps/s, {self.device})",
            f"probe MSE {self.probe_mse:.4f}, PSNR {self.psnr:.1f} dB",
            "",
            "level   active codes   perplexity",
        ]
        figures = zip(self.active, self.sizes, self.perplexity, strict=True)
        for level, (active, size, perplexity) in enumerate(figures, start=1):
            share = f"{active}/{size}"
            lines.append(f"{level:5}   {share:>12}   {perplexity:10.1f}")
        return "\n".join([*lines, "", *(str(path) for path in self.files)])

    def _ending(self) -> list[str]:
        if self.failed:
            return [f"Failed: {self.failed}. What was trained before is written."]
        if self.interrupted:
            return [f"Interrupted after step {self.steps:,} of {self.asked:,}: what was trained is written."]
        return []
