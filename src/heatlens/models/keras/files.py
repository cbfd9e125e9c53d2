"""Networks that Keras saved: `.keras` and `.h5` files, read without running code of theirs."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from heatlens.errors import InvalidArgument, UntrustedPickle, WeightsUnavailable

__all__ = ["read"]


def read(keras: Any, path: Path, *, trusted: bool) -> Any:
    """The model in a file.

    Args:
        keras: the package.
        path: of a `.keras` or `.h5` file.
        trusted: build layers that carry Python code, which runs with the model.

    Raises:
        WeightsUnavailable: there is no file.
        UntrustedPickle: it has code inside, and is not trusted.
        InvalidArgument: it is no model of Keras, is damaged, or needs classes of its author's.
    """
    if not path.is_file():
        raise WeightsUnavailable(f"there is no file {str(path)!r} (model.save writes them)")
    if path.suffix.lower() == ".keras" and not zipfile.is_zipfile(path):
        raise InvalidArgument(
            f"{str(path)!r} is damaged or cut short: a .keras file is a zip archive, and this is "
            "none. Copy or download it again"
        )
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=not trusted)
    except Exception as error:  # Keras raises whatever its reader stumbles over
        raise _explained(path, error, trusted) from error
    if not isinstance(model, keras.Model):
        raise InvalidArgument(f"{str(path)!r} holds a {type(model).__name__}, not a keras.Model")
    return model


def _explained(path: Path, error: BaseException, trusted: bool) -> Exception:
    words = str(error)
    reason = words.strip().split("\n")[0][:300]
    if not trusted and ("safe_mode" in words or "unsafe" in words.lower()):
        return UntrustedPickle(
            f"{str(path)!r} has a layer with Python code inside (a Lambda?), which would run on "
            "this machine. trust_pickle=True opens it, if you trust whoever wrote the file"
        )
    if "register_keras_serializable" in words or "custom_objects" in words:
        return InvalidArgument(
            f"{str(path)!r} uses a class that Keras does not know ({reason}). Import the module "
            "that registers it, or load the model yourself with custom_objects= and give that"
        )
    return InvalidArgument(f"{str(path)!r} is no model that Keras reads: {reason}")
