"""Makes locks anew in a forked child: threads of the parent may have held the old ones.

Until the very end, the interpreter keeps the function that it calls in a child, and with it all
that the variables of this module lead to. If they led to our other modules, and so to botocore's,
each program would end later. So this module imports none of them, and refers weakly to objects.
"""

import os
import threading
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from typing import Any


class _Forks:
    """The number of forks that led to this process, and a lock that is new in each child.

    Attributes:
        generation: That number.
        lock: That lock.
        owners: The objects whose `replace_locks()` is called in a child.
    """

    def __init__(self) -> None:
        self.generation = 0
        self.lock = threading.RLock()  # reentrant, because a signal handler may need it, too
        self.owners: WeakSet[Any] = WeakSet()

    def in_child(self) -> None:
        self.generation += 1
        self.lock = threading.RLock()
        for owner in self.owners:
            owner.replace_locks()


forks = _Forks()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=forks.in_child)
