"""The program's source as the rules read it: parsed once, with the names that calls and imports go by."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def trees(*folders: str) -> dict[str, ast.Module]:
    """Return the parsed files of folders by their path below the project."""
    files = sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def called(call: ast.Call) -> str:
    """Return what a call calls, as written: "db.session.commit"."""
    return ast.unparse(call.func)


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call with the name of the outermost function or class around it."""
    for top in getattr(tree, "body", []):
        for node in ast.walk(top):
            if isinstance(node, ast.Call):
                yield getattr(top, "name", "<module>"), node


def imports(path: str, tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the modules of the project that a file imports, at whatever depth, with the line; never for type checking alone."""
    checked_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in checked_only:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [
                f"{node.module}.{alias.name}" if _is_module(f"{node.module}.{alias.name}") else node.module
                for alias in node.names
            ]
        else:
            continue
        for name in names:
            if name.split(".")[0] in ("app", "reports", "config"):
                yield name, node.lineno


def _is_module(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def module_of(path: str) -> str:
    """Return the dotted name of a file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
