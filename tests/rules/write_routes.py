"""Write tests/rules/routes.txt: python -m tests.rules.write_routes."""

from pathlib import Path

from app import create_app
from config import Testing
from tests.rules.doors import describe

ROUTES = Path(__file__).with_name("routes.txt")

if __name__ == "__main__":
    ROUTES.write_text(describe(create_app(Testing, DATABASE_URL="sqlite://")), encoding="utf-8")
