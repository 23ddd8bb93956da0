"""Finding the worst request and a written place, in a real pseudo-terminal."""

from __future__ import annotations

from terminals import Terminal, clock


def test_the_worst_requests_and_a_place_are_found_and_stepped_from() -> None:
    terminal = Terminal(["play", "--paused"])
    terminal.wait_until_open()
    terminal.program.send("e")
    told = "worst TTFT 1 of 20, 5.22 s with static: R16 waits 5.00 s"
    terminal.wait_for(lambda text: told in text and clock(text) == 8.638)
    terminal.program.send("\x1b[C")
    terminal.wait_for(lambda text: clock(text) > 8.638)
    terminal.program.send("/")
    terminal.wait_for(lambda text: "go to R17, 12.5s or step 300" in text.splitlines()[-1])
    terminal.program.send("99s\r")
    terminal.wait_for(lambda text: "expected an instant up to 10.311 s" in text)
    terminal.program.send("\x15")
    terminal.wait_for(lambda text: "escape stays" in text.splitlines()[-1])
    terminal.program.send("2.5s\r")
    terminal.wait_for(lambda text: clock(text) == 2.5 and "▸" in text)
    terminal.close()
