"""`instrument()` says what it is not tested on."""


def test_a_free_threaded_build_is_said_at_the_start(own_sink, run):
    """As one warning in the log."""
    run(
        """
        import logging, sys, overlap
        class Kept(logging.Handler):
            messages = []
            def emit(self, record):
                self.messages.append(record.getMessage())
        logging.getLogger("overlap").addHandler(Kept())
        sys._is_gil_enabled = lambda: False
        overlap.instrument()
        found = [each for each in Kept.messages if "not tested" in each]
        assert found == ["Overlap is not tested on free-threaded builds of Python"], found
        overlap.shutdown()
        """,
        own_sink.url,
    )
