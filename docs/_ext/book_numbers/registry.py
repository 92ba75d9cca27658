"""The registry of chapters, docs/chapters.toml."""

from dataclasses import dataclass
from pathlib import Path

from sphinx.errors import ConfigError

from book_source import Chapter, read_chapters


@dataclass(frozen=True)
class Registry:
    """All chapters in the order of their numbers."""

    chapters: tuple[Chapter, ...]

    @property
    def volumes(self) -> tuple[str, ...]:
        """The folders of the volumes, in order."""
        return tuple(dict.fromkeys(chapter.volume for chapter in self.chapters))

    def chapter_of(self, docname: str) -> Chapter | None:
        """Find the chapter that a document belongs to."""
        for chapter in self.chapters:
            if docname == chapter.page or docname.startswith(chapter.page + "/"):
                return chapter
        return None

    def volume_of(self, docname: str) -> str | None:
        """Find the volume whose folder holds a document."""
        folder = docname.split("/")[0]
        return folder if "/" in docname and folder in self.volumes else None


def read_registry(path: Path) -> Registry:
    """Read chapters.toml; a number, key, page or module that occurs twice is an error."""
    chapters = tuple(sorted(read_chapters(path.parent), key=lambda chapter: chapter.number))
    for field in ("number", "key", "page", "module"):
        seen: dict[object, Chapter] = {}
        for chapter in chapters:
            value = getattr(chapter, field)
            if value in seen:
                raise ConfigError(
                    f"{path}: {field} = {value!r} is given to two chapters, {seen[value].title!r} and "
                    f"{chapter.title!r}; give one of them another {field}."
                )
            seen[value] = chapter
    return Registry(chapters)
