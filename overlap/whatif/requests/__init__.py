"""What recorded requests did: outlines, steps, pools and computing, read from their traces."""
