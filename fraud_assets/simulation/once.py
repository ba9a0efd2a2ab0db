"""A cache for threads: what several ask for at the same time is worked out by one of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def once(kept: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """``lru_cache`` of so many results, in which others wait for a result that one is already working out.

    Arguments are given by place and can be hashed.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        found: OrderedDict[Hashable, Future[T]] = OrderedDict()
        lock = threading.Lock()

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            with lock:
                mine = args not in found
                result = found.setdefault(args, Future())
                found.move_to_end(args)
                while len(found) > kept:
                    found.popitem(last=False)
            if mine:
                try:
                    result.set_result(function(*args, **kwargs))
                except BaseException as error:
                    result.set_exception(error)
                    with lock:
                        found.pop(args, None)  # whoever asks again tries again
            return result.result()

        return call

    return decorate
