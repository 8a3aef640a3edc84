"""All settings of Telek, from the environment; `.env.example` explains each.

Development and tests need nothing set; production needs TELEK_SECRET_KEY, TELEK_ENCRYPTION_KEYS,
TELEK_HOSTS, DATABASE_URL and REDIS_URL, and refuses to start without them (telek/checks.py).
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django_stubs_ext
import environ
from csp.constants import NONE, SELF

django_stubs_ext.monkeypatch()  # ModelForm[Patient], ModelAdmin[Patient] at run time
env = environ.Env()
ROOT = Path(__file__).resolve().parent.parent
DEMO_SECRET = "demo-secret-not-for-production-use-0123456789abcdef"  # noqa: S105
DEMO_VAPID_KEY = "hGMxNWqd-rPPaHGzIRDe5lrZ4BTd0m89g3T3uLSQvBY"
DEMO_ENCRYPTION_KEY = "dGVsZWstZGVtby1rZXktbm90LWZvci1wcm9kdWN0aW8="

# --- what kind of installation this is -------------------------------------------------------
DEBUG = env.bool("TELEK_DEBUG", False)
PRODUCTION = env.bool("TELEK_PRODUCTION", False)
DEMO = env.bool("TELEK_DEMO", False)
TESTING = env.bool("TELEK_TESTING", False)
SECRET_KEY = env.str("TELEK_SECRET_KEY", "" if PRODUCTION else DEMO_SECRET)
# Base64 keys of 32 bytes, newest first: the first encrypts, all decrypt.
ENCRYPTION_KEYS = env.list("TELEK_ENCRYPTION_KEYS", default=[] if PRODUCTION else [DEMO_ENCRYPTION_KEY])
PUBLIC_URL = env.str("TELEK_PUBLIC_URL", "http://localhost:8000").rstrip("/")
_public_host = urlsplit(PUBLIC_URL).hostname or "localhost"
ALLOWED_HOSTS = env.list(
    "TELEK_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "testserver", _public_host]
)
# Full origins (scheme, host, port) that may open the live socket.
SOCKET_ORIGINS = env.list("TELEK_SOCKET_ORIGINS", default=[PUBLIC_URL])
TIME_SCALE = env.float("TELEK_TIME_SCALE", 1.0)  # policy delays are divided by it; 1 in production
CLOCK_MOVABLE = env.bool("TELEK_CLOCK_MOVABLE", DEMO or TESTING)
# How long a process trusts the difference to the database's time: briefly where somebody may move the clock.
CLOCK_KEPT_SECONDS = env.float("TELEK_CLOCK_KEPT_SECONDS", 1.0 if CLOCK_MOVABLE and not TESTING else 30.0)
HOLD = env.bool("TELEK_HOLD", False)  # after a restore: engines do nothing until somebody has looked (manage.py held)
FAILPOINTS = env.str("TELEK_FAILPOINTS", "")  # tests only: "name=exit,other=sleep:10"

INSTALLED_APPS = [
    "telek",
    "apps.accounts.admin_app.TelekAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "apps.core.apps.CollectedFiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "channels",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "anymail",
    "apps.core",
    "apps.audit",
    "apps.notifications",
    "apps.accounts",
    "apps.patients",
    "apps.alerts",
    "apps.monitoring",
    "apps.messaging",
    "apps.sessions",
    "apps.therapy",
    "apps.outcomes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "apps.core.middleware.RequestId",
    "telek.views.health.WithoutTransaction",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages only (files are compressed at collection). Tokens are masked anew each time and lengths blurred (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.session_limits.SessionLimits",
    "apps.accounts.session_limits.SecondFactor",
    "apps.accounts.language.PersonLanguage",
    "apps.accounts.middleware.ClinicTransaction",
    "apps.core.middleware.NoStore",
]

ROOT_URLCONF = "telek.urls"
ASGI_APPLICATION = "telek.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.accounts.context.clinic",
                "telek.desk_context.desk",
                "telek.patient_context.patient",
            ],
        },
    },
    # For the one hot page (telek/desk_rows.py); its templates end in .jinja.
    {"BACKEND": "django.template.backends.jinja2.Jinja2", "DIRS": [ROOT / "templates"], "APP_DIRS": False},
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- database: one alias, three roles ----------------------------------------------------------
# Statements of the busiest roads are prepared; off behind a pooler in transaction mode that cannot keep them.
PREPARED_STATEMENTS = env.bool("TELEK_PREPARED_STATEMENTS", True)
DATABASE_ROLE = env.str("TELEK_DATABASE_ROLE", "app")
_ROLE_NAMES = {"app": "telek_app", "owner": "telek_owner", "pump": "telek_pump"}


def _database_url(role: str) -> str:
    """The address for a role; without one of its own, DATABASE_URL with the role's user name."""
    base = env.str("DATABASE_URL", "postgresql://telek_app@localhost/telek")
    own = env.str(f"DATABASE_{role.upper()}_URL", "")
    if own or role == "app":
        return own or base
    parts = urlsplit(base)
    password = f":{parts.password}" if parts.password else ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{_ROLE_NAMES[role]}{password}@{host}"))


def database_settings(role: str) -> dict[str, object]:
    """Django's settings dictionary for the database in that role (app, owner or pump)."""
    config = environ.Env.db_url_config(_database_url(role))
    config["ENGINE"] = "apps.core.db"
    config["CONN_MAX_AGE"] = 0
    config["ATOMIC_REQUESTS"] = False
    options = config.setdefault("OPTIONS", {})
    # TransactionTestCase closes connections across threads; a pool there only hides them.
    options["pool"] = (
        False if TESTING else {"min_size": 1, "max_size": env.int("TELEK_DATABASE_POOL", 20), "timeout": 10}
    )
    # Nothing is prepared but what asks for it (apps/core/db/hot.py): no statement is ever repeated so often.
    options["prepare_threshold"] = 1_000_000_000 if PREPARED_STATEMENTS else None
    options["options"] = "-c statement_timeout=30000 -c lock_timeout=8000 -c idle_in_transaction_session_timeout=60000"
    return config


DATABASE_ROLES = {role: database_settings(role) for role in _ROLE_NAMES}  # apps.core.db.roles reconnects with them
DATABASES = {"default": database_settings(DATABASE_ROLE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: broker, hints; nothing whose loss hurts ---------------------------------------------
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            # redis-py's own socket timeout would end an idle blocking read.
            "hosts": [{"address": REDIS_URL, "socket_timeout": None}],
            "prefix": "telek",
            "symmetric_encryption_keys": [SECRET_KEY],
        },
    },
}
# Counters (sign-in throttle, TOTP replay) must survive a dead Redis and be shared.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "core_cache"}}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "telek-",
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "retry_on_timeout": True,
}
CELERY_TIMEZONE = "UTC"

# --- people and sign-in --------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
if TESTING:  # a real hash takes half a second by intent
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "apps.accounts.adapter.ClosedDoorAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_FORMS = {
    "login": "apps.accounts.sign_in_form.SignInForm",
    "reset_password": "apps.accounts.sign_in_form.ResetForm",
}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
MFA_ADAPTER = "apps.accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO or TESTING
MFA_TOTP_ISSUER = "Telek"
MFA_RECOVERY_CODES_SHOW_ONCE = True
SECOND_FACTOR_REQUIRED = not DEMO
STAFF_SESSION = timedelta(hours=12)
STAFF_IDLE = timedelta(minutes=15)
PATIENT_SESSION = timedelta(days=14)
SURVEY_LINK_SESSION = timedelta(minutes=30)

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = int(PATIENT_SESSION.total_seconds())
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
SILENCED_SYSTEM_CHECKS: list[str] = []
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
if PRODUCTION:
    SESSION_COOKIE_NAME = "__Host-telek"
    CSRF_COOKIE_NAME = "__Host-telek-csrf"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("TELEK_SSL_REDIRECT", True)
    SECURE_HSTS_SECONDS = env.int("TELEK_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    if env.bool("TELEK_BEHIND_PROXY", False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = env.list("TELEK_TRUSTED_ORIGINS", default=[PUBLIC_URL])
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
MOST_BODY_BYTES = 32 * 1024 * 1024  # of any request, files included (telek/asgi.py); above every clinic's own limit
SCANNER = env.str("TELEK_SCANNER", "")  # clamd://host:port or clamd:///path: asked of every file; empty: there is none

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # the TOTP enrolment picture is a data: image
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# --- what leaves the system ------------------------------------------------------------------------
# One transport per channel: demo (a table shown at /demo/outbox/), email, http, twilio, web-push, none.
TRANSPORTS = {
    "email": env.str("TELEK_EMAIL_TRANSPORT", "demo" if DEMO else "email"),
    "sms": env.str("TELEK_SMS_TRANSPORT", "demo" if DEMO else "none"),
    "push": env.str("TELEK_PUSH_TRANSPORT", "demo" if DEMO else "none"),
    "voice": env.str("TELEK_VOICE_TRANSPORT", "demo" if DEMO else "none"),
}
TRANSPORT_URL = env.str("TELEK_TRANSPORT_URL", "")  # the http transport posts here
TRANSPORT_TOKEN = env.str("TELEK_TRANSPORT_TOKEN", "")
RECEIPT_SECRET = env.str("TELEK_RECEIPT_SECRET", "")  # signs what the provider tells; none: it is not heard
# The twilio transport (text messages, calls); its token signs what comes back to /provider/twilio/.
TWILIO_URL = env.str("TELEK_TWILIO_URL", "https://api.twilio.com").rstrip("/")
TWILIO_ACCOUNT = env.str("TELEK_TWILIO_ACCOUNT", "")
TWILIO_TOKEN = env.str("TELEK_TWILIO_TOKEN", "")
TWILIO_FROM = env.str("TELEK_TWILIO_FROM", "")
TWILIO_VOICE_FROM = env.str("TELEK_TWILIO_VOICE_FROM", TWILIO_FROM)
# Web Push: the installation's key pair (RFC 8292; manage.py vapid_key makes one), whom a push service may write to,
# and the push services that a browser may name: nothing else is ever asked for.
VAPID_KEY = env.str("TELEK_VAPID_KEY", DEMO_VAPID_KEY if DEMO or TESTING else "")
VAPID_CONTACT = env.str("TELEK_VAPID_CONTACT", "mailto:operator@telek.example")
PUSH_HOSTS = env.list(
    "TELEK_PUSH_HOSTS",
    default=["fcm.googleapis.com", ".push.services.mozilla.com", ".push.apple.com", ".notify.windows.com"],
)
SEND_TIMEOUT_SECONDS = env.float("TELEK_SEND_TIMEOUT_SECONDS", 5.0)
EMAIL_BACKEND = env.str(
    "TELEK_EMAIL_BACKEND",
    "apps.notifications.transports.demo.EmailBackend"
    if DEMO or TESTING
    else "django.core.mail.backends.smtp.EmailBackend",
)
EMAIL_HOST = env.str("TELEK_EMAIL_HOST", "localhost")
EMAIL_PORT = env.int("TELEK_EMAIL_PORT", 25)
EMAIL_HOST_USER = env.str("TELEK_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.str("TELEK_EMAIL_PASSWORD", "")
EMAIL_USE_TLS = env.bool("TELEK_EMAIL_TLS", PRODUCTION)
EMAIL_TIMEOUT = SEND_TIMEOUT_SECONDS
DEFAULT_FROM_EMAIL = env.str("TELEK_FROM_EMAIL", "Telek <no-reply@telek.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
OPERATOR_PING_URL = env.str("TELEK_OPERATOR_PING_URL", "")  # dead-man's switch, pinged on a clean cycle

# --- video ---------------------------------------------------------------------------------------------
TURN_URLS = env.list("TELEK_TURN_URLS", default=[])
TURN_SECRET = env.str("TELEK_TURN_SECRET", "")
STUN_URLS = env.list("TELEK_STUN_URLS", default=[])

# --- language, files ---------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
# What the patients' pages can speak. A language is switched on after a native speaker and a clinician have read it
# (docs/languages.md); the demo shows all.
TRANSLATED = {"en": "English", "ar": "العربية"}
_spoken = env.list("TELEK_LANGUAGES", default=list(TRANSLATED) if DEMO or TESTING else [LANGUAGE_CODE])
LANGUAGES = [(code, name) for code, name in TRANSLATED.items() if code in {LANGUAGE_CODE, *_spoken}]
LOCALE_PATHS = [ROOT / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = env.path("TELEK_STATIC_ROOT", default=str(ROOT / ".telek" / "static"))
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "apps.core.static.HashedStatic",
    },
}
WHITENOISE_USE_FINDERS = TESTING or DEBUG
WHITENOISE_AUTOREFRESH = False

# --- API -----------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.doors.ApiDoor"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.StrictJSON"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.Pages",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "apps.core.api.problem_details",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Telek API",
    "DESCRIPTION": "Patients, surveys, alerts, messages and visits of one clinic.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "telek.openapi.add_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "TreatmentPhase": "apps.monitoring.models.PHASE_CHOICES",
        "ConditionStatus": "apps.patients.models.history.CONDITION_STATUS",
        "AllergyStatus": "apps.patients.models.history.ALLERGY_STATUS",
        "MedicineStatus": "apps.patients.models.history.MEDICINE_STATUS",
    },
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

# --- logs: ids, never contents ---------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("TELEK_LOG_LEVEL", "WARNING" if TESTING else "INFO")},
    "loggers": {"django.request": {"level": "ERROR"}, "httpx": {"level": "WARNING"}},
}
