"""Takes the pictures of the documentation from a live server.

    python docs/pictures.py TARGET [--into docs/pictures] [--wait SECONDS]

TARGET is what `pgdeck` takes: start `pgdeck demo --headless` beside it and use its address.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from pgdeck.targets.detect import find_target
from pgdeck.tui.app import DeckApp
from pgdeck.wiring import load_specs, open_watcher

SIZES = ((80, 24), (120, 36), (200, 50))
SCREENS = ("overview", "activity", "tables")


async def take(target_text: str, screen: str, size: tuple[int, int], wait: float) -> str:
    """Run the dashboard without a terminal and return its picture as SVG."""
    target = find_target(target_text, {})
    if target is None:
        raise SystemExit(f"{target_text}: not a target")
    app = DeckApp(lambda: open_watcher(target), load_specs(), target, start=screen)
    async with app.run_test(size=size) as pilot:
        await asyncio.sleep(wait)
        if screen == "activity":
            await pilot.press("i")
            await asyncio.sleep(1)
        return app.export_screenshot(title=f"pgdeck {screen} {size[0]}x{size[1]}")


def main() -> None:
    """Take every screen at every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent / "pictures")
    parser.add_argument("--wait", type=float, default=20.0, help="seconds of samples to gather")
    args = parser.parse_args()
    args.into.mkdir(parents=True, exist_ok=True)

    async def every() -> None:
        # One after the other: each would be seen in the others' pictures.
        for screen in SCREENS:
            for size in SIZES:
                picture = await take(args.target, screen, size, args.wait)
                file = args.into / f"{screen}-{size[0]}x{size[1]}.svg"
                file.write_text(picture, encoding="utf-8")
                print(file)

    asyncio.run(every())


if __name__ == "__main__":
    main()
