"""Long work on customers: check an uploaded file, import it, undo it."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.access.scope import get_or_404
from app.customers.importing import check_import, run_import, undo_import
from app.customers.models import CustomerImport, ImportState
from app.jobs.services import Outcome, Progress, worker


@worker("import-check", key="parents", sentence=_l("Check of %(file)s, %(count)s rows"), resumable=True)
def check(arguments: dict[str, Any], progress: Progress) -> Outcome:
    """Try every row; the page of the import offers the refused ones as a file to repair."""
    made = _begin(arguments, progress)
    report = check_import(made.id, progress.step)
    sentence = _l("%(good)s rows can be imported, %(bad)s cannot.")
    words = {"good": report.imported, "bad": len(report.refused)}
    return Outcome(sentence, words, _address(made))


@worker("import-customers", key="parents", sentence=_l("Import of %(file)s, %(count)s rows"), resumable=True)
def bring_in(arguments: dict[str, Any], progress: Progress) -> Outcome:
    """Import the good rows in one transaction; begun again after its end it finds that it is done."""
    made = _begin(arguments, progress)
    if made.state == ImportState.CHECKED:
        run_import(made.id, progress.step)
        made = get_or_404(CustomerImport, made.id)
    return Outcome(_l("%(count)s customers imported."), {"count": made.good}, _address(made))


@worker("import-undo", key="parents", sentence=_l("Undo the import of %(file)s, %(count)s customers"), resumable=True)
def take_back(arguments: dict[str, Any], progress: Progress) -> Outcome:
    """Delete every customer of an import; begun again after its end it finds that it is done."""
    made = _begin(arguments, progress)
    if made.state == ImportState.IMPORTED:
        undo_import(made, progress.step)
    return Outcome(_l("The import is undone; its usernames are free again."), link=_address(made))


def _begin(arguments: dict[str, Any], progress: Progress) -> CustomerImport:
    made = get_or_404(CustomerImport, arguments["import"])
    progress.total(made.rows if made.state != ImportState.IMPORTED else made.good)
    return made


def _address(made: CustomerImport) -> str:
    return f"/import/show/{made.id}"
