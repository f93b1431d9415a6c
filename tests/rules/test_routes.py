"""The route list changes on purpose only."""

from flask import Flask

from tests.rules.doors import describe
from tests.rules.write_routes import ROUTES


def test_the_routes_are_those_of_the_checked_in_list(app: Flask) -> None:
    kept, found = set(ROUTES.read_text(encoding="utf-8").splitlines()), set(describe(app).splitlines())
    kept, found = ({" ".join(line.split()) for line in lines} for lines in (kept, found))
    changes = [f"new:  {line}" for line in sorted(found - kept)] + [f"gone: {line}" for line in sorted(kept - found)]
    assert not changes, "\n".join(
        [
            *changes,
            "Is each line meant, and the key right? Then run:  python -m tests.rules.write_routes  and commit tests/rules/routes.txt",
        ]
    )
