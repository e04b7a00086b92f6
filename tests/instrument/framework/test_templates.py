"""Templates: summed up, a slow one with a span by its name, with queries as children."""

from __future__ import annotations


def test_fast_templates_are_added_up(recorded):
    """The outermost count; those they include are a part of them."""
    sink = recorded("""
    from django.template.loader import render_to_string
    from overlap.instrument.framework import slow_parts
    slow_parts.LEAST_S = 60
    with tracer.start_as_current_span("view"):
        assert render_to_string("fast.html", {"x": 3}) == "3"
        assert render_to_string("outer.html", {"x": 3, "slow": 4}) == "34"
    """)
    view = sink.one("view").attributes
    assert view["overlap.template.renders"] == 2
    assert view["overlap.template.duration_ms"] > 0
    assert sink.names() == {"view": 1}


def test_a_slow_template_is_a_span_with_its_name(recorded):
    """An inclusion in it is no span of its own."""
    sink = recorded("""
    from django.template.loader import render_to_string
    with tracer.start_as_current_span("view"):
        render_to_string("outer.html", {"x": 1, "slow": lambda: time.sleep(NAP_S)})
    """)
    view, span = sink.one("view"), sink.one("template.render")
    assert span.attributes["overlap.template.name"] == "outer.html"
    assert span.parent_id == view.span_id
    assert span.ms >= 20
    assert view.start <= span.start
    assert span.end <= view.end


def test_queries_in_a_slow_template_become_its_children(recorded):
    """From the second time on: the first time it is known too late that it was slow."""
    sink = recorded("""
    from django.db import connection
    from django.template.loader import render_to_string
    def rows():
        time.sleep(NAP_S)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone()[0]
    for number in range(2):
        with tracer.start_as_current_span(f"view {number}"):
            assert render_to_string("slow.html", {"x": rows}) == "1"
    with tracer.start_as_current_span("view 2"):
        render_to_string("slow.html", {"x": 1})
    with tracer.start_as_current_span("view 3"):
        render_to_string("slow.html", {"x": 1})
    """)
    template = sink.named("template.render")
    first, second = sorted(sink.named("SELECT"), key=lambda span: span.start)
    assert first.parent_id == sink.one("view 0").span_id
    # And once more after it was slow, to notice that it is fast again.
    assert [span.parent_id for span in sorted(template, key=lambda span: span.start)] == [
        sink.one(f"view {number}").span_id for number in (1, 2)
    ]
    assert second.parent_id in {span.span_id for span in template}


def test_an_error_in_a_template_is_the_templates(recorded):
    """It is on the span of a slow one, and goes where it went before."""
    sink = recorded("""
    from django.template.loader import render_to_string
    def fail():
        time.sleep(NAP_S)
        raise KeyError("coal")
    with tracer.start_as_current_span("view"):
        try:
            render_to_string("slow.html", {"x": fail})
            raise AssertionError
        except KeyError:
            pass
    overlap.shutdown()
    from django.template.backends.django import Template
    assert not hasattr(Template.render, "__wrapped__")
    """)
    span = sink.one("template.render")
    assert span.status == 2
    assert [name for name, _ in span.events] == ["exception"]
