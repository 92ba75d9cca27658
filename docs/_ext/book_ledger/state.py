"""The ledger of the build that is running, for the writers."""

from weakref import WeakKeyDictionary

from sphinx.environment import BuildEnvironment

from book_ledger.records import Ledger

__all__ = ["keep", "ledger_in", "ledger_page"]

# Not an attribute of the environment, which is pickled: a ledger is read anew by each build.
_ledgers: WeakKeyDictionary[BuildEnvironment, Ledger] = WeakKeyDictionary()


def keep(env: BuildEnvironment, ledger: Ledger) -> None:
    """Keep the ledger for the writers."""
    _ledgers[env] = ledger


def ledger_in(env: BuildEnvironment) -> Ledger:
    """The ledger of this build."""
    return _ledgers[env]


def ledger_page(env: BuildEnvironment) -> str:
    """The page that shows the ledger, or nothing."""
    return next((page for page, data in env.metadata.items() if "ledger" in data), "")
