"""A project that has never heard of Overlap."""

SECRET_KEY = "not one"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bakery.urls"
WSGI_APPLICATION = "bakery.wsgi.application"
INSTALLED_APPS = ["bakery"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
