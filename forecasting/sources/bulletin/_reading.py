"""A bulletin read sentence by sentence: who, what and when are carried on, figures are joined to them."""

from __future__ import annotations

from dataclasses import replace

from forecasting.sources.bulletin._candidates import Candidate
from forecasting.sources.bulletin._lexer import tokens
from forecasting.sources.bulletin._state import Reading
from forecasting.sources.bulletin._walk import DEPENDENT, Walk
from forecasting.sources.bulletin._windows import Window


def read_sentence(state: Reading, text: str, normal: str) -> list[Candidate]:
    """The figures of one sentence.

    Args:
        state: What was read before; it is moved on.
        text: The sentence as published.
        normal: The same in normal characters.
    """
    before = state.window, state.carried
    walk = Walk(state, text, tokens(normal))
    dependent = any(token.kind in DEPENDENT for token in walk.line[:2])
    state.context = replace(state.context, branch=None, above=state.context.above and dependent)
    found = walk.run()
    _move_window(walk, *before)
    if not walk.aside or found:
        state.age += 1
    state.abroad = walk.abroad
    return found


def _move_window(walk: Walk, window: Window | None, carried: str) -> None:
    """Which window the next sentence starts from."""
    state = walk.state
    first = walk.windows[0] if walk.windows else None
    if walk.vetoed or first is None:
        state.window, state.carried = window, carried
        return
    if walk.single and window is not None and window.cumulative and not (walk.led and first.cumulative):
        state.window = window  # 11月当月, ...: said of this sentence alone
        state.carried = "the sentence before speaks of a month, this one does not say of what"
        return
    base = first if walk.led else window
    if base is not None and base.cumulative and state.window is not None and not state.window.cumulative:
        state.window = base  # ..., 其中9月份增长8.4%
    if state.opening and walk.led and not first.end:
        state.leading.add(first)
        state.opening = False
