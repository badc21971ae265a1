"""Who may sign in to a served page: names, hashes of passwords, and where each one's library lies.

One JSON file that only its owner may read, changed as a whole. Knows no sessions and no web.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from filelock import FileLock

from assistant.errors import LibraryError, UsageError

FILE = "users.json"
"""In the library's folder, unless another is named."""
FOLDER = "users"
"""In the library's folder: each one's own library, unless another is named."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
SHORTEST, LONGEST = 10, 1000
"""Characters of a password. The hash takes 64 MiB and some 50 ms whatever its length (argon2id, the second recommended
option of RFC 9106), so ten characters of any kind stand against guessing at five tries a quarter of an hour."""
ONLY_OWNER, ONLY_OWNER_FOLDER = 0o600, 0o700


@dataclass(frozen=True, slots=True)
class Account:
    """`library` "" is the folder of that name beneath the user file's."""

    password: str
    library: str = ""


class Accounts:
    """The accounts of a user file. Safe to share between threads; what another process changes is seen at once.

    Raises LibraryError for a file that is damaged or cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read_at: tuple[int, int] = (0, 0)
        self._known: Mapping[str, Account] = {}
        self._one_at_a_time = threading.Lock()

    def all(self) -> Mapping[str, Account]:
        """Every account by its name; none where there is no file yet."""
        try:
            state = self.path.stat()
            if (state.st_mtime_ns, state.st_ino) != self._read_at:
                self._known = _parsed(self.path)
                self._read_at = (state.st_mtime_ns, state.st_ino)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise LibraryError(f"{self.path} cannot be read ({error.strerror}); see who may read it") from error
        return self._known

    def folder(self, name: str) -> Path:
        """Where the library of an account lies. Raises UsageError for no such account."""
        return self._folder(_known(self.all(), name), name)

    def add(self, name: str, password: str, library: Path | None = None) -> Path:
        """A new account; gives its library's folder, which is made. Raises UsageError for a name that is none or taken,
        a password that is too short, and a folder that is another one's."""
        if not NAME.fullmatch(name):
            raise UsageError(f"{name!r} is no name; use up to 32 of a-z, 0-9, dot, hyphen and underscore")
        account = Account(self._hash(password), "" if library is None else str(library.expanduser().absolute()))
        folder = self._folder(account, name)
        with self._changing() as accounts:
            if name in accounts:
                raise UsageError(f"{name} has an account; change it with: assistant users password {name}")
            if any(_overlap(folder, self._folder(other, n)) for n, other in accounts.items()):
                raise UsageError(f"{folder} is the library of another account; name another with --own")
            accounts[name] = account
        _make(folder)
        return folder

    def set_password(self, name: str, password: str) -> None:
        """Another password. Raises UsageError for no such account, or a password that is too short."""
        hashed = self._hash(password)
        with self._changing() as accounts:
            accounts[name] = Account(hashed, _known(accounts, name).library)

    def remove(self, name: str) -> Path:
        """Take an account away; its library stays, and where is what this gives. Raises UsageError for none."""
        with self._changing() as accounts:
            folder = self._folder(_known(accounts, name), name)
            del accounts[name]
        return folder

    def verify(self, name: str, password: str) -> bool:
        """Whether this is the account's password. Takes as long where there is no such account. One at a time: each
        takes 64 MiB."""
        if len(password) > LONGEST:
            return False
        account = self.all().get(name)
        hashed = account.password if account else self._nobodys
        with self._one_at_a_time:
            try:
                matches = PasswordHasher().verify(hashed, password)
            except (VerificationError, InvalidHashError):
                return False
        return matches and account is not None

    @cached_property
    def _nobodys(self) -> str:
        return PasswordHasher().hash(secrets.token_urlsafe())

    def _hash(self, password: str) -> str:
        if not SHORTEST <= len(password) <= LONGEST:
            raise UsageError(f"the password has {len(password)} characters; choose one of {SHORTEST} to {LONGEST}")
        return PasswordHasher().hash(password)

    def _folder(self, account: Account, name: str) -> Path:
        return Path(account.library) if account.library else self.path.parent / FOLDER / name

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Account]]:
        """The accounts to change, written whole at the end; one process at a time."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock"), mode=ONLY_OWNER, timeout=10):
                accounts = dict(self.all())
                yield accounts
                _write(self.path, json.dumps({n: asdict(a) for n, a in sorted(accounts.items())}, indent=2) + "\n")
        except OSError as error:
            raise LibraryError(f"{self.path} cannot be written ({error.strerror}); see who may write it") from error


def _known(accounts: Mapping[str, Account], name: str) -> Account:
    if name not in accounts:
        raise UsageError(f"there is no account {name[:40]!r}; list them with: assistant users list")
    return accounts[name]


def _overlap(one: Path, other: Path) -> bool:
    """Whether two folders are the same, or one lies in the other."""
    one, other = one.resolve(), other.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)


def _make(folder: Path) -> None:
    try:
        for each in (folder.parent, folder):
            each.mkdir(mode=ONLY_OWNER_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"{folder} cannot be made ({error.strerror}); name another with --own") from error


def _parsed(path: Path) -> dict[str, Account]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        accounts = {str(name): Account(**fields) for name, fields in value.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise LibraryError(f"{path} is damaged ({error}); restore it from a copy, or move it away") from error
    if not all(
        NAME.fullmatch(n) and isinstance(a.password, str) and isinstance(a.library, str) for n, a in accounts.items()
    ):
        raise LibraryError(f"{path} is damaged (an account is not as it should be); restore it from a copy")
    return accounts


def _write(path: Path, text: str) -> None:
    """The whole file or nothing of it, readable by its owner alone from the first byte."""
    fresh = path.with_suffix(f".{os.getpid()}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, ONLY_OWNER), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
