"""The description of the addresses for programs: OpenAPI 3.1, written from the declarations that validate."""

from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Response, current_app
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access.permissions import ANY_OF, KEYS, PUBLIC
from app.api.doors import Operation, as_json, operations_of
from app.api.resources import RESOURCES
from app.api.shapes import Moment, ProblemAnswer
from app.web.page import Doors
from app.web.problems import TITLES

VERSION = "1.0.0"
OFTEN = (400, 401, 403, 422, 429)


def openapi() -> dict[str, Any]:
    """Return the description as OpenAPI 3.1, its sentences in the language at work."""
    shapes = MarshmallowPlugin(schema_name_resolver=lambda shape: _name(shape))
    spec = APISpec(
        title=current_app.config["APP_NAME"],
        version=VERSION,
        openapi_version="3.1.0",
        plugins=[shapes],
        info={"description": _about()},
        servers=[{"url": current_app.config["PUBLIC_URL"] or "/"}],
        security=[{"apiKey": []}],
    )
    shapes.converter.add_attribute_function(_moments)
    spec.components.security_scheme("apiKey", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", schema=ProblemAnswer)
    for view in RESOURCES:
        for name, one in operations_of(view):
            path = view.route_base + _path(view, name)
            spec.path(path.replace("<pk>", "{id}"), operations={one.method.lower(): _operation(view, name, one, path)})
    return spec.to_dict()


def _about() -> str:
    return _(
        "Send the API key as “Authorization: Bearer …”. Amounts are whole paisa, moments ISO 8601 in +06:00,"
        " lists go on with next_cursor. Sentences follow Accept-Language (en, bn)."
    )


def _name(shape: Any) -> str:
    return (shape if isinstance(shape, type) else type(shape)).__name__.removesuffix("Answer")


def _moments(converter: Any, field: Any, **_options: Any) -> dict[str, Any]:
    if not isinstance(field, Moment):
        return {}
    return {"type": ["string", "null"] if field.allow_none else "string", "format": "date-time"}


def _path(view: Any, name: str) -> str:
    ((url, _methods),) = getattr(view, name)._urls
    return url


def _operation(view: Any, name: str, one: Operation, path: str) -> dict[str, Any]:
    key = view.keys[name]
    parameters: list[dict[str, Any]] = []
    statuses = list(OFTEN)
    if "<pk>" in path:
        statuses.append(404)
        identity = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
        parameters.append({"in": "path", "name": "id", "required": True, "schema": identity})
    if one.query is not None:
        parameters.append({"in": "query", "schema": one.query})
    if one.is_once_only:
        statuses.append(409)
        parameters.append(
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": True,
                "description": _("The same key gives back the first payment, however often it is sent."),
                "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$"},
            }
        )
    described: dict[str, Any] = {
        "operationId": f"{view.__name__.removesuffix('Api').lower()}.{name}",
        "summary": str(one.summary),
        "tags": [view.__name__.removesuffix("Api")],
        "description": ", ".join(f"`{each}`" for each in ANY_OF.get(key, (key,)) if each in KEYS),
        "parameters": parameters,
    }
    if one.body is not None:
        statuses += [409, 413, 415]
        content = {"application/json": {"schema": one.body}}
        described["requestBody"] = {"required": any(f.required for f in one.body().fields.values()), "content": content}
    answered: Any = one.answer
    if one.is_list:
        answered = {
            "type": "object",
            "required": ["data", "next_cursor"],
            "properties": {
                "data": {"type": "array", "items": one.answer},
                "next_cursor": {"type": ["string", "null"]},
            },
        }
    described["responses"] = {
        str(one.status): {
            "description": str(one.summary),
            "content": {"application/json": {"schema": answered}},
        }
    } | {
        str(status): {
            "description": str(TITLES[status]),
            "content": {"application/problem+json": {"schema": ProblemAnswer}},
        }
        for status in sorted(set(statuses))
    }
    return described


class DescriptionApi(Doors):
    """The description itself: it names fields and no row, and needs no API key."""

    route_base = "/api/v1"
    default_view = "openapi"
    keys = {"openapi": PUBLIC}

    @expose("/openapi.json")
    def openapi(self) -> Response:
        """Return the description."""
        return as_json(openapi())


@cache
def areas() -> dict[str, Any]:
    """Return what the groups of addresses are called on the page."""
    return {
        "MeApi": _l("Account of the key"),
        "CustomersApi": _l("Customers"),
        "PackagesApi": _l("Packages"),
        "ProfilesApi": _l("Billing profiles"),
        "ZonesApi": _l("Zones"),
        "BillsApi": _l("Bills"),
        "PaymentsApi": _l("Payments"),
        "ExpensesApi": _l("Expenses"),
        "OnlineApi": _l("Online"),
    }
