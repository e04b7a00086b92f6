"""The state of a survey: sums of integers, and how two of them are added."""
