"""What a browser shows of a request's time: the header Server-Timing, and the debug toolbar."""
