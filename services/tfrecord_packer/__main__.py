"""`python -m services.tfrecord_packer`: this stage as a process of its own."""

from shared.runtime.stage_process import main

if __name__ == "__main__":  # child processes import this module again
    main("tfrecord-packer")
