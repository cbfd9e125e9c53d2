"""griffe extension: our docstrings say "Example:", griffe knows "Examples:" as code."""

import re
from typing import Any

import griffe


class ExampleSections(griffe.Extension):
    """Rename the section's heading while the sources are read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for every module, class, function and attribute."""
        if obj.docstring:
            text = obj.docstring.value
            obj.docstring.value = re.sub(r"^(\s*)Example:$", r"\1Examples:", text, flags=re.M)
