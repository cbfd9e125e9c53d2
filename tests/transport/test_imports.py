import subprocess
import sys


def test_what_needs_no_torch_does_not_load_it():
    names = (
        "displacement_grid, emd, gaussian_wasserstein, histogram_nearest, max_sliced_wasserstein, "
        "patch_distance, sinkhorn, sliced_wasserstein, wasserstein_1d, wasserstein_circular"
    )
    code = f"import sys; from heatlens.transport import {names}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
