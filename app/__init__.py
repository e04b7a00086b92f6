"""The demo: the views of the tutorial *Async Views in Django*, as service `smokehouse`."""
