"""Pictures of pages of the built book: python tests/browser/shoot.py OUTDIR [page …].

For each page (default: every chapter) four PNG files: light, dark, phone (390 px wide) and print.
The book is looked for in build/html, or in the folder that the variable BOOK_HTML names.
"""

import os
import sys
from pathlib import Path

from web import chromium, serve

HTML = Path(os.environ.get("BOOK_HTML", Path(__file__).parents[2] / "build" / "html"))
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LOOKS = {
    "light": (DESK, "light", "screen"),
    "dark": (DESK, "dark", "screen"),
    "phone": (PHONE, "light", "screen"),
    "print": ({"width": 794, "height": 1123}, "dark", "print"),
}


def shoot(out: Path, pages: list[str]) -> None:
    """Write the pictures of the pages into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    with serve(HTML) as address, chromium() as browser:
        for look, (viewport, scheme, medium) in LOOKS.items():
            page = browser.new_page(viewport=viewport, color_scheme=scheme)
            page.emulate_media(media=medium, color_scheme=scheme)
            for name in pages:
                page.goto(f"{address}/{name}")
                page.wait_for_load_state("networkidle")
                page.add_style_tag(content="* { content-visibility: visible !important; }")
                page.screenshot(
                    path=out / f"{name.removesuffix('.html').replace('/', '_')}-{look}.png", full_page=True
                )
                print(f"{name} {look}")
            page.close()


if __name__ == "__main__":
    if len(sys.argv) < 2 or not HTML.is_dir():
        sys.exit(f"{__doc__}\n{'' if HTML.is_dir() else f'{HTML} is absent: run make book'}")
    chapters = [str(p.relative_to(HTML)) for p in sorted(HTML.glob("*/[0-9]*/*.html"))]
    shoot(Path(sys.argv[1]), sys.argv[2:] or chapters)
