"""Pictures of pages in, one sheet of each page out, wide and on a phone, light and dark, side by side and small enough to be
kept: `python -m tests.console.sheets PICTURES TARGET`."""

import subprocess
import sys
from html import escape
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from tests.console.person import ARGUMENTS
from tests.e2e.harness import REPOSITORY

LOOKS: Final = ("wide-light", "wide-dark", "phone-light", "phone-dark")
QUALITY: Final = 60
_STYLE: Final = """
body { margin: 0; padding: 8px; width: 1184px; background: #888; display: grid; gap: 8px;
  grid-template-columns: 415fr 415fr 175fr 175fr; }
div { height: 440px; overflow: hidden; }
img { width: 100%; }
"""


def main() -> None:
    pictures, target = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    found = subprocess.run([REPOSITORY / "scripts" / "chromium.sh"], capture_output=True, text=True, check=True)
    names = sorted(path.name.removesuffix(f"-{LOOKS[0]}.png") for path in pictures.glob(f"*-{LOOKS[0]}.png"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1200, "height": 456})
        for name in names:
            images = "".join(f'<div><img src="{escape(name)}-{look}.png" alt=""></div>' for look in LOOKS)
            sheet = pictures / f"{name}.html"
            sheet.write_text(f"<!doctype html><style>{_STYLE}</style>{images}")
            page.goto(sheet.as_uri())
            page.screenshot(path=target / f"{name}.jpg", type="jpeg", quality=QUALITY)
        browser.close()


if __name__ == "__main__":
    main()
