"""What a front counts, read from ``/metrics`` as Prometheus reads it."""

from prometheus_client.parser import text_string_to_metric_families


def samples(front):
    """Return every sample by its name and labels: ``("odahu_requests_total", (("method", "GET"), …))``."""
    text = front.ask("GET", "/metrics").body.decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(front, name, /, **labels):
    """Return one sample, 0 where there is none."""
    return samples(front).get((name, tuple(sorted(labels.items()))), 0)
