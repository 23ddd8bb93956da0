"""Every key of the main screen, in one table.

The key bar, the help screen, the command palette and the README's table are all made from it; the
key bar shows them in this order, as many as there is room for. A keymap makes another such table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from textual.binding import Binding

from tui_batching.tui.key_names import written
from tui_batching.tui.player import SPEEDS, speed_text
from tui_batching.tui.views import VIEWS


@dataclass(frozen=True, slots=True)
class Key:
    """One key, or a key and its aliases.

    Attributes:
        keys: as Textual names them, the aliases after commas; empty where there is none, so that
            the command palette is the way.
        action: what it runs.
        id: its name in a keymap.
        name: what it is called.
        help_text: what it does.
        while_playing: what it is called instead while it plays; the same, if nothing.
    """

    keys: str
    action: str
    id: str
    name: str
    help_text: str
    while_playing: str = ""

    def called(self, *, playing: bool) -> str:
        """What it is called in the row of keys."""
        called = ((playing and self.while_playing) or self.name).lower()
        return called.ljust(len(self.while_playing))  # so that the keys behind it stay in place

    def written(self, *, ascii_only: bool = False) -> list[str]:
        """The key and its aliases for a reader; in ASCII arrows are words, as < is a key, too.

        What is written alike, such as a sign of the keypad, is written once.
        """
        signs = dict.fromkeys(map(written, (self.keys or _PALETTE).split(",")))
        return [_in_words(sign) if ascii_only else sign for sign in signs]


_PALETTE = "ctrl+p"
"""What opens the command palette."""
_WORDS = {"←": "left", "→": "right", "↑": "up", "↓": "down", "⇧": "shift+"}


def _in_words(sign: str) -> str:
    return "".join(_WORDS.get(letter, letter) for letter in sign)


def _view_id(view: str) -> str:
    return f"view-{view}"


def _view_keys() -> Iterator[Key]:
    """A digit a view; and where there are more views than digits, keys that go through them."""
    for view in VIEWS:
        name = view.named()
        action = f"view({name!r})"
        yield Key(view.key, action, _view_id(name), view.title[0], f"See {view.hint}.")
    if not all(view.key for view in VIEWS):
        yield Key("v", "turn_view(1)", "view-next", "Next view", "See the view of the next tab.")
        yield Key("V", "turn_view(-1)", "view-back", "View back", "See the one of the tab before.")


GROUPS: tuple[tuple[str, tuple[Key, ...]], ...] = (
    ("", (
        Key("space", "toggle_play", "play", "Play",
            "Play or pause; at the end, play again from the start.", while_playing="Pause"),
    )),
    ("step", (
        Key("left,h", "step(-1)", "step-back", "Step back",
            "Go back to the previous iteration boundary, of the focused lane or of any."),
        Key("right,l", "step(1)", "step", "Step",
            "Go on to the next iteration boundary, of the focused lane or of any."),
    )),
    ("", (
        Key("question_mark", "help", "help", "Help", "Show every key and how to read a lane."),
        Key("q", "app.quit", "quit", "Quit", "Leave; the terminal is as it was."),
    )),
    ("page", (
        Key("pageup", "turn_pages(-1)", "page-back", "Page back",
            "Turn to the chapter before, in the tour; elsewhere scroll up."),
        Key("pagedown", "turn_pages(1)", "page", "Page on",
            "Turn to the next chapter, in the tour; elsewhere scroll down."),
    )),
    ("", (
        Key("v", "toggle_notes", "notes", "Notes",
            "Show what a speaker says of a chapter, below its text or in its place; or no longer."),
        Key("c", "pick_chapter", "chapters", "Chapters",
            "Pick a chapter of the tour, and begin or go on there."),
        Key("b", "blacken", "black", "Black",
            "Show a black screen, in the tour; any key brings the picture back."),
    )),
    ("zoom", (
        Key("z", "zoom(1)", "zoom-in", "Zoom in",
            "Show half as much time, around the playhead."),
        Key("Z", "zoom(-1)", "zoom-out", "Zoom out", "Show twice as much time."),
    )),
    ("pan", (
        Key("a", "pan(-1)", "pan-back", "Pan back", "Show what was half a window earlier."),
        Key("d", "pan(1)", "pan", "Pan on", "Show what is half a window later."),
    )),
    ("scroll", (
        Key("K", "scroll_pages(-1)", "scroll-up", "Scroll up", "Show the rows above."),
        Key("J", "scroll_pages(1)", "scroll-down", "Scroll down", "Show the rows below."),
    )),
    ("speed", (
        Key("minus,subtract", "speed(-1)", "slower", "Slower",
            f"Play at half the speed, down to {speed_text(SPEEDS[0])}."),
        Key("plus,equals_sign,add", "speed(1)", "faster", "Faster",
            f"Play at twice the speed, up to {speed_text(SPEEDS[-1])}."),
    )),
    ("batch", (
        Key("left_square_bracket,s", "turn('batch_size', -1)", "batch-smaller", "Smaller batch",
            "Fewer slots, in the focused lane or in all."),
        Key("right_square_bracket,S", "turn('batch_size', 1)", "batch-larger", "Larger batch",
            "More slots, in the focused lane or in all."),
    )),
    ("budget", (
        Key("left_parenthesis", "turn('budget', -1)", "budget-smaller", "Smaller token budget",
            "Fewer tokens an iteration, in the engines that limit them."),
        Key("right_parenthesis", "turn('budget', 1)", "budget-larger", "Larger token budget",
            "More tokens an iteration, in the engines that limit them."),
    )),
    ("timeout", (
        Key("left_curly_bracket,o", "turn('timeout', -1)", "timeout-shorter", "Shorter timeout",
            "Let the dynamic batch form for a shorter time."),
        Key("right_curly_bracket,O", "turn('timeout', 1)", "timeout-longer", "Longer timeout",
            "Let the dynamic batch form for a longer time."),
    )),
    ("load", (
        Key("less_than_sign", "turn('load', -1)", "load-lower", "Lower load",
            "Let requests arrive more slowly, at 4/5 of the rate."),
        Key("greater_than_sign", "turn('load', 1)", "load-higher", "Higher load",
            "Let requests arrive faster, at 5/4 of the rate."),
    )),
    ("", (
        Key("w", "pick_workload", "workload", "Workload",
            "Pick another workload, bundled or from a file."),
        Key("p", "present", "tour", "Tour",
            "Begin the guided tour, or leave it; what was on stage before comes back."),
        Key("f5", "begin_tour", "tour-begin", "Begin tour",
            "Begin the guided tour, or go on with it, as clickers ask."),
    )),
    ("", (
        Key("m", "next_quantity", "quantity", "Quantity",
            "Show the next of several quantities; in the Gantt chart, rows of requests or slots."),
        Key("B", "turn_bars", "bars", "Bars",
            "In live slots show what each request has of the KV cache, or its answer again."),
    )),
    ("lane", (
        Key("tab", "focus_lane(1)", "focus-lane", "Focus a lane",
            "Go through the lanes; step, batch, budget and timeout then act on that lane alone."),
        Key("shift+tab", "focus_lane(-1)", "focus-lane-back", "Focus back",
            "Go through the lanes the other way."),
    )),
    ("select", (
        Key("up,k", "select(-1)", "select-previous", "Select previous",
            "Select the previous request."),
        Key("down,j", "select(1)", "select-next", "Select next",
            "Select the next request: it is marked in every lane, and its time is broken down."),
    )),
    ("worst", (
        Key("e", "worst(1)", "worst-next", "Next worst",
            "Go to the next worst request, of the focused lane or of any, where it lost most."),
        Key("E", "worst(-1)", "worst-previous", "Previous worst",
            "Go back to the request that is one worse; from the worst, to the best."),
        Key("M", "next_measure", "worst-by", "Worst by",
            "Look for the worst TTFT, TPOT or latency, or beside a log the largest error."),
    )),
    ("", (
        Key("slash", "go_to", "go-to", "Go to",
            "Go to a request (R17), an instant (12.5s) or a step (step 300)."),
        Key("escape", "unselect", "unselect", "Unselect",
            "Select no request and focus no lane; with neither, ask to leave the tour."),
    )),
    ("×10", (
        Key("shift+left", "step(-10)", "leap-back", "Step back ten",
            "Go back ten iteration boundaries."),
        Key("shift+right", "step(10)", "leap", "Step ten",
            "Go on ten iteration boundaries."),
    )),
    ("tick", (
        Key("comma", "tick(-1)", "tick-back", "Tick back",
            "Go back one tick of simulated time: 10 ms, or what --tick says."),
        Key("full_stop", "tick_or_blacken", "tick", "Tick",
            "Go on one tick of simulated time; in the tour a black screen, as clickers ask."),
    )),
    ("ends", (
        Key("home", "home", "home", "To the start", "Put the playhead at time zero."),
        Key("end", "end", "end", "To the end",
            "Put the playhead at the end of the slowest strategy."),
    )),
    ("", (
        Key("r", "restart", "restart", "Restart", "Play again from time zero."),
        Key("n", "turn('seed', 1)", "new-seed", "New seed",
            "Draw other requests from the same recipe, with the next seed."),
        Key("g", "pick_cost", "cost", "Cost",
            "Pick what an iteration costs: the profile of a GPU, or what the workload says."),
        Key("", "turn('memory', -1)", "memory-halve", "Halve KV memory",
            "Give the engines half as much memory, in the focused lane or in all."),
        Key("", "turn('memory', 1)", "memory-double", "Double KV memory",
            "Give the engines twice as much memory, in the focused lane or in all."),
        Key("", "turn('memory_free', 1)", "memory-free", "Unlimited KV memory",
            "Give the engines memory that never runs out, in the focused lane or in all."),
        Key("", "turn('memory_restore', 1)", "memory-restore", "KV memory as loaded",
            "Give the engines the memory that they were loaded with."),
        Key("C", "turn('prefix_cache', 1)", "prefix-cache", "Prefix cache",
            "Let vLLM find what requests before have computed, or no more."),
        Key("G", "glossary", "glossary", "Glossary", "Tell what each word means."),
        Key("t", "app.next_theme", "theme", "Theme", "Change to the next colour theme."),
        Key("x", "pick_export", "export", "Export",
            "Save this view as a picture, or the results as CSV, JSON or a trace."),
        Key("ctrl+z", "app.suspend_process", "suspend", "Suspend",
            "Go back to the shell; fg comes here again."),
    )),
    ("views", tuple(_view_keys())),
)  # fmt: skip
"""The keys that belong together, each group with its label, or each key for itself."""


@dataclass(frozen=True, slots=True)
class KeyTable:
    """Keys in order; one can go through them.

    Attributes:
        groups: the keys that belong together, each group with its label, or each key for itself.
    """

    groups: tuple[tuple[str, tuple[Key, ...]], ...]

    def __iter__(self) -> Iterator[Key]:
        for _, keys in self.groups:
            yield from keys

    def each(self, changed: Callable[[Key], Key]) -> KeyTable:
        """The table with every key changed."""
        return KeyTable(tuple((label, tuple(map(changed, keys))) for label, keys in self.groups))

    def only(self, wanted: Callable[[Key], bool]) -> KeyTable:
        """The table with no other keys than those that are wanted."""
        return KeyTable(tuple((label, tuple(filter(wanted, keys))) for label, keys in self.groups))

    def called(self, name: str) -> Key:
        """The key with this id."""
        return next(key for key in self if key.id == name)

    def signs(self, *, ascii_only: bool = False) -> dict[str, str]:
        """What a reader calls each key, by its id; of several, the first."""
        return {key.id: key.written(ascii_only=ascii_only)[0] for key in self}

    def opening(self, view: str) -> str:
        """The key that opens the view of this name, for a reader; empty where there is none."""
        opens = (key.written()[0] for key in self if key.id == _view_id(view) and key.keys)
        return next(opens, "")

    def bindings(self) -> Iterator[Binding]:
        """The keys as Textual binds them."""
        for key in filter(lambda key: key.keys, self):
            yield Binding(
                key.keys,
                key.action,
                key.name,
                key_display=key.written()[0],
                tooltip=key.help_text,
                id=key.id,
            )

    def in_markdown(self) -> str:
        """The table of the README."""
        rows = ["| key | id | what it does |", "|---|---|---|"]
        for key in self:
            told = " ".join(f"`{part}`" for part in key.written())
            rows.append(f"| {told} | `{key.id}` | {key.help_text} |")
        return "\n".join(rows) + "\n"


KEYS = KeyTable(GROUPS)
"""The keys where there is no keymap."""
