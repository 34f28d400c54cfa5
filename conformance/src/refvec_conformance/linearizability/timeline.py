"""A history as text: one lane a thread, time from left to right.

::

    t0  |- add(a X) = 0 -----|
    t1          |- get(a) = None -|
"""

from __future__ import annotations

from .history import Call, History


def drawn(history: History) -> str:
    """Return the history as lines; calls overlap on the page when they overlapped in time."""
    columns = _columns(history)
    lanes: dict[str, str] = {}
    for call in sorted(history, key=lambda call: call.invoked):
        lane = lanes.get(call.thread, "")
        lanes[call.thread] = lane.ljust(columns[call.invoked]) + _box(call, columns)
    width = max(map(len, lanes), default=0)
    return "\n".join(f"{thread:<{width}}  {lane}" for thread, lane in sorted(lanes.items()))


def _columns(history: History) -> dict[float, int]:
    """Give every invocation and response a column, far enough apart for the text between them."""
    begins = {call.returned: call for call in history}
    columns: dict[float, int] = {}
    column = 0
    for event in sorted({moment for call in history for moment in (call.invoked, call.returned)}):
        call = begins.get(event)
        if call is not None:
            column = max(column, columns[call.invoked] + len(str(call)) + 5)
        columns[event] = column
        column += 1
    return columns


def _box(call: Call, columns: dict[float, int]) -> str:
    width = columns[call.returned] - columns[call.invoked] - 1
    return f"|{f'- {call} '.ljust(width, '-')}|"
