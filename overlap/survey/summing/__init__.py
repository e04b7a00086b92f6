"""What one trace adds to a survey: its verdict, request by request."""
