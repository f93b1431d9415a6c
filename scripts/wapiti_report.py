"""Say what a report of wapiti holds, and fail when something in it is of medium severity or above."""

from __future__ import annotations

import json
import sys
from pathlib import Path

MEDIUM = 2
WORDS = {0: "info", 1: "low", 2: "medium", 3: "high", 4: "critical"}


def main(file: Path) -> int:
    """Print a line for each finding; return 1 when one of them counts."""
    report = json.loads(file.read_text(encoding="utf-8"))
    findings = [
        (one["level"], kind, one["method"], one["path"], one["info"])
        for part in ("vulnerabilities", "anomalies")
        for kind, found in report[part].items()
        for one in found
    ]
    for level, kind, method, path, info in sorted(findings, reverse=True):
        print(f"{WORDS[level]}: {kind}: {method} {path}: {info}")
    pages = report["infos"].get("crawled_pages_nbr", 0)
    grave = sum(level >= MEDIUM for level, *_rest in findings)
    print(f"{pages} pages crawled, {len(findings)} findings, {grave} of medium severity or above")
    return int(bool(grave) or not pages)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
