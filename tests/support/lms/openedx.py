"""Open edX's side of LTI 1.3: the models, classes and views of lti-consumer-xblock, served on this machine.

It runs in `.kernels/lti-platform`, which has nothing of ours (`openedx_process.py` starts it). The line that it writes
says where it is; it ends when its input does. What Open edX does around the package (who may write, whose grade it is)
is answered in the last part of this file.
"""

import json
import os
import sys
import threading
from functools import cache
from types import SimpleNamespace
from wsgiref.simple_server import WSGIRequestHandler, make_server

COURSE = "course-v1:School+DL+2026"
PUBLISHED = []  # what reached the platform's gradebook


def configure(url):
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="of-tests-only",
        PLATFORM_NAME="Test",
        LMS_ROOT_URL=url,
        LTI_API_BASE=url,
        USAGE_ID_PATTERN=r"(?P<usage_id>[^/?]+)",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="openedx_urls",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "lti_consumer"],
        MIGRATION_MODULES={"auth": None, "contenttypes": None, "lti_consumer": None},
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        LOGGING_CONFIG=None,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)


# --- what only the tests ask ----------------------------------------------------------------------------------------


def tool(request):
    """Adds a tool to the course, as an instructor does; the answer has what is to be registered with it."""
    from django.http import JsonResponse
    from lti_consumer.api import get_lti_1p3_launch_info
    from lti_consumer.models import Lti1p3Passport, LtiConfiguration

    asked = json.loads(request.body)
    number = LtiConfiguration.objects.count() + 1
    # One key for all: then two tools differ in nothing but the client id.
    passport = Lti1p3Passport.objects.create(
        lti_1p3_internal_private_key=own_key(),
        lti_1p3_internal_private_key_id="edx",
        lti_1p3_tool_keyset_url=asked["keys"],
    )
    made = LtiConfiguration.objects.create(
        version=LtiConfiguration.LTI_1P3,
        config_store=LtiConfiguration.CONFIG_ON_DB,
        location=f"block-v1:School+DL+2026+type@lti_consumer+block@coursework{number}",
        lti_1p3_passport=passport,
        lti_1p3_oidc_url=asked["login"],
        lti_1p3_launch_url=asked["launch"],
        lti_1p3_redirect_uris=[asked["launch"]],
        lti_advantage_deep_linking_enabled=True,
        lti_advantage_deep_linking_launch_url=asked["launch"],
        lti_advantage_ags_mode=LtiConfiguration.LTI_ADVANTAGE_AGS_PROGRAMMATIC,
    )
    info = get_lti_1p3_launch_info(launch_data(made, "u-ida", "instructor"))
    names = ("client_id", "deployment_id", "keyset_url", "oidc_callback", "token_url")
    return JsonResponse({"number": made.pk} | {name: str(info[name]) for name in names})


def begin(request):
    """The address that a click on the link of a tool opens."""
    from django.http import JsonResponse
    from lti_consumer.api import get_lti_1p3_launch_start_url

    asked = json.loads(request.body)
    found = configuration(asked["tool"])
    chosen = None if asked["choosing"] else found.ltidlcontentitem_set.first()
    url = get_lti_1p3_launch_start_url(
        launch_data(found, asked["user"], asked["role"]),
        deep_link_launch=asked["choosing"],
        dl_content_id=chosen.pk if chosen else None,
    )
    return JsonResponse({"url": url})


def kept(request):
    """What the platform has stored for a tool."""
    from django.http import JsonResponse
    from lti_consumer.models import LtiAgsScore

    found = configuration(request.GET["tool"])
    columns, scores = found.ltiagslineitem_set, LtiAgsScore.objects.filter(line_item__lti_configuration=found)
    return JsonResponse(
        {
            "chosen": [item.attributes for item in found.ltidlcontentitem_set.all()],
            "columns": list(columns.values("label", "score_maximum", "tag", "resource_id")),
            "scores": list(scores.values("user_id", "score_given", "score_maximum", "grading_progress")),
            "published": [one for one in PUBLISHED if one["block"] == str(found.location)],
        }
    )


def configuration(number):
    from lti_consumer.models import LtiConfiguration

    return LtiConfiguration.objects.get(pk=number)


def launch_data(found, user, role):
    from lti_consumer.data import Lti1p3LaunchData

    return Lti1p3LaunchData(
        user_id=user,
        user_role=role,
        config_id=found.config_id,
        resource_link_id=str(found.location),
        name={"u-ada": "Ada Lovelace", "u-ida": "Ida Instructor"}[user],
        email=f"{user}@school.example",
        context_id=COURSE,
        context_type=["course_offering"],
        context_title="Deep Learning in Open edX",
        launch_presentation_document_target="window",
    )


@cache
def own_key():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


# --- what Open edX does around the package ---------------------------------------------------------------------------


class Block:
    """The place in the course that a link is at."""

    has_score = True
    accept_grades_past_due = True

    def __init__(self, location):
        self.scope_ids = SimpleNamespace(usage_id=location)

    def is_past_due(self):
        return False

    def max_score(self):
        return 1.0

    def set_user_module_score(self, user, score, _max_score, _comment):
        PUBLISHED.append({"block": str(self.scope_ids.usage_id), "user": user, "share": score})


def stand_in():
    from lti_consumer.plugin import compat

    compat.user_has_studio_write_access = lambda _user, _course: True
    compat.load_block_as_user = Block
    compat.get_user_from_external_user_id = lambda user: user
    compat.get_event_tracker = lambda: None


def urls():
    from django.urls import include, path

    return [
        path("api/", include("lti_consumer.plugin.urls")),
        path("test/tool", tool),
        path("test/begin", begin),
        path("test/kept", kept),
    ]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def end_with_our_parent():
    sys.stdin.read()
    os._exit(0)


def main():
    # One thread: the database lives in its memory.
    server = make_server("127.0.0.1", 0, None, handler_class=Quiet)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    configure(url)
    from django.core.wsgi import get_wsgi_application

    stand_in()
    sys.modules["openedx_urls"] = SimpleNamespace(urlpatterns=urls())
    server.set_app(get_wsgi_application())
    print(url, flush=True)
    threading.Thread(target=end_with_our_parent, daemon=True).start()
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
