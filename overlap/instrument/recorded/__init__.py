"""What goes into the flight recorder: requests, blocks, calls in threads and connections."""
