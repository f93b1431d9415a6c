"""The shape of the house: imports go down and left, one place commits, money is whole, pages hold no code."""

import ast
import re

import pytest

from tests.rules.source import ROOT, called, calls, imports, module_of, trees

PACKAGES = (
    "accounts access activity jobs security packages customers books billing payments "
    "cash expenses paylinks radius status reporting api gateways"
).split()
"""The domains, lowest first: within a layer a domain imports those before it."""

LAYERS = (
    ("core", ("app.core",)),
    ("gateways", ("app.gateways",)),
    ("models", ("*.models",)),
    ("access", ("app.access", "app.activity.recorder", "app.activity.seals")),
    ("queries", ("*.queries",)),
    (
        "services",
        (
            *("*.services", "*.settlement", "*.operators", "*.check", "*.numbering", "*.importing", "*.statement"),
            *("*.package_change", "*.suspending", "*.recharging", "*.collecting", "*.counting", "*.processes"),
            *("app.packages.catalogue", "*.custom_fields", "*_services", "*.once"),
            *("*.passwords", "app.security.throttling", "app.security.sessions", "app.security.factors"),
            *("app.security.passkeys", "app.security.devices"),
            *("*.telling", "*.wire", "app.api.wire", "app.api.shapes"),
            *("*.merchants", "*.attempts", "*.reconciling", "*.printed"),
        ),
    ),
    ("reports", ("reports",)),
    ("web", ("app.web",)),
    (
        "pages",
        (
            "*.forms",
            "*.documents",
            "*.views",
            "app.reporting.frame",
            "*.tabs",
            "*.shown",
            "*.sentences",
            "*.management",
            "*_views",
            "*.jobs",
            "*_jobs",
        ),
    ),
    (
        "top",
        (
            "app.public",
            "app.dashboard",
            "app.demo",
            "app.demo_*",
            "app.sitemap",
            "app.schedule",
            "app.metrics",
            "app.backups",
            "app.moving",
            "app.safety",
            "app.cli",
            "app.security.manager",
            # doors for programs stand beside all pages; what their models and services are, the longer patterns say
            "app.api",
            "app",
        ),
    ),
)
"""The layers, lowest first, with the modules in them; the first pattern that fits decides, except that a longer one wins."""

ORDERED_BY_PACKAGE = {"models", "queries", "services", "pages"}

AGREED = {
    (
        "app.customers.services",
        "app.billing.services",
    ): "a customer made in mid-month gets the first bill with it (spec §11.4)",
    ("app.customers.services", "app.billing.settlement"): "a customer is locked in one way, by whoever changes it",
    (
        "app.activity.views",
        "app.customers.tabs",
    ): "the log puts its tab on the profile: tabs are registered by the domain that owns them",
    ("app.accounts.views", "app.dashboard.help"): "help and account are reached from one menu",
    ("app.security.views", "app.demo_cast"): "in demo mode the sign-in page lists the cast",
}
"""Imports against the order, each with its reason."""

PAGES = ("views", "forms", "tabs", "management", "documents")


def layer_of(module: str) -> str:
    """Return the layer of a module; fails with a sentence for one that nobody has placed."""
    fitting = [(len(pattern), name) for name, patterns in LAYERS for pattern in patterns if _fits(module, pattern)]
    if not fitting:
        pytest.fail(f"{module} is in no layer: give it one of the usual names, or place it in LAYERS of {__file__}")
    return max(fitting)[1]


def _fits(module: str, pattern: str) -> bool:
    if pattern == "app":
        return (
            module == "app"
            or re.fullmatch(r"app\.[a-z]+", module) is not None
            and module.removeprefix("app.") in PACKAGES
        )
    if pattern.startswith("*"):
        return module.startswith("app.") and module.endswith(pattern[1:])
    if pattern.endswith("*"):
        return module.startswith(pattern[:-1])
    return module == pattern or module.startswith(pattern + ".")


def _rank(module: str) -> tuple[int, int]:
    layer = layer_of(module)
    package = module.split(".")[1] if module.startswith("app.") else ""
    return [name for name, _patterns in LAYERS].index(layer), PACKAGES.index(
        package
    ) if package in PACKAGES and layer in ORDERED_BY_PACKAGE else 0


def _against_the_order() -> dict[tuple[str, str], str]:
    found = {}
    for path, tree in trees("app", "reports").items():
        module = module_of(path)
        for target, line in imports(path, tree):
            if target == "config" or target == module or path == "app/__init__.py":
                continue
            if _rank(target) > _rank(module):
                found[(module, target)] = (
                    f"{path}:{line}: {module} ({layer_of(module)}) imports {target} ({layer_of(target)})"
                )
    return found


def test_imports_go_down_and_left() -> None:
    wrong = [line for pair, line in _against_the_order().items() if pair not in AGREED]
    assert not wrong, "\n".join(sorted(wrong))


def test_no_agreed_import_is_left_that_nobody_needs() -> None:
    assert set(AGREED) - set(_against_the_order()) == set()


def test_the_ground_floor_knows_no_domain() -> None:
    known = {target for path, tree in trees("app/core").items() for target, _line in imports(path, tree)}
    assert {target for target in known if not target.startswith("app.core")} == set()


def test_reports_read_core_alone_and_nothing_below_the_pages_prints() -> None:
    read = {target for path, tree in trees("reports").items() for target, _line in imports(path, tree)}
    assert {target for target in read if not target.startswith(("app.core", "reports"))} == set()
    printing = {
        module_of(path)
        for path, tree in trees("app").items()
        if any(target.startswith("reports") for target, _line in imports(path, tree))
    }
    assert {layer_of(module) for module in printing} <= {"pages", "top"}


def test_only_the_transaction_commits() -> None:
    commits = [
        f"{path}:{call.lineno}: {called(call)}"
        for path, tree in trees("app", "reports").items()
        for _place, call in calls(tree)
        if called(call).endswith(".commit") and path != "app/core/database.py"
    ]
    assert not commits, "\n".join(commits)
    here = [
        called(call)
        for _place, call in calls(trees("app/core")["app/core/database.py"])
        if called(call).endswith(".commit")
    ]
    assert here == ["session.commit"]


MONEY = re.compile(r"app/(billing|payments|books|expenses|packages|customers|cash|accounts|core/money)")


def test_money_is_never_a_float_and_never_rounded_by_python() -> None:
    wrong = []
    for path, tree in trees("app").items():
        for _place, call in calls(tree):
            if called(call) in ("float", "round"):
                wrong.append(f"{path}:{call.lineno}: {called(call)}()")
        if MONEY.match(path):
            for node in ast.walk(tree):
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not _is_path(node):
                    wrong.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
                if isinstance(node, ast.Constant) and isinstance(node.value, float):
                    wrong.append(f"{path}:{node.lineno}: {node.value}")
    allowed = {"app/billing/documents.py: bill.vat_basis_points / 100": "per cent for print, no amount"}
    assert [line for line in wrong if re.sub(r":\d+:", ":", line, count=1) not in allowed] == []


def _is_path(node: ast.BinOp) -> bool:
    text = ast.unparse(node)
    return "Path(" in text or "folder" in text or "place" in text


def _pages() -> dict[str, ast.Module]:
    layers = ("web", "pages", "top")
    skipped = ("app.demo", "app.cli", "app.schedule", "app.security.manager")
    return {
        path: tree
        for path, tree in trees("app").items()
        if layer_of(module_of(path)) in layers and not module_of(path).startswith(skipped)
    }


NARROWS_BY_HAND = {
    "app/public/views.py: Tenant.id == Payment.tenant_id": "a join of a page without sign-in, not a filter",
}


def test_no_page_narrows_by_owner_or_tenant_by_hand() -> None:
    # the scope does that, for every statement (architecture: row scope)
    found = []
    for path, tree in _pages().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and not any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
                sides = [node.left, *node.comparators]
                if any(isinstance(side, ast.Attribute) and side.attr in ("owner_id", "tenant_id") for side in sides):
                    found.append((f"{path}: {ast.unparse(node)}", node.lineno))
            if isinstance(node, ast.Call) and called(node).endswith("filter_by"):
                found += [
                    (f"{path}: {ast.unparse(node)}", node.lineno)
                    for word in node.keywords
                    if word.arg in ("owner_id", "tenant_id")
                ]
    assert [f"{text} (line {line})" for text, line in found if text not in NARROWS_BY_HAND] == []


COMPARES_KINDS = {
    "app/accounts/management.py": "the pages about accounts are about their kinds: what a row can hold and whom it may stand below",
    "app/payments/documents.py": "an entry of the journal has a kind too: a void line is drawn as one",
    "app/reporting/frame.py": "a column has a kind too: how its values are printed",
    "app/web/listing.py": "a column has a kind too: how its values are drawn",
}


def test_no_page_asks_what_kind_of_account_acts() -> None:
    # the table of keys and audiences answers that (architecture: permission keys)
    found = []
    for path, tree in _pages().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Compare):
                continue
            for side in (node.left, *node.comparators):
                if isinstance(side, ast.Attribute) and side.attr == "kind":
                    about_who_acts = ast.unparse(side.value) in (
                        "actor",
                        "current_actor()",
                        "self._actor()",
                        "g.user",
                        "current_user",
                    )
                    if about_who_acts or path not in COMPARES_KINDS:
                        found.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
    assert found == []


TEMPLATES = sorted((ROOT / "app" / "templates").rglob("*.html"))
FORBIDDEN = {
    "a script inside the page": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "a handler in an attribute": re.compile(r"<[a-z][^<>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a style in an attribute": re.compile(r"<[a-z][^<>]*\sstyle\s*=", re.IGNORECASE),
    "a style sheet inside the page": re.compile(r"<style\b", re.IGNORECASE),
    "something of another host": re.compile(r"""(?:src|href|action|url\()\s*=?\s*["']?(?:https?:)?//""", re.IGNORECASE),
    "a script in an address": re.compile(r"javascript:", re.IGNORECASE),
    "text that is not escaped": re.compile(r"\|\s*safe\b"),
}


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_templates_hold_no_code_and_nothing_of_another_host(rule: str) -> None:
    assert len(TEMPLATES) > 20
    found = [
        f"{file.relative_to(ROOT)}: {match.group(0)[:80]}"
        for file in TEMPLATES
        for match in FORBIDDEN[rule].finditer(file.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "<script>alert(1)</script>",
        '<a href="/" onclick="x()">',
        '<p style="color:red">',
        '<img src="https://cdn.example.com/a.png">',
    ],
)
def test_the_look_for_code_in_templates_finds_it(line: str) -> None:
    assert any(pattern.search(line) for pattern in FORBIDDEN.values())


def test_the_project_speaks_of_no_workplace() -> None:
    # a newcomer's machine has other folders and other registries than the one it was written on
    words = re.compile(r"(?<![\w.<])/(?:root|home|work)/\w|https?://[^\s\"']+/simple\b", re.IGNORECASE)
    own = {"tests/rules/test_architecture.py"}
    kept = [
        ROOT / name
        for name in ("Makefile", "README.md", "requirements.txt", "requirements-dev.txt", "config.py", "run.py")
    ]
    files = [
        file
        for folder in ("app", "reports", "tests", "scripts", "docs", "migrations")
        for file in (ROOT / folder).rglob("*")
    ] + kept
    texts = {".py", ".sh", ".md", ".txt", ".html", ".js", ".mjs", ".toml", ".cfg", ""}
    found = [
        file.relative_to(ROOT).as_posix()
        for file in files
        if file.is_file()
        and file.suffix in texts
        and "node_modules" not in file.parts
        and words.search(file.read_text(encoding="utf-8", errors="replace"))
    ]
    assert [name for name in found if name not in own] == []
