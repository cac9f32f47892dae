"""`pgdeck completion`: a shell's script, and the answers that the script asks for."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence

from pgdeck.cli.output import write
from pgdeck.core.text import safe

ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
FILES = "/"
"""The line that says that names of files fit, too; nothing that is offered looks like it."""

BASH = r"""# pgdeck's completion for bash (3.2 and newer):  eval "$(pgdeck completion bash)"
_pgdeck() {
    local text help files=
    COMPREPLY=()
    # The line goes by a pipe: what is typed may hold a password, and arguments are seen by all.
    while IFS=$'\t' read -r text help; do
        if [ "$text" = / ]; then
            files=1
        else
            case $text in
                *[!A-Za-z0-9_./:=,@%+-]*) COMPREPLY+=("$(printf %q "$text")") ;;
                *) COMPREPLY+=("$text") ;;
            esac
            case $text in *[=:,]) type compopt >/dev/null 2>&1 && compopt -o nospace ;; esac
        fi
    done < <(printf '%s\0' "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" |
        "$1" completion --answer bash 2>/dev/null)
    if [ -n "$files" ]; then
        if type compopt >/dev/null 2>&1; then
            compopt -o filenames
        fi
        while IFS= read -r text; do
            COMPREPLY+=("$text")
        done < <(compgen -f -- "$2")
    fi
}
complete -F _pgdeck pgdeck
"""

ZSH = r"""#compdef pgdeck
# pgdeck's completion for zsh:  source <(pgdeck completion zsh)
_pgdeck() {
    local text help files=
    local -a whole whole_lines loose loose_lines
    while IFS=$'\t' read -r text help; do
        if [[ $text == / ]]; then
            files=1
        elif [[ $text == *[=:,] ]]; then
            loose+=("$text") loose_lines+=("$text${help:+  -- $help}")
        else
            whole+=("$text") whole_lines+=("$text${help:+  -- $help}")
        fi
    # The words go by a pipe: what is typed may hold a password, and arguments are seen by all.
    done < <(printf '%s\0' "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" |
        "${(Q)words[1]}" completion --answer zsh 2>/dev/null)
    (( $#whole )) && compadd -l -d whole_lines -a whole
    (( $#loose )) && compadd -l -S '' -d loose_lines -a loose
    if [[ -n $files ]]; then
        compset -P '--*='
        _files
    fi
}
if [[ $funcstack[1] == _pgdeck ]]; then
    _pgdeck "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _pgdeck pgdeck
fi
"""

FISH = r"""# pgdeck's completion for fish:  pgdeck completion fish | source
function __pgdeck_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    # The words go by a pipe: what is typed may hold a password, and arguments are seen by all.
    for line in (printf '%s\0' $words $current | $program completion --answer fish 2>/dev/null)
        if test $line = /
            __fish_complete_path $current
        else
            echo $line
        end
    end
end
complete -c pgdeck -f -a '(__pgdeck_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def run(args: argparse.Namespace) -> int:
    """Print a shell's script, or with --answer what may stand at the cursor of its line."""
    write(_answers(args.shell) if args.answer else SCRIPTS[args.shell])
    return 0


def _answers(shell: str) -> str:
    """Return a line for each way to go on: the word, a tab, what it is."""
    from pgdeck.cli.completing import answer

    given = sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\0")[:-1]
    line, breaks = (given[0], given[1]) if shell == "bash" and len(given) == 2 else ("", "")
    words = arguments(split_line(line)) if shell == "bash" else given
    found = answer(words)
    # Of a word with = or : bash takes only what is behind the last of them.
    kept = max((words[-1].rfind(each) for each in breaks), default=-1) + 1 if words else 0
    # What a terminal must not see could not be typed either.
    offers = [each for each in found.offers if safe(each.text) == each.text]
    lines = [f"{each.text[kept:]}\t{safe(each.help)}" for each in offers]
    return "".join(f"{each}\n" for each in (*lines, *([FILES] if found.files else [])))


def arguments(words: Sequence[str]) -> Sequence[str]:
    """Return what follows the program's name; assignments may stand before it."""
    program = next((at for at, word in enumerate(words) if not ASSIGNMENT.match(word)), 0)
    return words[program + 1 :]


def split_line(line: str) -> Sequence[str]:
    """Return the words of an unfinished line, the last one as far as it is typed.

    Quotes are read as a shell reads them; one that is still open ends with the line.
    """
    words: list[str] = []
    word, quote, begun = "", "", False
    letters = iter(line)
    for letter in letters:
        if letter == "\\" and quote != "'":
            word, begun = word + next(letters, ""), True
        elif quote:
            quote, word = ("", word) if letter == quote else (quote, word + letter)
        elif letter in "'\"":
            quote, begun = letter, True
        elif letter.isspace():
            words, word, begun = [*words, word] if begun else words, "", False
        else:
            word, begun = word + letter, True
    return [*words, word]
