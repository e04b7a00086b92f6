"""The metrics of requests, cheap enough for each: how many there are, and how long they take."""
