"""The dashboards as typed code. `python -m grafana.boards` writes them to grafana/dashboards/."""

import warnings

with warnings.catch_warnings():
    # Imported first, and quietly: they warn that Grafana 12 and later have a second schema. The
    # classic one is what every Grafana from 9 on reads.
    warnings.simplefilter("ignore", DeprecationWarning)
    import grafana_foundation_sdk.builders.dashboard
    import grafana_foundation_sdk.models.dashboardv2beta1  # noqa: F401

from grafana.boards.every import DASHBOARDS, rendered

__all__ = ["DASHBOARDS", "rendered"]
