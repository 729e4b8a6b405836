#!/usr/bin/env python3
"""Draw letters as a scanner would: PDFs of images without a text layer, a little askew, with noise and soft edges.

    scan.py LETTERS OUT [--dpi 200] [--skew 0.5] [--noise 12] [--blur 0.4]

The same letters give the same scans: the angle and the noise of a page come from the file's name. Needs Pillow
and numpy, which the tests' environment has.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image, ImageFilter

POINTS = 72
PAPER = 255
QUALITY = 80


def scan(
    source: Path, target: Path, *, dpi: int = 200, skew: float = 0.5, noise: float = 12, blur: float = 0.4
) -> None:
    """Write the scan of one PDF. ``skew``: most degrees of a page's turn; ``noise``: grey levels; ``blur``: pixels."""
    random = np.random.default_rng(zlib.crc32(source.stem.encode()))
    pages: list[Image.Image] = []
    with pypdfium2.PdfDocument(source) as document:
        for page in document:
            image = page.render(scale=dpi / POINTS, grayscale=True).to_pil()
            angle = float(random.uniform(-skew, skew))
            turned = image.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=PAPER)
            grey = np.asarray(turned.filter(ImageFilter.GaussianBlur(blur)), dtype=np.float32)
            grey = grey + random.normal(0, noise, grey.shape).astype(np.float32)
            pages.append(Image.fromarray(np.clip(grey, 0, PAPER).astype(np.uint8)))
    target.parent.mkdir(parents=True, exist_ok=True)
    pages[0].save(target, save_all=True, append_images=pages[1:], resolution=dpi, quality=QUALITY)


def main(argv: Sequence[str] | None = None) -> int:
    """Scan every PDF below a folder into another folder, under the same names."""
    parser = argparse.ArgumentParser(description="Draw letters as scans.")
    parser.add_argument("letters", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dpi", type=int, default=200)
    parser.add_argument("--skew", type=float, default=0.5)
    parser.add_argument("--noise", type=float, default=12)
    parser.add_argument("--blur", type=float, default=0.4)
    options = parser.parse_args(argv)
    files = sorted(options.letters.rglob("*.pdf"))
    for path in files:
        target = options.out / path.relative_to(options.letters)
        scan(path, target, dpi=options.dpi, skew=options.skew, noise=options.noise, blur=options.blur)
    print(f"{len(files)} letters drawn at {options.dpi} dpi")
    return 0


if __name__ == "__main__":
    sys.exit(main())
