"""A text, as something to be explained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from heatlens.errors import InvalidArgument, InvalidType

__all__ = ["Text"]


@dataclass(frozen=True)
class Text:
    """Words that a model reads; a plain string would be taken for the path of a picture.

    Attributes:
        content: the words.
        name: what to call it; by default the words themselves.
        against: pictures (paths, arrays or `Image`s) that the text is to be told apart from. Heat
            is then on what makes it fit its own picture more than these do on average, and none
            on words that fit any picture. They are left out where two texts are compared.

    Example:
        >>> Text("a red square").name
        'a red square'
        >>> len(Text("a red square", against=["blue.png", "circle.png"]).against)
        2
    """

    content: str
    name: str = ""
    against: tuple[Any, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        """Check that there is a word, and that there are several pictures or none."""
        if not isinstance(self.content, str):
            raise InvalidType(f"a text is a string, not {type(self.content).__name__}")
        if not self.content.strip():
            raise InvalidArgument("the text is empty")
        if not self.name:
            object.__setattr__(self, "name", self.content.strip())
        if not isinstance(self.against, list | tuple):
            raise InvalidType(
                "against= is a list of pictures that the text is to be told apart from, also of "
                f"one: [picture]; got {type(self.against).__name__}"
            )
        object.__setattr__(self, "against", tuple(self.against))
