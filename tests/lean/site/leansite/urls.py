"""Every view by its name."""

import os

from django.urls import path

from leansite import views

urlpatterns = [path(f"{view.__name__}/", view) for view in views.VIEWS]
if os.environ.get("LEAN_ERROR_PAGES"):
    handler404 = views.missing
