"""Copying id by id into a store that is open, with the payloads of each; what came so far is told."""

from __future__ import annotations

from ..contract import VectorStore
from ..errors import DuplicateIdError
from ..failures import quoted
from ..interchange.content import Progress
from ..interchange.importing import Counts, OnDuplicate, import_source, there
from .origins import Origin, OriginRows
from .payloads import Besides


def add(origin: Origin, store: VectorStore, name: str, on_duplicate: OnDuplicate, progress: Progress) -> Counts:
    """Put all of an origin into a store, and close that without a flush if anything fails.

    Vectors come with the payloads of their ids, in one step for both, then those of ids
    without a vector.
    """
    seen = [Counts(0, origin.count, 0, 0)]

    def note(counts: Counts) -> None:
        seen[:] = [counts]
        progress(counts.rows, counts.total)

    def put(rows: OriginRows) -> Counts:
        counts = import_source(store, rows, on_duplicate=on_duplicate, progress=note)
        others = _put_others(store, rows.others(), on_duplicate, counts.rows, progress)
        return counts._replace(payloads=counts.payloads + others)

    try:
        return origin.rows(put)
    except BaseException as error:
        error.add_note(_left(store, name, seen[0], others=origin.payloads > 0))
        store.close(flush=False)
        raise


def _put_others(
    store: VectorStore, others: Besides, on_duplicate: OnDuplicate, before: int, progress: Progress
) -> int:
    count, done = 0, before
    for payloads in others.pieces:
        known = there(store, payloads) if on_duplicate != "upsert" else set()
        if known and on_duplicate == "error":
            one = next(one for one in payloads if one in known)
            raise DuplicateIdError(
                f"The id {quoted(one)}, which has a payload, is in the store already; "
                "on_duplicate (--on-duplicate) may be 'skip' or 'upsert'",
                chunk_id=one,
            )
        new = {one: content for one, content in payloads.items() if one not in known}
        store.payloads.put(new)
        store.flush()
        count, done = count + len(new), done + len(payloads)
        progress(done, before + others.total)
    return count


def _left(store: VectorStore, name: str, counts: Counts, *, others: bool) -> str:
    # What servers have acknowledged stays; a directory has what was flushed.
    done = counts.rows if store.capabilities.networked else counts.flushed
    on = 'append=True, on_duplicate="skip" (--append --on-duplicate skip) goes on with the others'
    if others and counts.flushed == counts.total:
        return (
            f"All {counts.total:,} ids with a vector are in {name}, and perhaps some payloads of others; {on}"
        )
    if not done and not store.capabilities.networked:
        return f"Nothing was copied into {name}"
    return f"{done:,} of {counts.total:,} ids are in {name}, and perhaps some of the batch after them; {on}"
