"""Every setting, a class per environment. Secrets come from the environment only."""

import os
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in os.environ.get(name, "").split(",") if word.strip())


class Settings:
    """What all environments share."""

    APP_NAME = "Sanjog"
    DATABASE_URL = os.environ.get("DATABASE_URL") or f"sqlite:///{ROOT / 'instance' / 'sanjog.db'}"
    DATABASE_IS_THROWAWAY = False
    DEMO = False
    # uploaded pictures and what jobs make; else beside the SQLite file, or under instance/
    if os.environ.get("FILES_FOLDER"):
        FILES_FOLDER = os.environ["FILES_FOLDER"]
    # where the server listens: this machine alone, unless it runs in a container
    HOST = os.environ.get("LISTEN") or "127.0.0.1"
    PORT = int(os.environ.get("PORT") or 8080)
    # where people, customers and gateways reach this program: never what a request's Host header says; passkeys are bound to its host
    PUBLIC_URL = (os.environ.get("PUBLIC_URL") or "").rstrip("/")
    # the sandbox gateways of this machine; there are none in production
    SANDBOX_URL: str | None = None
    GATEWAY_SECONDS = 30

    # an access server tells of each session every five minutes: after four silences it is taken for ended
    STALE_SESSION_MINUTES = 20
    # where FreeRADIUS answers, for the status check: host:port; unset, RADIUS is not watched
    RADIUS_SERVER = os.environ.get("RADIUS_SERVER", "")
    RADIUS_SECRET = os.environ.get("RADIUS_SECRET", "")
    # names in the Host header that are answered besides PUBLIC_URL's and this machine's own
    TRUSTED_HOSTS = _words("HOSTS")
    # how many proxies stand before the server and say in X-Forwarded-For who asks; without any nobody is believed
    PROXIES = int(os.environ.get("PROXIES") or 0)

    # a Redis for the job queue, where web and worker are on several machines; else a file beside the database
    JOBS_URL = os.environ.get("JOBS_URL", "")
    # lines of JSON on the standard output, or nothing but what is wrong
    LOG_LINES = os.environ.get("LOG_LINES", "") == "1"
    # statements that take as long are logged, without their values; 0: none
    SLOW_QUERY_MS = int(os.environ.get("SLOW_QUERY_MS") or 0)
    # where Prometheus asks for figures; without a port nobody is answered
    METRICS_PORT = int(os.environ.get("METRICS_PORT") or 0)
    METRICS_HOST = os.environ.get("METRICS_HOST") or "127.0.0.1"

    # whether a webhook may lead to this very machine, and by http: where programs are tried out
    WEBHOOKS_TO_LOOPBACK = False

    BABEL_DEFAULT_LOCALE = "bn"
    BABEL_DEFAULT_TIMEZONE = "Asia/Dhaka"
    BABEL_TRANSLATION_DIRECTORIES = str(ROOT / "translations")
    LANGUAGES = {"bn": {"flag": "bd", "name": "বাংলা"}, "en": {"flag": "gb", "name": "English"}}

    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    SESSION_COOKIE_SECURE = False
    SESSION_COOKIE_NAME = "sanjog"
    # a remembered device keeps its cookies this long; how long a session lives says the server (app/security/models.py)
    PERMANENT_SESSION_LIFETIME = timedelta(days=30)
    DEVICE_COOKIE_NAME = "sanjog-device"
    PASSWORD_HASH_METHOD = "scrypt:32768:8:3"
    # pages stay open for a working day; the token lives as long as the session does
    WTF_CSRF_TIME_LIMIT = None
    WTF_CSRF_FIELD_NAME = "csrf_token"
    MAX_CONTENT_LENGTH = 12 * 2**20
    MAX_FORM_MEMORY_SIZE = 500_000
    MAX_FORM_PARTS = 2_000

    # FAB's own doors stay shut: no tables of its own, no API, no JWT sign-in (reference: security, §1.2)
    FAB_CREATE_DB = False
    FAB_UPDATE_PERMS = False
    FAB_ADD_SECURITY_VIEWS = True
    FAB_ADD_SECURITY_API = False
    FAB_ADD_MENU_API = False
    FAB_ADD_OPENAPI_VIEWS = False
    FAB_API_SWAGGER_UI = False
    FAB_API_KEY_ENABLED = False
    FAB_ALLOW_GET_UNSAFE_MUTATIONS = False
    AUTH_USER_REGISTRATION = False
    RATELIMIT_ENABLED = False


DEMO_SECRETS = ("demo-secret-known-to-everybody", "demo-log-key-known-to-everybody")
DEMO_FIELD_KEY = urlsafe_b64encode(sha256(b"demo-field-key-known-to-everybody").digest()).decode()


class Demo(Settings):
    """The demonstration: known secrets, the cast's password on the sign-in page."""

    DEMO = True
    PUBLIC_URL = Settings.PUBLIC_URL or f"http://localhost:{Settings.PORT}"
    SANDBOX_URL = f"http://127.0.0.1:{Settings.PORT + 1}"
    SECRET_KEY = os.environ.get("SECRET_KEY") or DEMO_SECRETS[0]
    LOG_KEY = os.environ.get("LOG_KEY") or DEMO_SECRETS[1]
    FIELD_KEYS = _words("FIELD_KEYS") or (DEMO_FIELD_KEY,)
    RADIUS_SECRET = os.environ.get("RADIUS_SECRET") or "demo-radius-secret"
    WEBHOOKS_TO_LOOPBACK = True


class Testing(Demo):
    """The tests: a database that is thrown away, jobs at once."""

    TESTING = True
    GATEWAY_SECONDS = 1
    DATABASE_IS_THROWAWAY = True
    # the tests sign in by the thousand
    PASSWORD_HASH_METHOD = "scrypt:1024:1:1"
    PROPAGATE_EXCEPTIONS = False


class Production(Settings):
    """The real thing: refuses to start without secrets of its own."""

    SECRET_KEY = os.environ.get("SECRET_KEY", "")
    # the first seals the logs, older ones after a comma still prove what they sealed
    LOG_KEY = os.environ.get("LOG_KEY", "")
    # Fernet keys, comma between: the first encrypts, all decrypt (`flask isp rotate-keys`)
    FIELD_KEYS = _words("FIELD_KEYS")
    LOG_LINES = os.environ.get("LOG_LINES", "1") == "1"
    SLOW_QUERY_MS = int(os.environ.get("SLOW_QUERY_MS") or 500)
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sanjog"
    DEVICE_COOKIE_NAME = "__Host-sanjog-device"
    PREFERRED_URL_SCHEME = "https"


BY_ENVIRONMENT = {"demo": Demo, "testing": Testing, "production": Production}


def for_environment() -> type[Settings]:
    """Return the settings that APP_ENV names; the demo's without it. Raises KeyError for an unknown name."""
    return BY_ENVIRONMENT[os.environ.get("APP_ENV") or "demo"]
