"""A Palette as a Textual theme, for the app's CSS."""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

from tui_batching.charts.palette import Palette, own_names


def textual_theme(palette: Palette) -> Theme:
    """The theme whose CSS variables have the names and the colours of the palette."""
    colours = palette.written
    return Theme(
        name=palette.name,
        primary=colours["accent"],
        secondary=colours["muted"],
        accent=colours["accent"],
        success=colours["success"],
        warning=colours["warning"],
        error=colours["error"],
        foreground=colours["text"],
        background=colours["background"],
        surface=colours["surface"],
        panel=colours["panel"],
        dark=palette.dark,
        ansi=palette.ansi,
        variables={name: colours[name] for name in own_names()} | _for_textual(colours),
    )


def _for_textual(colours: Mapping[str, str]) -> dict[str, str]:
    """The variables of Textual's own widgets that would otherwise bring further colours in."""
    accent, ground, track = colours["accent"], colours["background"], colours["bar-track"]
    panel, muted, text = colours["panel"], colours["muted"], colours["text"]
    return {
        "ansi-background": ground,
        "ansi-foreground": text,
        "border": accent,
        "border-blurred": track,
        "block-cursor-background": accent,
        "block-cursor-foreground": ground,
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": track,
        "block-cursor-blurred-foreground": text,
        "footer-background": panel,
        "footer-foreground": muted,
        "footer-description-background": panel,
        "footer-description-foreground": muted,
        "footer-item-background": panel,
        "footer-key-background": panel,
        "footer-key-foreground": accent,
        # Reversed, as the terminal's own ground can be no ink.
        "input-cursor-background": ground,
        "input-cursor-foreground": text,
        "input-cursor-text-style": "reverse",
        "scrollbar": track,
        "scrollbar-hover": muted,
        "scrollbar-active": accent,
        "scrollbar-background": ground,
        "scrollbar-background-hover": ground,
        "scrollbar-background-active": ground,
        "scrollbar-corner-color": ground,
    }
