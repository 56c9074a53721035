"""What is deployed: one file, one Cloud Function."""

import gc

# Python's own 700 has it look for garbage all through a cold start, which makes nothing but what stays: a tenth of it.
# The first call ends that, see shared/runtime/telemetry.py.
gc.set_threshold(1_000_000)
