"""Generated films of streets over real photographs, in which it is known who is where.

    film = drive()                       # a camera behind the windscreen, five seconds
    film = square()                      # a camera on a mast, eight hours of a day
    for frame in film: ...               # one at a time, rendered when asked for
    frame.mask("person")                 # the pixels that show it
    film.tracks()                        # where each object is in each frame
    film.frame(0).lines["right"]         # where the road's right line runs

The same arguments give the same film. Nothing is downloaded; the photographs and the handwritten
digits come from the wheels of scikit-image and scikit-learn (extra ``scenes``).
"""

from __future__ import annotations

from heatlens.testing.films.drive import drive
from heatlens.testing.films.square import square
from heatlens.testing.films.street import StreetFilm, StreetFrame
from heatlens.testing.films.world import Thing

__all__ = ["StreetFilm", "StreetFrame", "Thing", "drive", "square"]
