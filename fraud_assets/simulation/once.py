"""A cache for threads: what several ask for at the same time is worked out by one of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import update_wrapper
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Once(Generic[P, T]):
    """A function whose latest results are kept; while one thread works a result out, others wait for it.

    Arguments are given by place and can be hashed.
    """

    def __init__(self, function: Callable[P, T], kept: int) -> None:
        self._function, self._kept = function, kept
        self._found: OrderedDict[Hashable, Future[T]] = OrderedDict()
        self._lock = threading.Lock()
        update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._asked(*args, **kwargs).result()

    def ahead(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Work the result out unless somebody has or is at it: nobody waits. Whether the result is there then."""
        return self._asked(*args, **kwargs).done()

    def _asked(self, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        with self._lock:
            mine = args not in self._found
            result = self._found.setdefault(args, Future())
            self._found.move_to_end(args)
            while len(self._found) > self._kept:
                self._found.popitem(last=False)
        if mine:
            try:
                result.set_result(self._function(*args, **kwargs))
            except BaseException as error:
                result.set_exception(error)
                with self._lock:
                    self._found.pop(args, None)  # whoever asks again tries again
        return result


def once(kept: int) -> Callable[[Callable[P, T]], Once[P, T]]:
    """:class:`Once` as a decorator; so many results are kept."""
    return lambda function: Once(function, kept)
