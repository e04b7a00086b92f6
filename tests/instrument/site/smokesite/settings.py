"""A project as small as can be, to be instrumented."""

import os

DEBUG = os.environ.get("SITE_DEBUG") == "1"
SECRET_KEY = "not a secret"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "smokesite.urls"
MIDDLEWARE = os.environ.get("SITE_MIDDLEWARE", "django.middleware.common.CommonMiddleware").split()
USE_TZ = True
