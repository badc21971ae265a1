"""The commands about accounts, and how `assistant chat` is asked to serve several people.

Knows the command line; what an account is, `assistant.accounts` knows.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import UsageError

if TYPE_CHECKING:
    from assistant.accounts import Accounts
    from assistant.api import Assistant

OK = 0
BESIDE_THE_LIBRARY = Path()
"""What --auth without a file means."""
Open = Callable[[argparse.Namespace], "Assistant"]


def users_list(arguments: argparse.Namespace) -> int:
    """List the accounts, each with its library's folder."""
    accounts = _accounts(arguments)
    for name in accounts.all():
        print(f"{name}  {accounts.folder(name)}")
    if not accounts.all():
        print(f"{accounts.path} has no account yet; add one with: assistant users add NAME", file=sys.stderr)
    return OK


def users_add(arguments: argparse.Namespace) -> int:
    """Add an account; the password is asked for, or read from stdin where that is no terminal."""
    accounts = _accounts(arguments)
    folder = accounts.add(arguments.name, _password(), arguments.own)
    print(f"added {arguments.name}; library: {folder}")
    return OK


def users_remove(arguments: argparse.Namespace) -> int:
    """Take an account away and end its sessions; its library stays."""
    from assistant.sessions import sessions_of

    accounts = _accounts(arguments)
    folder = accounts.remove(arguments.name)
    sessions_of(accounts.path).end_all(arguments.name)
    print(f"removed {arguments.name}; the library {folder} was left where it is")
    return OK


def users_password(arguments: argparse.Namespace) -> int:
    """Give an account another password and end its sessions."""
    from assistant.sessions import sessions_of

    accounts = _accounts(arguments)
    accounts.set_password(arguments.name, _password())
    sessions_of(accounts.path).end_all(arguments.name)
    print(f"{arguments.name} has a new password")
    return OK


def accounts_of(assistant: Assistant, file: Path | None) -> Accounts | None:
    """The accounts that `chat --auth` names; None without it. Raises UsageError where there is not one account."""
    if file is None:
        return None
    from assistant.accounts import FILE, Accounts

    accounts = Accounts(assistant.folder / FILE if file == BESIDE_THE_LIBRARY else file.absolute())
    if not accounts.all():
        raise UsageError(f"{accounts.path} has no account; add one with: assistant users add NAME")
    return accounts


def warn(arguments: argparse.Namespace) -> None:
    """Say on stderr that passwords and papers can be read on their way, where nothing encrypts them."""
    from assistant.server import is_loopback

    if not is_loopback(arguments.host) and not arguments.behind_tls:
        print(
            "warning: over plain HTTP anybody on the way can read passwords and papers; put a proxy that speaks HTTPS "
            "in front and say --behind-tls (docs/serving.md)",
            file=sys.stderr,
        )


def _accounts(arguments: argparse.Namespace) -> Accounts:
    from assistant.accounts import FILE, Accounts

    with arguments.open(arguments) as assistant:
        return Accounts(arguments.users.absolute() if arguments.users else assistant.folder / FILE)


def _password() -> str:
    """Asked twice without an echo; the first line of stdin where that is no terminal."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != password:
        raise UsageError("the two passwords are not the same; try again")
    return password


def add_commands(commands: Any, add: Callable[..., argparse.ArgumentParser], open_: Open) -> None:
    """`users` and its actions."""
    parser = add(commands, "users", users_list, json_output=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    runs = (("list", users_list), ("add", users_add), ("remove", users_remove), ("password", users_password))
    for name, run in runs:
        action = add(actions, name, run, json_output=False)
        if name != "list":
            action.add_argument("name", metavar="NAME")
        if name == "add":
            action.add_argument(
                "--own", type=Path, metavar="DIR", help="its own library (default: users/NAME in the library's folder)"
            )
        _add_file(action)
    _add_file(parser)
    parser.set_defaults(open=open_, users=None)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--users",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="FILE",
        help="the user file (default: users.json in the library's folder)",
    )


def add_serving_options(parser: argparse.ArgumentParser) -> None:
    """What `chat` takes to serve others than the one at this machine (docs/serving.md)."""
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1; any other needs --auth")
    parser.add_argument("--port", type=int, help="default: the first free one from 7860")
    parser.add_argument(
        "--auth",
        type=Path,
        nargs="?",
        const=BESIDE_THE_LIBRARY,
        metavar="USERS",
        help="let those sign in whom `assistant users` knows (default file: users.json in the library's folder)",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="a name by which browsers reach this page, as a proxy hands it on; once for each",
    )
    parser.add_argument(
        "--behind-tls",
        action="store_true",
        help="a proxy on this machine, or one that alone can reach the port, speaks HTTPS to the browsers",
    )
