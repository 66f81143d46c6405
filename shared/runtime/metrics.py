"""What Prometheus sees of a process. Stages are a label; items, addresses and error texts never are."""

from prometheus_client import Counter, Gauge, Histogram

ITEMS = Counter("magritte_items", "Deliveries by what came of them", ["stage", "outcome"])
ITEM_SECONDS = Histogram(
    "magritte_item_seconds",
    "Time that a stage spent on one delivery that it had not done before",
    ["stage"],
    buckets=(0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
IN_PROGRESS = Gauge("magritte_items_in_progress", "Deliveries that are being worked on", ["stage"])
DROPPED = Counter("magritte_dropped", "Pictures and faces dropped, by reason", ["stage", "reason"])
DEAD = Counter("magritte_dead", "Items that could not be processed, by the type of the error", ["stage", "error"])
