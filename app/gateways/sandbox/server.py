"""The sandbox server as a Flask application of its own: it shares no process, no session and no database with the panel."""

import os
from pathlib import Path
from typing import Any

from flask import Flask, current_app, jsonify, request, send_file

from app.gateways.sandbox.bkash import bkash
from app.gateways.sandbox.desk import FAULTS, Desk
from app.gateways.sandbox.nagad import nagad
from app.gateways.sandbox.sslcommerz import sslcommerz

FONT = Path(__file__).resolve().parents[2] / "static" / "vendor" / "fonts" / "noto-sans-bengali-regular.woff2"


def create_sandbox(desk: Desk) -> Flask:
    """Build the sandbox server. Raises RuntimeError in production."""
    if os.environ.get("APP_ENV") == "production":
        raise RuntimeError("the sandbox gateways have no place in production")
    app = Flask("app.gateways.sandbox", template_folder="templates", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.extensions["desk"] = desk
    for blueprint in (bkash, nagad, sslcommerz):
        app.register_blueprint(blueprint)
    app.add_url_rule("/_control/next", "next", _next, methods=["POST"])
    app.add_url_rule("/_control/calls", "calls", lambda: jsonify(desk.calls))
    app.add_url_rule("/bengali.woff2", "font", lambda: send_file(FONT))
    app.add_url_rule("/healthz", "alive", lambda: "ok")
    return app


def _next() -> Any:
    """Name the fault that the next payment opened at a gateway suffers: gateway=bkash fault=slow."""
    gateway, fault = request.form.get("gateway", ""), request.form.get("fault", "")
    if fault not in FAULTS.get(gateway, ()):
        return jsonify(faults=FAULTS), 422
    current_app.extensions["desk"].faults.setdefault(gateway, []).append(fault)
    return jsonify(waiting=current_app.extensions["desk"].faults)
