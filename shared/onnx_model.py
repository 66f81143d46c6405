"""Runs ONNX models on the processor: the one file that imports onnxruntime, an extra of the stages that use it.

A session is made once and may be asked from several threads; the interpreter's lock is free while it computes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ONLY_ERRORS = 3
"""onnxruntime's severity from which it writes to standard error."""


class NotAModel(ValueError):
    """A file is no ONNX model that can be run here, or takes or gives something else than it was said to."""


@dataclass(frozen=True)
class Port:
    """An input or output of a model: its name, its NumPy type, and its shape, with None for what may vary."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


class OnnxModel:
    """A model that is ready to be run. Raises `NotAModel` for bytes that are none."""

    def __init__(self, data: bytes, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads  # the runtime keeps all cores busy with pictures
        options.inter_op_num_threads = 1
        options.log_severity_level = _ONLY_ERRORS
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions have no base of their own
            raise NotAModel(
                f"it is no ONNX model that onnxruntime {onnxruntime.__version__} can run: {error}"
            ) from error
        self.inputs = tuple(map(_port, self._session.get_inputs()))
        self.outputs = tuple(map(_port, self._session.get_outputs()))
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return the outputs by name for inputs by name. Raises `NotAModel` where the model does not take these."""
        try:
            answers = self._session.run(None, dict(inputs))
        except Exception as error:
            raise NotAModel(f"the model refuses its input: {error}") from error
        return {port.name: np.asarray(answer) for port, answer in zip(self.outputs, answers, strict=True)}


def library_version() -> str:
    """Return the version of onnxruntime, on which the last digits of results depend."""
    import onnxruntime

    return str(onnxruntime.__version__)


def _port(described: Any) -> Port:
    shape = tuple(size if isinstance(size, int) else None for size in described.shape)
    return Port(described.name, _DTYPES.get(described.type, described.type), shape)


_DTYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(uint8)": "uint8", "tensor(int64)": "int64"}
