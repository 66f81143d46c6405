"""This project's training for `benchmarks/training.py --inter-op`: with TensorFlow's own number of inter-op threads.

Training itself has one inter-op thread on a CPU and refuses more, since a step would not give the same bytes each time.
The number is fixed by the first operation of a process, so this is one of its own.
"""

import json
import sys
from dataclasses import asdict

import tensorflow as tf

from benchmarks.nvidia_training import Configuration
from benchmarks.training import Ours
from services.trainer.learning import tensorflow_engine


def serve() -> None:
    """Get ready, say so, then do a round for each line that comes in. Every answer is a line of JSON."""
    given = json.loads(sys.argv[1])
    jit_compile = given.pop("jit_compile")
    tf.config.threading.set_inter_op_parallelism_threads(0)  # as many as TensorFlow takes by itself
    tensorflow_engine.require_one_operation_at_a_time = lambda: None
    training = Ours(Configuration(**given), jit_compile)
    training.warm_up()
    print(json.dumps({"ready": "TensorFlow's own number of inter-op threads"}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({**asdict(training.round()), "memory": training.memory()}), flush=True)
