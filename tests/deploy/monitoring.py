"""What Prometheus and Grafana are told to ask for, and the names that there are to be asked."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from services.magritte.pipeline import PIPELINE
from shared.runtime import metrics

DEPLOY = Path(__file__).parents[2] / "deploy"
PROMETHEUS, GRAFANA = DEPLOY / "prometheus", DEPLOY / "grafana"
CONFIGURATION: dict[str, Any] = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
RULES = [rule for group in yaml.safe_load((PROMETHEUS / "rules.yml").read_text())["groups"] for rule in group["rules"]]
RULE_TESTS = yaml.safe_load((PROMETHEUS / "rules_test.yml").read_text())["tests"]
BOARDS = {path.stem: json.loads(path.read_text()) for path in (GRAFANA / "dashboards").glob("*.json")}
PANELS = [
    (f"{name}: {panel['title']}", panel)
    for name, board in BOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
]
STAGES = list(PIPELINE.containers)

SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "info": ["_info"], "gauge": [""]}
EXTRA = {"_bucket": {"le"}, "_info": {"version"}}
"""Labels that a metric has beside its own, by suffix."""
BROKER = {
    "rabbitmq_detailed_queue_messages": {"vhost", "queue"},
    "rabbitmq_detailed_queue_messages_ready": {"vhost", "queue"},
    "rabbitmq_detailed_queue_consumers": {"vhost", "queue"},
    "rabbitmq_alarms_memory_used_watermark": set(),
    "rabbitmq_alarms_free_disk_space_watermark": set(),
    "rabbitmq_global_messages_unroutable_returned_total": {"protocol"},
}
"""Names of RabbitMQ's with their labels; seen at 3.10 and 4, and asked for in test_scraping.py."""
PROCESS: dict[str, set[str]] = {"process_start_time_seconds": set(), "process_resident_memory_bytes": set()}
ELSEWHERE = BROKER | PROCESS | {"up": set(), "ALERTS": {"alertstate", "alertname"}}
TARGET = {"job", "instance"}
WORDS = {"and", "or", "unless", "bool"}


def names(metric: MetricWrapperBase) -> dict[str, set[str]]:
    """The names under which Prometheus knows a metric of ours, with their labels."""
    (family,) = metric.describe()
    labels = set(metric._labelnames)  # nothing public tells
    return {family.name + suffix: labels | EXTRA.get(suffix, set()) for suffix in SUFFIXES[family.type]}


EVENT_GAUGES = [gauge for stage in PIPELINE.declarations for event in stage.emits for gauge in event.gauges.values()]
METRICS = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
FAMILIES = {metric.describe()[0].name: names(metric) for metric in [*METRICS, *map(metrics.event_gauge, EVENT_GAUGES)]}
OF_EVENTS = {gauge.name for gauge in EVENT_GAUGES}
"""Names that only the stages have whose events are shown by them."""
OURS = {name: labels for family in FAMILIES.values() for name, labels in family.items()}
KNOWN = OURS | ELSEWHERE


@dataclass(frozen=True)
class Query:
    """An expression, and who asks it."""

    asker: str
    expression: str

    @property
    def names(self) -> set[str]:
        """The metrics that it asks for."""
        text = re.sub(r'\{[^}]*\}|\[[^\]]*\]|"[^"]*"', "", self.expression)
        text = re.sub(r"\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", "", text)
        return set(re.findall(r"[a-zA-Z_:][\w:]*(?!\w)(?!\s*\()", text)) - WORDS

    @property
    def matchers(self) -> Iterator[tuple[str, str, str]]:
        """Metric, label and value of each matcher."""
        for name, matchers in re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", self.expression):
            for label, value in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"', matchers):
                yield name, label, value

    @property
    def groups(self) -> set[str]:
        """The labels that it sums by or joins on."""
        found = re.findall(r"\b(?:by|on|group_left)\s*\(([^)]*)\)", self.expression)
        return {label.strip() for labels in found for label in labels.split(",")} - {""}

    def filled(self, stage: str, window: str) -> str:
        """As Grafana sends it."""
        return self.expression.replace("$__rate_interval", window).replace("$stage", stage)


QUERIES = [Query(rule["alert"], rule["expr"]) for rule in RULES] + [
    Query(title, target["expr"]) for title, panel in PANELS for target in panel["targets"]
]


def need(*programs: str) -> None:
    """Skip the test if programs are missing, but fail it where continuous integration should have them."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"needs {', '.join(missing)}: `make test` installs them where it may")
