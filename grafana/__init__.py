"""Grafana: its provisioning, its dashboards, and the code that writes them."""
