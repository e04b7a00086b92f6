"""Every view by its name."""

from django.urls import path

from leansite import views

urlpatterns = [path(f"{view.__name__}/", view) for view in views.VIEWS]
