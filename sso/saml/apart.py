"""Work on XML that strangers send, in a thread that ends with it."""

from collections.abc import Callable
from threading import Thread
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def apart(work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
    """What `work` returns or raises.

    lxml has libxml2 keep every name of an element, an attribute or a namespace in a dictionary of the thread, and
    never forgets one: of 200 posts of 200 KB of new names a worker kept 100 MB, and anybody may post. A thread of its
    own takes its dictionary with it; it costs 0.1 ms. So no element may leave it: return texts.
    """
    results: list[Result] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work(*args, **kwargs))
        except BaseException as failure:  # noqa: BLE001 - raised again, where it is waited for
            failures.append(failure)

    thread = Thread(target=run, name="saml")
    thread.start()
    thread.join()
    if failures:
        raise failures.pop()  # and no list goes on to hold it, with its traceback and the tree in there
    return results[0]
