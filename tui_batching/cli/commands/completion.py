"""`completion`: the script by which a shell completes the program's arguments.

The scripts are shtab's, which makes them of the parsers; what names there are for an argument is
added here. They are static: completing does not start the program.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from tui_batching.analysis.slices import SLICES
from tui_batching.charts.gallery import parameter_charts
from tui_batching.cli.parser import Parser
from tui_batching.reading.files import data_folder
from tui_batching.strategies import STRATEGIES
from tui_batching.workload import bundled_profiles, bundled_workloads
from tui_batching.workload.settings import setting_keys

_SHELLS = ("bash", "zsh", "fish")
_EXAMPLES = """\
examples:
  eval "$(tui-batching completion bash)"           in ~/.bashrc
  eval "$(tui-batching completion zsh)"            in ~/.zshrc, after compinit
  tui-batching completion fish | source            in ~/.config/fish/config.fish
"""
_WORD_BY_WORD = """
_tui_batching() {
  local joined=() line=() word part before="" option="" settings=""
  for part in "${COMP_WORDS[@]:0:COMP_CWORD + 1}"; do
    if [[ $part == = || $before == = ]]; then word+=$part
    else [[ -n $before ]] && joined+=("$word"); word=$part
    fi
    before=$part
  done
  before=""
  for word in "${joined[@]}" "$word"; do
    settings=""
    if [[ $word == --*=* ]]; then option=${word%%=*} word=${word#*=}; line+=("$option")
    elif [[ $word == -* ]]; then option=$word
    elif [[ $option == --set && $before != --set ]]; then settings=yes
    fi
    if [[ $settings && $word == *=* ]]; then settings=""; line+=(--set); fi
    line+=("$word")
    before=$word
  done
  local COMP_WORDS=("${line[@]}") COMP_CWORD=$((${#line[@]} - 1))
  _shtab_tui_batching
  if [[ $settings ]]; then
    COMPREPLY+=($(_tui_batching_settings "$word"))
    compopt +o filenames
  fi
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -o bashdefault -F _tui_batching tui-batching
"""
"""For bash, which parts words at an equals sign: they are put together, `--theme=dark` is read as
`--theme dark`, and each of the settings behind `--set` as if it had one of its own."""
_FISH_WORDS = "(commandline -opc)"
"""How shtab's script for fish asks for the words before the one that is completed."""
_SETTINGS_APART = "(_tui_batching_words)"
"""How it gets them with `--set` before each setting, as it knows of one value of an option."""
_FURTHER_SETTINGS = f"""
function _tui_batching_words
  set -l option ''
  set -l before ''
  for word in {_FISH_WORDS}
    if string match -q -- '-*' $word
      set option (string replace -r '=.*' '' -- $word)
    else if test "$option" = --set; and test "$before" != --set; and string match -q '*=*' -- $word
      printf '%s\\n' --set
    end
    printf '%s\\n' $word
    set before $word
  end
end
function _tui_batching_goes_on -a option
  set -l options (string match -- '-*' {_FISH_WORDS})
  set -q options[1]; and string match -qr -- "^$option(=|\\$)" $options[-1]
end
complete -c tui-batching -n '_tui_batching_goes_on --set' -fka '(_tui_batching_settings)'
"""
"""For fish: behind a setting there may be another one, which is no positional argument."""
_BEHIND = {"bash": _WORD_BY_WORD, "zsh": "", "fish": _FURTHER_SETTINGS}
"""What comes behind the script of each shell."""
_FURTHER = 9
"""So many values more than one zsh completes, of an option that takes several."""
_LONG_ASIDE = re.compile(r" \([^)]*;[^)]*\)")

Names: TypeAlias = dict[str, Any]
"""How each shell completes an argument, as shtab takes it."""


def add_arguments(parser: Parser) -> None:
    """Let the parser take the arguments of the command."""
    parser.description = "Print the script by which a shell completes commands, options and names."
    parser.epilog = _EXAMPLES
    parser.add_argument("shell", choices=_SHELLS, metavar="|".join(_SHELLS), help="whose script")


def run(arguments: argparse.Namespace) -> None:
    """Print the script."""
    # Here, so that no other command waits for it, and because the program imports its commands.
    import shtab  # noqa: PLC0415

    from tui_batching.cli.main import program_parser  # noqa: PLC0415

    parser = program_parser()
    names = _names(shtab.FILE)
    for action in _actions(parser):
        _describe_in_short(action)
        action.help = _in_short(action.help or "")
        known = names.get(str(action.metavar)) or names.get(action.dest)
        if known and not action.choices:
            vars(action)["complete"] = known  # where shtab looks for it
        if arguments.shell == "zsh" and action.nargs != 0:
            action.option_strings = list(map(_with_equals, action.option_strings))
            if known and isinstance(action, argparse._AppendAction):  # noqa: SLF001
                _take_several(action, known)
    script = shtab.complete(parser, arguments.shell).replace(_FISH_WORDS, _SETTINGS_APART)
    print(script + _BEHIND[arguments.shell])


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All arguments of a parser and of the commands in it."""
    for action in parser._actions:  # noqa: SLF001 - argparse tells them in no other way
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for command in action.choices.values():
                yield from _actions(command)


def _describe_in_short(action: argparse.Action) -> None:
    """Say of each command what the list of commands says: shtab takes one line of each."""
    if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
        for named in action._choices_actions:  # noqa: SLF001
            action.choices[named.dest].description = named.help


def _in_short(told: str) -> str:
    """What an argument is, up to a semicolon and without long asides: there is little room."""
    return _LONG_ASIDE.sub("", told).partition(";")[0]


def _with_equals(option: str) -> str:
    """How zsh is told that the value of a long option may come behind an equals sign."""
    return f"{option}=" if option.startswith("--") else option


def _take_several(action: argparse.Action, known: Names) -> None:
    """Tell zsh that an option may have further values."""
    further = f"::{action.metavar}:{known['zsh']}" * _FURTHER
    vars(action)["complete"] = known | {"zsh": known["zsh"] + further}


def _names(file: Names) -> dict[str, Names]:
    """How arguments are completed, by what users call them, or what the program does."""
    strategies, profiles = list(STRATEGIES), list(bundled_profiles())
    engines = [name for name in strategies if STRATEGIES[name].about.iteration_level]
    kinds = ["load", "batch-size", "timeout", *parameter_charts()]
    themes = sorted(path.stem for path in data_folder("themes").glob("*.yaml"))
    return {
        "workload": _word_or_file("workload", list(bundled_workloads())),
        "theme": _word("theme", themes),
        "kind": _word("kind", list(dict.fromkeys(kinds))),
        "strategies": _words("strategies", strategies),
        "breakdown": _words("breakdown", list(SLICES)),
        "settings": _settings(setting_keys(), profiles),
        "cost": _word_or_file("cost", profiles),
        "engine": _word("engine", engines),
        **dict.fromkeys(("LOG", "config", "contents", "csv", "deck", "file", "output"), file),
    }


def _word(what: str, words: Sequence[str]) -> Names:
    """One of the words."""
    function, listed = f"_tui_batching_{what}", " ".join(words)
    return {
        "bash": function,
        "zsh": f"({listed})",
        "fish": listed,
        "preamble": {"bash": f'{function}() {{ compgen -W "{listed}" -- "$1"; }}'},
    }


def _word_or_file(what: str, words: Sequence[str]) -> Names:
    """One of the words, or a file."""
    # For what shtab calls so, bash closes the names of folders with a slash.
    function, listed = f"_tui_batching_{what}_files", " ".join(words)
    both = f'"{what}:{what}:({listed})" "file:file:_files"'
    return {
        "bash": function,
        "zsh": function,
        "fish": f"{listed} (__fish_complete_path (commandline -ct))",
        "preamble": {
            "bash": f'{function}() {{ compgen -W "{listed}" -- "$1"; compgen -f -- "$1"; }}',
            "zsh": f"{function}() {{ _alternative {both}; }}",
        },
    }


def _words(what: str, words: Sequence[str]) -> Names:
    """Several of the words, with commas between them."""
    function, listed = f"_tui_batching_{what}", " ".join(words)
    return {
        "bash": function,
        "zsh": function,
        "fish": f"(__fish_complete_list , {function})",
        "preamble": {
            "bash": f"""\
{function}() {{
  local before=""
  if [[ $1 == *,* ]]; then before="${{1%,*}},"; fi
  compgen -P "$before" -W "{listed}" -- "${{1##*,}}"
}}""",
            "zsh": f"{function}() {{ _values -s , {what} {listed}; }}",
            "fish": f"function {function}; printf '%s\\n' {listed}; end",
        },
    }


def _settings(keys: Sequence[str], profiles: Sequence[str]) -> Names:
    """`KEY=`, and the profiles that may come after `cost=`."""
    function = "_tui_batching_settings"
    started = " ".join(f"{key}=" for key in keys)
    whole = " ".join(f"cost={profile}" for profile in profiles)
    costs = " ".join(profiles)
    return {
        "bash": function,
        "zsh": function,
        "fish": f"({function})",
        "preamble": {
            "fish": f"function {function}; printf '%s\\n' {started} {whole}; end",
            # Bash goes on behind the equals sign.
            "bash": f"""\
{function}() {{
  case "$1" in
    cost=*) compgen -W "{costs}" -- "${{1#*=}}" ;;
    *=*) ;;
    *) compgen -W "{started} {whole}" -- "$1" ;;
  esac
}}""",
            "zsh": f"""\
{function}() {{
  if compset -P "cost="; then compadd -- {costs}
  elif ! compset -P "*="; then compadd -S "" -- {started}
  fi
}}""",
        },
    }
