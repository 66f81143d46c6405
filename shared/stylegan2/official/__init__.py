"""Snapshots of the official TensorFlow programs (stylegan2, stylegan2-ada): read without running them, and written.

`unpickling` is what touches a stranger's bytes, `snapshot` knows what such a file holds, `sizes` infers the
architecture, `fitting` lays the variables beside it, `pickling` writes. No TensorFlow, and no input or output.
"""
