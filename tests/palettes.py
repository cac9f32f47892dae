"""What the sixteen colours look like on terminals that there are."""

from __future__ import annotations

from rich.color import Color
from rich.terminal_theme import TerminalTheme

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
VGA = [
    *[(0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170)],
    *[(0, 170, 170), (170, 170, 170)],
    *[(85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255)],
    *[(255, 85, 255), (85, 255, 255), (255, 255, 255)],
]
"""The Linux console's colours."""
XTERM = [
    *[(0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205)],
    *[(0, 205, 205), (229, 229, 229)],
    *[(127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255)],
    *[(255, 0, 255), (0, 255, 255), (255, 255, 255)],
]
PALETTES = {
    "console": TerminalTheme(BLACK, VGA[7], VGA[:8], VGA[8:]),
    "xterm": TerminalTheme(BLACK, XTERM[7], XTERM[:8], XTERM[8:]),
    "paper": TerminalTheme(WHITE, BLACK, XTERM[:8], XTERM[8:]),
    "vga-paper": TerminalTheme(WHITE, BLACK, VGA[:8], VGA[8:]),
}


def on_terminal(color: str, palette: TerminalTheme, *, ink: bool) -> str:
    named = color.replace("-", "_")
    return Color.parse(named).get_truecolor(palette, foreground=ink).hex
