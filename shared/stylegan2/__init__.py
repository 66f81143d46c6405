"""StyleGAN2 (config F) on Keras 3: networks, what they draw, how good that is, and the files they are kept in.

Nothing here knows a bus, a store or a clock. Importing the package loads neither Keras nor TensorFlow, it only says
which back end Keras takes unless `KERAS_BACKEND` says another (JAX is tested), and that TensorFlow keeps its start-up
chatter to itself.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
