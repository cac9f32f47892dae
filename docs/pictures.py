"""Takes the pictures of the documentation: every screen of the menu, at every size, and more.

    make pictures                       on a server of its own, with the example databases and load
    python docs/pictures.py TARGET      on a server that is there; TARGET is what `pgdeck` takes
    make pictures ARGS="--only beside"  what stands beside the screens alone, in half a minute

They go to docs/pictures, with a page that shows them all; those of screens that are no longer in
the menu are removed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import psycopg
from textual.app import App
from textual.pilot import Pilot

from pgdeck.cli.demo import SETTINGS, under_load
from pgdeck.cli.fleet import FileFleet
from pgdeck.core.spec import ScreenSpec
from pgdeck.core.surroundings import Sight, Sighting, Surroundings
from pgdeck.core.target import Conninfo, Environment, Kind, Target
from pgdeck.jobs.journal import Follower
from pgdeck.operating import plan_operation, start_job
from pgdeck.paths import config_dir
from pgdeck.pg.account import server_account
from pgdeck.pg.binaries import find_binaries, within_reach
from pgdeck.pg.embedded import Cluster
from pgdeck.reference import databases
from pgdeck.targets.detect import find_target
from pgdeck.themes import SHIPPED, find_theme
from pgdeck.tui.app import DeckApp
from pgdeck.tui.welcome import WelcomeApp, WelcomeScreen
from pgdeck.wiring import examine, load_specs, open_watcher

SIZES = ((80, 24), (120, 36))
THEMES = tuple(name for name in SHIPPED if name != "ansi-light")
"""Those that a picture has the ground for."""

KEYS = {"activity": ("i",)}
"""Keys pressed on a screen before its picture is taken."""

BESIDE = {
    "welcome": "Where nothing names a database",
    "switcher": "The target switcher (`` ` ``)",
    "doctor": "The doctor (`!`)",
}
"""What stands beside the screens of the menu, and what the page calls it."""

FLEET = """
[targets.shop]
url = "{shop}"
environment = "dev"

[targets.usage]
url = "{usage}"
environment = "dev"

[targets.orders]
url = "postgresql://shop@127.0.0.1:1/orders"
environment = "prod"
"""

SETTLED = 3.0
"""Seconds from a screen's first data to its picture: rates need two samples."""

LOCKED = "UPDATE ops.agents SET updated_at = now() WHERE id = md5('agent1')::uuid"


@contextmanager
def ground() -> Iterator[Target]:
    """Run a server of our own with the example databases and people at work on them."""
    account = server_account()
    place = Path(tempfile.mkdtemp(prefix="pgdeck-pictures-", dir="/tmp"))
    try:
        # The account that runs the server may be another one.
        place.chmod(0o711)
        binaries = within_reach(find_binaries(), account, place)
        cluster = Cluster(binaries, place / "demo" / "data", settings=SETTINGS, account=account)
        cluster.initialize()
        cluster.start()
        try:
            databases.build(cluster.conninfo, print)
            with under_load(cluster, place / "load.log"):
                conninfo = cluster.conninfo(databases.OPERATIONAL)
                yield Target("demo", Kind.EMBEDDED, conninfo, Environment.DEV, source="demo")
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(place, ignore_errors=True)


@asynccontextmanager
async def a_queue(target: Target) -> AsyncIterator[None]:
    """Have one session wait for another, so that there is something to see about locks."""
    async with AsyncExitStack() as stack:
        for name in ("api", "worker"):
            session = await psycopg.AsyncConnection.connect(
                **target.conninfo.with_keywords(application_name=name)  # type: ignore[arg-type]
            )
            stack.push_async_callback(session.close)
            asking = asyncio.create_task(session.execute(LOCKED))
            stack.callback(asking.cancel)
            await asyncio.wait([asking], timeout=1.0)
        yield


WORK: tuple[tuple[str, dict[str, str]], ...] = (
    ("analyze", {"database": "yes"}),
    ("checkpoint", {}),
    ("vacuum", {"database": "yes"}),
)
"""What is done before the pictures are taken, so that there are jobs to see."""


def over(follower: Follower) -> None:
    """Wait until a job is over."""
    while not follower.poll().status.is_over:
        time.sleep(0.1)


async def work(target: Target) -> None:
    """Do it, one after the other."""
    for op, wish in WORK:
        directory = start_job(await plan_operation(op, target, wish), target)
        follower = Follower(directory)
        await asyncio.to_thread(over, follower)


async def take(
    target: Target, specs: Mapping[str, ScreenSpec], size: tuple[int, int], wait: float
) -> dict[str, str]:
    """Walk through the screens in one run of the dashboard; return their pictures as SVG."""
    width, height = size
    taken: dict[str, str] = {}
    app = DeckApp(lambda: open_watcher(target), specs, target)
    async with app.run_test(size=size) as pilot:
        await asyncio.sleep(wait)  # the charts of the Overview fill
        for name in specs:
            await app.run_action(f"screen('{name}')")
            await settled(pilot, app, name)
            await pilot.press(*KEYS.get(name, ()))
            await asyncio.sleep(0.5)
            taken[name] = app.export_screenshot(title=f"pgdeck {name} {width}x{height}")
    return taken


async def in_themes(target: Target, specs: Mapping[str, ScreenSpec], wait: float) -> dict[str, str]:
    """Return the same screen in each theme, as SVG by file name."""
    width, height = SIZES[0]
    files: dict[str, str] = {}
    app = DeckApp(lambda: open_watcher(target), specs, target)
    async with app.run_test(size=SIZES[0]) as pilot:
        await asyncio.sleep(wait)
        for name in THEMES:
            app.wear(find_theme(name))
            await asyncio.sleep(1.0)
            await pilot.pause()
            files[f"theme-{name}-{width}x{height}.svg"] = app.export_screenshot(
                title=f"pgdeck --theme {name}"
            )
    return files


async def beside(target: Target, specs: Mapping[str, ScreenSpec]) -> dict[str, str]:
    """Return what stands beside the screens at every size, as SVG by file name."""
    files: dict[str, str] = {}
    with a_fleet(target):
        named = {each.name: each.target for each in FileFleet(specs).members(None)}
        here, away = named["shop"], named["orders"]
        assert here is not None
        assert away is not None
        for width, height in SIZES:
            apps = {
                "welcome": (welcome(), "", "look again"),
                "switcher": (deck_of(here, specs), "grave_accent", "■ no"),
                "doctor": (deck_of(away, specs), "exclamation_mark", "○ tools"),
            }
            for name, (app, key, sign) in apps.items():
                said = f"{name}-{width}x{height}"
                files[f"{said}.svg"] = await one_of(app, (width, height), key, sign, said)
    return files


@contextmanager
def a_fleet(target: Target) -> Iterator[None]:
    """Name three databases, one of which is away."""
    usage = target.conninfo.with_keywords(dbname=databases.ANALYTICS)
    file = config_dir() / "config.toml"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(FLEET.format(shop=url_of(target.conninfo), usage=url_of(usage)))
    file.chmod(0o600)
    try:
        yield
    finally:
        file.unlink()


def url_of(conninfo: Conninfo) -> str:
    """Return the address of a server with a socket."""
    return f"postgresql:///?{urlencode(dict(conninfo))}"


def deck_of(target: Target, specs: Mapping[str, ScreenSpec]) -> DeckApp:
    """Return the dashboard as a person has it, with all targets and the doctor."""
    return DeckApp(
        lambda: open_watcher(target), specs, target, fleet=FileFleet(specs), examine=examine
    )


def welcome() -> WelcomeApp:
    """Return the Welcome screen of a project whose database is one of its services."""
    here = Conninfo({"host": "127.0.0.1", "port": "5432", "dbname": "shop", "user": "shop"})
    found = Target("db", Kind.CONTAINER, here, source="compose.yaml")
    around = Surroundings(
        Path("/src/shop"),
        services=(
            Sighting(Sight.COMPOSE, "db", "127.0.0.1:5432/shop", running=True, target=found),
            Sighting(Sight.COMPOSE, "replica", running=False, note="stopped: docker compose up"),
        ),
        entries=(Sighting(Sight.SERVICE, "reporting", "db.example.com"),),
        notes=(".env names a SQLite database; pgdeck watches PostgreSQL",),
    )
    return WelcomeApp(WelcomeScreen(lambda: around, lambda _: found, around.directory))


async def one_of(app: App[int], size: tuple[int, int], key: str, sign: str, said: str) -> str:
    """Return a picture of what a key opens, once a sign is seen on it."""
    async with app.run_test(size=size) as pilot:
        await asyncio.sleep(2.0)
        await pilot.press(*filter(None, [key]))
        for _ in range(200):
            strips = app.screen._compositor.render_strips(app.screen.size)
            if any(sign in strip.text for strip in strips):
                break
            await asyncio.sleep(0.05)
        else:
            raise SystemExit(f"{said}: {sign} is not seen")
        await pilot.pause()
        return app.export_screenshot(title=f"pgdeck {said.replace('-', ' ')}")


async def settled(pilot: Pilot[int], app: DeckApp, name: str) -> None:
    """Wait until a screen has its data, and the rates in it."""
    for _ in range(300):
        if app.watcher and app.watcher.latest(name):
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(SETTLED)
    await pilot.pause()


def page(specs: Mapping[str, ScreenSpec]) -> str:
    """Return the page that shows every screen."""
    parts = ["# Every screen\n\nMade by `make pictures` from a server with some load.\n"]
    for name, spec in specs.items():
        key = f" ({spec.key})" if spec.key else ""
        shown = "\n".join(f"![{spec.title}]({name}-{w}x{h}.svg)" for w, h in reversed(SIZES))
        parts.append(f"## {spec.title}{key}\n\n{spec.help.strip()}\n\n{shown}\n")
    for name, title in BESIDE.items():
        shown = "\n".join(f"![{title}]({name}-{w}x{h}.svg)" for w, h in reversed(SIZES))
        parts.append(f"## {title}\n\n{shown}\n")
    width, height = SIZES[0]
    shown = "\n".join(f"![{name}](theme-{name}-{width}x{height}.svg)" for name in THEMES)
    parts.append(f"## Themes\n\n[Terminals and themes](../terminals.md).\n\n{shown}\n")
    return "\n".join(parts)


def publish(
    into: Path, specs: Mapping[str, ScreenSpec], files: Mapping[str, str], *, whole: bool
) -> None:
    """Write what was taken; where that is the whole, remove what is no longer."""
    into.mkdir(parents=True, exist_ok=True)
    for stale in into.glob("*.svg"):
        if whole and stale.name not in files:
            stale.unlink()
    for name, picture in files.items():
        (into / name).write_text(picture, encoding="utf-8")
    (into / "README.md").write_text(page(specs), encoding="utf-8")


async def every(target: Target, specs: Mapping[str, ScreenSpec], wait: float) -> dict[str, str]:
    """Return all pictures by file name."""
    files: dict[str, str] = {}
    await work(target)
    async with a_queue(target):
        # One after the other: each would be seen in the others' pictures.
        for width, height in SIZES:
            taken = await take(target, specs, (width, height), wait)
            files |= {f"{name}-{width}x{height}.svg": svg for name, svg in taken.items()}
            print(f"{len(taken)} screens at {width}x{height}")
        files |= await in_themes(target, specs, wait)
    return files | await beside(target, specs)


def main() -> None:
    """Take every screen at every size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("target", nargs="?")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent / "pictures")
    parser.add_argument("--wait", type=float, default=40.0, help="seconds of samples to gather")
    parser.add_argument("--only", choices=["beside"], help="take what stands beside the screens")
    args = parser.parse_args()
    with ExitStack() as stack:
        # Neither a person's own screens nor what they chose in a table belongs in a picture.
        home = stack.enter_context(tempfile.TemporaryDirectory())
        os.environ |= {"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home, "TZ": "UTC"}
        target = find_target(args.target, {}) if args.target else stack.enter_context(ground())
        if target is None:
            raise SystemExit(f"{args.target}: not a target")
        specs = load_specs()
        some = beside(target, specs) if args.only else every(target, specs, args.wait)
        publish(args.into, specs, asyncio.run(some), whole=not args.only)


if __name__ == "__main__":
    main()
