"""One benchmark a file; each has `run(settings, said) -> Result`."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from benchmarks.result import Result
from benchmarks.settings import Settings

__all__ = ["CASES", "Case", "Said", "case"]

Said = Callable[[str], object]
Case = Callable[[Settings, Said], Result]

CASES = {
    "gradcam": "gradcam",
    "integrated-gradients": "integrated_gradients",
    "scorecam": "scorecam",
    "keras-gradient": "keras_gradient",
    "perturbation": "perturbation",
    "onnx-rise": "onnx_rise",
    "explain": "explain",
    "feature-visualisation": "feature_visualisation",
    "visualised-classes": "visualised_classes",
    "top-pictures": "top_pictures",
    "channels-last": "channels_last",
    "start-up": "start_up",
    "scenes": "scenes",
    "ground-truth": "ground_truth",
    "kinds": "kinds",
    "right-reasons": "right_reasons",
    "signatures": "signatures",
    "heatmap-transport": "heatmap_transport",
    "histograms": "histograms",
    "sinkhorn": "sinkhorn",
    "colour-transfer": "colour_transfer",
    "distances-under-change": "distances_under_change",
    "digits-knn": "digits_knn",
    "build-signatures": "build_signatures",
    "search": "search",
    "bounds": "bounds",
    "saliency-models": "saliency_models",
    "spectral-residual": "spectral_residual",
    "itti-koch": "itti_koch",
    "gbvs": "gbvs",
    "pixel-clusters": "pixel_clusters",
    "kernel-density": "kernel_density",
    "moving-camera": "moving_camera",
    "moving-saliency": "moving_saliency",
    "large-pictures": "large_pictures",
}
"""Name on the command line -> file."""


def case(name: str) -> Case:
    """The function that runs a case; nothing is imported before it is asked for."""
    run: Case = importlib.import_module(f"benchmarks.cases.{CASES[name]}").run
    return run
