"""Films in `heatlens explain`: a model of pictures, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.progress import Progress

from heatlens.attribution.explained_film import explain_film
from heatlens.cli.explanation_words import described_film
from heatlens.cli.file_names import free, slug, stem_of
from heatlens.cli.films import film_stem, watched
from heatlens.cli.job import Job
from heatlens.errors import HeatlensError

__all__ = ["each_film"]


def each_film(
    job: Job, films: Sequence[str], progress: Progress
) -> Iterator[tuple[dict[str, Any] | None, dict[str, str] | None]]:
    """For every film what was written, or why nothing was; one film a method and target."""
    taken: set[str] = set()
    for source in films:
        stem = stem_of(film_stem(source), taken)
        try:
            yield _film(job, source, stem, progress), None
        except (HeatlensError, OSError) as error:
            yield None, {"source": source, "error": str(error)}
        except Exception as error:  # of the network: the other films may still work
            yield None, {"source": source, "error": f"{type(error).__name__}: {error}"}


def _film(job: Job, source: str, stem: str, progress: Progress) -> dict[str, Any]:
    made = []
    colour_map = job.draw["colour_map"]
    drawn = {} if colour_map is None else {"colour_map": colour_map}
    taken: set[str] = set()
    for method in job.methods:
        for aim in job.targets:
            name = free(f"{stem}.{method}.{slug(aim)}", taken)
            target = job.film_file or job.out / f"{name}.mp4"
            with watched(progress, f"explaining {source}", target) as told:
                film = explain_film(
                    job.model,
                    source,
                    target,
                    method,
                    aim,
                    fit=job.fit,
                    channels=job.channels,
                    progress=told,
                    **drawn,
                    **job.parameters(method),
                )
            made.append(described_film(film))
    return {
        "source": source,
        "model": job.model.name,
        "predictions": [],
        "heatmaps": made,
        "comparison": None,
    }
