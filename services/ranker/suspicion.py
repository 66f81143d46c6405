"""Learns from a person's verdicts about some faces of a run which others are suspicious.

The one file that imports scikit-learn: logistic regression on shape, colours and sharpness. A group
of features counts the same whatever their number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from services.ranker.looks import Looks, Rows, in_lab, off_middle

FEATURES = ("shape", "colours", "palette", "sharpness")

LEAST = 8
"""Originals that must have been dropped, and kept, for a model. With 5 of each it sorts nearly as well, but its AUC on
verdicts held back is off by 0.15 on average (faces of real drawings) and by up to 0.4; with 8 by 0.07, mostly below."""

_STRENGTH = 10.0  # scikit-learn's C
_SHARPNESS = 0.35
"""Weight of sharpness against each other group: without it blurred and noisy faces are found late; with 1, others."""

_MOST_OFF = 4  # spreads
_FOLDS = 5
_SEED = 0


@dataclass(frozen=True)
class Verdict:
    """A person's verdict about a face, by its place among the looks, and the original that the face is in."""

    place: int
    image: str
    dropped: bool


@dataclass(frozen=True)
class Suspicion:
    """Judgements of all faces, by each of `FEATURES`, [n, 4]: the sums with `bias` are the model's logits.

    `auc` is that of models on verdicts that were held back from them.
    """

    parts: NDArray[np.float64]
    bias: float
    auc: float

    @property
    def logits(self) -> NDArray[np.float64]:
        """The score of each face: above 0 it looks more like those that were dropped."""
        return np.asarray(self.parts.sum(axis=1) + self.bias, np.float64)


def suspicion(looks: Looks, verdicts: Sequence[Verdict]) -> Suspicion:
    """Learn from verdicts about at least `LEAST` originals of each kind, and judge all faces."""
    groups = _groups(looks)
    places = np.array([verdict.place for verdict in verdicts], np.intp)
    known = np.concatenate([rows[places] for rows in groups], axis=1)
    dropped = np.array([verdict.dropped for verdict in verdicts])
    model = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=2000)
    auc = _cross_validated(model, known, dropped, [verdict.image for verdict in verdicts])
    model.fit(known, dropped)
    weights = np.split(model.coef_[0], np.cumsum([rows.shape[1] for rows in groups])[:-1])
    parts = [rows @ weight for rows, weight in zip(groups, weights, strict=True)]
    return Suspicion(np.stack(parts, axis=1).astype(np.float64), float(model.intercept_[0]), auc)


def _groups(looks: Looks) -> list[Rows]:
    """Return the features of each of `FEATURES`."""
    sharpness = np.clip(off_middle(looks.sharpness), -_MOST_OFF, _MOST_OFF)
    groups = [_scaled(rows) for rows in (looks.shape, in_lab(looks.colours), looks.palette, sharpness)]
    return [*groups[:-1], groups[-1] * np.float32(_SHARPNESS)]


def _scaled(rows: Rows) -> Rows:
    """Return rows around their mean, of mean square length 1."""
    centred = rows - rows.mean(axis=0)
    length = float(np.sqrt(np.square(centred).sum(axis=1).mean()))
    return np.asarray(centred / (length or 1.0), np.float32)


def _cross_validated(
    model: LogisticRegression, known: Rows, dropped: NDArray[np.bool_], images: Sequence[str]
) -> float:
    """Return the AUC on verdicts that were held back, a fifth at a time; faces of an original stay together."""
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=_SEED)
    scores = cross_val_predict(model, known, dropped, groups=images, cv=folds, method="decision_function")
    return float(roc_auc_score(dropped, scores))
