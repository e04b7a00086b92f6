"""The screen: how Grafana is provisioned, its dashboards, and the code that writes them."""
