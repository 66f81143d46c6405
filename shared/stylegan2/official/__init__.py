"""Snapshots of the official programs: read without running them, and written for those of TensorFlow.

`unpickling` (with `machine`, `objects` and `torch_storage`) is what touches a stranger's bytes. `snapshot` knows what a
file holds: networks of stylegan2 and stylegan2-ada, or the modules of stylegan2-ada-pytorch and stylegan3, which
`torch_modules` gives the names and layouts of the former. `sizes` infers the architecture (with `widths` and
`settings`), `fitting` lays the variables beside it, `pickling` writes. No TensorFlow, and no input or output.
"""
