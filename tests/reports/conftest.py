"""A bare application that speaks the house's languages, and a reader of PDFs."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel


@pytest.fixture(autouse=True)
def speaking() -> Iterator[None]:
    """Let documents find their translations."""
    app = Flask("documents")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(Path(__file__).parents[2] / "translations")
    Babel(app)
    with app.app_context():
        yield


@pytest.fixture
def text_of(tmp_path: Path) -> Callable[[bytes], str]:
    """Read a PDF's text back, as searching and copying would, with single spaces; pages end in a form feed."""

    def read(pdf: bytes) -> str:
        path = tmp_path / "read.pdf"
        path.write_bytes(pdf)
        read = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
        return "\f".join(" ".join(page.split()) for page in read.split("\f"))

    return read
