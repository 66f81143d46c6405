"""Declaration of the trainer."""

from services.trainer.events import EVENTS
from shared.contract import messages as m
from shared.contract import patterns
from shared.contract.declaration import Declaration
from shared.contract.events import Quality, Tick

TRAINER = Declaration(
    name="trainer",
    consumes=(m.DatasetPacked, m.TrainingDue, m.LegDue),
    produces=(m.LegDue, m.SnapshotTaken),
    emits=(Tick, Quality, *EVENTS),
    threads=1,
    longest=6 * 3600.0,
    long=True,
    reads=(patterns.DATASETS, patterns.TRAININGS, patterns.RUN_TRAININGS, patterns.FILES),
    writes=(patterns.TRAININGS,),
    deletes=(patterns.TRAININGS,),
)
