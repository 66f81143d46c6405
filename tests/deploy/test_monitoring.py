"""Rules and dashboards ask for what there is, under its right name, and can be read by those who are to use them."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.runtime.outcome import Outcome
from shared.runtime.stage_process import METRICS_PORT
from tests.deploy.monitoring import (
    BOARDS,
    CONFIGURATION,
    DEPLOY,
    FAMILIES,
    GRAFANA,
    KNOWN,
    PANELS,
    PROMETHEUS,
    QUERIES,
    RULE_TESTS,
    RULES,
    STAGES,
    TARGET,
    Query,
    need,
)

each_query = pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.asker)
each_panel = pytest.mark.parametrize("panel", [panel for _, panel in PANELS], ids=[title for title, _ in PANELS])


def promtool(*words: str, folder: Path = PROMETHEUS) -> None:
    need("promtool")
    done = subprocess.run(["promtool", *words], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_can_read_its_configuration() -> None:
    promtool("check", "config", "prometheus.yml")


def test_prometheus_can_read_the_rules() -> None:
    promtool("check", "rules", "rules.yml")


def test_every_alert_fires_where_it_must_and_nowhere_else() -> None:
    promtool("test", "rules", "rules_test.yml")


@pytest.mark.parametrize("alert", [rule["alert"] for rule in RULES])
def test_an_alert_is_tested_both_ways(alert: str) -> None:
    tests = [test for each in RULE_TESTS for test in each["alert_rule_test"] if test["alertname"] == alert]
    assert {bool(test.get("exp_alerts")) for test in tests} == {True, False}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("info", "warning", "critical")
    assert rule["annotations"].keys() == {"summary", "description"}


def test_prometheus_can_read_what_the_dashboards_ask(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": q.filled("upscaler", "1m")} for number, q in enumerate(QUERIES)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", "--lint=none", "rules.yml", folder=tmp_path)


@each_query
def test_what_is_asked_for_exists(query: Query) -> None:
    assert query.names
    assert query.names - KNOWN.keys() == set()


@pytest.mark.parametrize("metric", FAMILIES)
def test_what_is_told_is_asked_for(metric: str) -> None:
    assert FAMILIES[metric].keys() & {name for query in QUERIES for name in query.names} != set()


@each_query
def test_every_label_exists(query: Query) -> None:
    strange = [(name, label) for name, label, _ in query.matchers if label not in KNOWN[name] | TARGET]
    assert strange == []
    assert query.groups - TARGET - set().union(*(KNOWN[name] for name in query.names)) == set()


@each_query
def test_stages_and_outcomes_are_spelled_as_in_the_code(query: Query) -> None:
    known = {"stage": {*STAGES, "$stage"}, "outcome": {*Outcome, "done", "absent", "failed"}}
    for _, label, value in query.matchers:
        if label in known:
            assert set(value.split("|")) <= known[label]


@each_query
def test_what_only_grows_is_asked_for_its_rate_and_nothing_else_is(query: Query) -> None:
    rated = set(re.findall(r"\b(?:rate|increase)\((\w+)", query.expression))
    assert rated == {name for name in query.names if name.endswith(("_total", "_count", "_bucket"))}


def test_the_alert_on_scrapes_knows_every_job() -> None:
    (expression,) = (rule["expr"] for rule in RULES if rule["alert"] == "ScrapeDown")
    ((_, _, jobs),) = Query("", expression).matchers
    scraped = [*STAGES, *(job["job_name"] for job in CONFIGURATION["scrape_configs"][1:])]
    assert [job for job in scraped if not re.fullmatch(jobs, job)] == []


@pytest.mark.parametrize(
    ("alert", "panel"), [("TrainingOverfits", "Overfitting"), ("AugmentationExhausted", "Augmentation")]
)
def test_a_line_is_drawn_where_the_alert_begins(alert: str, panel: str) -> None:
    (rule,) = (rule["expr"] for rule in RULES if rule["alert"] == alert)
    (defaults,) = (each["fieldConfig"]["defaults"] for title, each in PANELS if title == f"training: {panel}")
    _, line = defaults["thresholds"]["steps"]
    assert defaults["custom"]["thresholdsStyle"] == {"mode": "dashed"}
    assert [float(bound) for bound in re.findall(r">=? ([\d.]+) and", rule)] == [line["value"]]


def test_every_stage_is_scraped_where_it_listens() -> None:
    stages, *brokers = CONFIGURATION["scrape_configs"]
    (discovery,) = stages["dns_sd_configs"]
    assert discovery["names"] == STAGES
    assert (discovery["type"], discovery["port"]) == ("A", METRICS_PORT)
    assert [job["static_configs"][0]["targets"] for job in brokers] == [["rabbitmq:15692"]] * 2


def test_the_pipeline_has_a_row_for_every_stage_in_order() -> None:
    board = BOARDS["pipeline"]
    (variable,) = (each for each in board["templating"]["list"] if each["name"] == "stage")
    assert variable["query"].split(",") == STAGES
    start, row = next((n, panel) for n, panel in enumerate(board["panels"]) if panel.get("repeat") == "stage")
    assert row["type"] == "row"
    repeated = board["panels"][start + 1 :]
    assert [panel["title"] for panel in repeated] == ["Rate", "Errors", "Duration", "Queue", "Age"]
    assert all("$stage" in target["expr"] for panel in repeated for target in panel["targets"])


@each_panel
def test_a_panel_has_a_unit_and_says_what_it_shows(panel: dict[str, Any]) -> None:
    assert panel["fieldConfig"]["defaults"]["unit"] not in ("", "none")
    assert panel["description"].endswith(".")


@each_panel
def test_a_panel_asks_the_data_source_that_was_chosen(panel: dict[str, Any]) -> None:
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


def test_dashboards_keep_their_addresses() -> None:
    assert {name: board["uid"] for name, board in BOARDS.items()} == {
        "pipeline": "magritte-pipeline",
        "training": "magritte-training",
    }


@pytest.mark.parametrize("board", BOARDS)
def test_panels_neither_overlap_nor_share_a_number(board: str) -> None:
    panels = BOARDS[board]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [cell for panel in panels for cell in _cells(**panel["gridPos"])]
    assert len(set(cells)) == len(cells)
    assert all(column < 24 for column, _ in cells)


def _cells(x: int, y: int, w: int, h: int) -> list[tuple[int, int]]:
    return [(column, line) for column in range(x, x + w) for line in range(y, y + h)]


def test_grafana_finds_dashboards_and_prometheus_where_compose_puts_them() -> None:
    services = yaml.safe_load((DEPLOY.parent / "docker-compose.yml").read_text())["services"]
    volumes = [volume.split(":") for volume in services["grafana"]["volumes"]]
    mounted = {source: target for source, target, *_ in volumes}
    provisioning = GRAFANA / "provisioning"
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "magritte.yml").read_text())["providers"]
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert mounted["./deploy/grafana/dashboards"] == provider["options"]["path"]
    assert mounted["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in services
    for board in BOARDS.values():
        assert board["templating"]["list"][0]["current"] == {"text": source["name"], "value": source["uid"]}
