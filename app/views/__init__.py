"""The views: the tutorial's, and beside them their pairs."""
