"""POT is the reference here; of the frameworks it would load, none is needed."""

import os

for framework in ("PYTORCH", "JAX", "TENSORFLOW", "CUPY"):
    os.environ.setdefault(f"POT_BACKEND_DISABLE_{framework}", "1")
