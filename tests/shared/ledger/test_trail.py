from shared.contract.messages import DatasetPacked, FacesCounted, LegDue, Message, SourceExhausted
from shared.ledger.trail import fact_of, label_of

RUN, ENTRY, DIGEST = "anya-001", "0a" * 10, "0b" * 32


def test_a_label_tells_the_fact_again_for_every_message(every_message: tuple[Message, ...]) -> None:
    for message in every_message:
        fact = message.fact("tfrecord-packer")
        assert fact_of(message.item, label_of(fact)) == fact


def test_labels_are_those_of_earlier_versions() -> None:
    counted = FacesCounted(run=RUN, entry=ENTRY, image=DIGEST, faces=3)
    due = LegDue(run=RUN, version=2, dataset=DIGEST, training=DIGEST, leg=7)
    assert label_of(counted.fact("face-detector")) == "face-detector.faces-counted.none.3.0"
    assert label_of(due.fact("trainer")) == "trainer.leg-due.none.7.2"


def test_a_revision_has_a_label_of_its_own() -> None:
    counted = FacesCounted(run=RUN, entry=ENTRY, image=DIGEST, faces=3, revision=4)
    assert fact_of(counted.item, label_of(counted.fact("face-detector"))) == counted.fact("face-detector")


def test_what_is_said_of_a_run_more_than_once_has_labels_of_its_own() -> None:
    def leg(version: int, number: int) -> Message:
        return LegDue(run=RUN, version=version, dataset=DIGEST, training=DIGEST, leg=number)

    said = [
        *(SourceExhausted(run=RUN, source=source, count=5) for source in (0, 1)),
        *(DatasetPacked(run=RUN, version=version, digest=DIGEST) for version in (1, 2)),
        *(leg(version, number) for version in (1, 2) for number in (0, 1)),
    ]
    assert len({label_of(message.fact("some-stage")) for message in said}) == len(said)
