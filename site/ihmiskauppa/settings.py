"""Every setting, with its type, default and meaning, read once at the start from `config.toml` and the environment.

A fault never stops the reading: all are gathered in `Settings.faults`, so that a refused start can name every one of them.
What needs a key ring or a content file to be judged is judged by the rooms that own those.
"""

import os
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

PRODUCTION: Final = "production"
PRACTICE: Final = "practice"
ENVIRONMENT_PREFIX: Final = "IHMISKAUPPA_"
FORM_TOKEN_KEY_FILE: Final = "form-token.key"  # noqa: S105 - a file name
FORM_TOKEN_KEY_BYTES: Final = 32
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

_FINGERPRINT = re.compile(r"[0-9A-F]{40}")
_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+")


class StartRefusedError(Exception):
    """The configuration is unfit; `faults` names everything that is wrong, one sentence each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def data_folder(name: str) -> Path:
    """Where content, forms, migrations or translations lie: beside the package in the source tree, or as a wheel puts them."""
    beside = Path(__file__).resolve().parent.parent
    shipped = beside / "ihmiskauppa_data"
    return (shipped if shipped.is_dir() else beside) / name


def _setting(default: Any, meaning: str, *, required: bool = False, split: Callable[[str], list[str]] | None = None) -> Any:
    return field(default=default, metadata={"meaning": meaning, "required": required, "split": split or _split})


def _split(text: str) -> list[str]:
    return text.replace(",", " ").split()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator can set. A field marked `required` has no usable default in production."""

    mode: str = _setting(PRODUCTION, "`production` or `practice`; only the environment can set it, and only `make run` does.")
    instance: Path = _setting(Path("instance"), "Folder of run-time data and secrets; only the environment can set it.")
    address: str = _setting("127.0.0.1", "Address the public site listens on. Practice accepts loopback only.")
    port: int = _setting(8000, "Port the public site listens on; the environment variable `PORT` sets it too.")
    workers: int = _setting(
        1,
        "Web processes on this machine. More than one, here or on other machines, needs PostgreSQL and a shared limiter store.",
    )
    threads: int = _setting(16, "Threads of the web process that answer posts; those with large files take eight at most.")
    public_url: str = _setting(
        "", "Address of the site as visitors see it, without a path: `https://example.org`.", required=True
    )
    database_url: str = _setting("", "SQLAlchemy URL of the outbox: `sqlite:////var/lib/…/ihmiskauppa.db`.", required=True)
    inbox_keys: tuple[str, ...] = _setting(
        (), "Full fingerprints (40 hex digits) of the OpenPGP keys that messages are sealed to.", required=True
    )
    inbox_addresses: tuple[str, ...] = _setting((), "Mail addresses the sealed messages are sent to.", required=True)
    mail_from: str = _setting("", "Envelope sender and `From` of the sealed messages.", required=True)
    smtp_host: str = _setting("", "Mail server that takes the sealed messages.", required=True)
    smtp_port: int = _setting(587, "Its port.")
    smtp_security: str = _setting("starttls", "`starttls` (RFC 3207) or `tls` (implicit, RFC 8314). Never plain.")
    smtp_ca: str = _setting("", "File with the private CA that signed the mail server's certificate; empty: the system's CAs.")
    smtp_user: str = _setting("", "User name for SMTP authentication; empty: none.")
    smtp_password_file: str = _setting("", "File whose first line is the password.")
    smtp_timeout: int = _setting(30, "Seconds one SMTP step may take.")
    alert_command: tuple[str, ...] = _setting(
        (),
        "Program with arguments that brings alerts to the operator; it gets the text on standard input.",
        split=shlex.split,
    )
    alert_smtp_host: str = _setting("", "Another mail server that takes alerts, instead of `alert_command` or beside it.")
    alert_smtp_port: int = _setting(587, "Its port.")
    alert_smtp_security: str = _setting("starttls", "`starttls` or `tls`, as for `smtp_security`.")
    alert_smtp_ca: str = _setting("", "File with the private CA that signed its certificate; empty: the system's CAs.")
    alert_smtp_user: str = _setting("", "User name there; empty: none.")
    alert_smtp_password_file: str = _setting("", "File whose first line is the password there.")
    alert_address: str = _setting("", "Mail address of the operator, for alerts.")
    alert_from: str = _setting("", "Envelope sender and `From` of alerts; empty: as `mail_from`.")
    hide_recipients: bool = _setting(
        False, "Leave key ids out of sealed messages. OpenKeychain, K-9 and Mailvelope cannot read such messages."
    )
    post_limits: str = _setting("20 per minute; 120 per hour", "How many forms one source may send.")
    files_most: int = _setting(5, "How many files may come with one message.")
    file_megabytes: int = _setting(10, "How large one of them may be, in MB (1,000,000 bytes).")
    files_megabytes: int = _setting(15, "How large all of them together may be; the sealed mail grows by four fifths.")
    limiter_store: str = _setting(
        "memory://",
        "Where counts of sent forms are kept: `memory://`, or Redis or Valkey (`redis://…`) that never writes to a disk.",
    )
    trusted_proxies: int = _setting(
        0, "Proxies in front of the site whose `X-Forwarded-` headers are true; 0: none is believed."
    )
    onion_host: str = _setting(
        "", "Host name of the onion service, if there is one; visitors over it are not limited by address."
    )
    content_folder: Path = _setting(data_folder("content"), "What editors write.")
    forms_folder: Path = _setting(data_folder("forms"), "The form definitions.")
    translations_folder: Path = _setting(data_folder("translations"), "The gettext translations.")
    faults: tuple[str, ...] = ()

    @property
    def practice(self) -> bool:
        return self.mode == PRACTICE

    @property
    def keyring(self) -> Path:
        """GnuPG home with public keys only."""
        return self.instance / "keyring"

    @property
    def form_token_key_file(self) -> Path:
        return self.instance / FORM_TOKEN_KEY_FILE

    def form_token_keys(self) -> tuple[bytes, ...]:
        """The keys that sign form tokens, newest first: one a line, hexadecimal, at least 32 bytes.

        Raises `StartRefusedError` when the file is missing or holds anything else.
        """
        try:
            lines = self.form_token_key_file.read_text(encoding="ascii").split()
        except (OSError, UnicodeDecodeError):
            raise StartRefusedError((f"{self.form_token_key_file} is missing or cannot be read.",)) from None
        try:
            keys = tuple(bytes.fromhex(line) for line in lines)
        except ValueError:
            keys = ()
        if not keys or any(len(key) < FORM_TOKEN_KEY_BYTES for key in keys):
            raise StartRefusedError(
                (f"{self.form_token_key_file} must hold one key a line, hexadecimal, {FORM_TOKEN_KEY_BYTES} bytes or more.",)
            )
        return keys

    def smtp_password(self) -> str:
        return self._first_line(self.smtp_password_file)

    def alert_smtp_password(self) -> str:
        return self._first_line(self.alert_smtp_password_file)

    def _first_line(self, file: str) -> str:
        return self.instance.joinpath(file).read_text(encoding="utf-8").split("\n", 1)[0] if file else ""


def setting_fields() -> tuple[tuple[str, str, bool], ...]:
    """Name, meaning and whether production requires it, of every setting, in order."""
    return tuple((f.name, f.metadata["meaning"], f.metadata["required"]) for f in fields(Settings) if f.metadata)


def table() -> tuple[tuple[str, str, str], ...]:
    """Name, default as the README shows it, and meaning, of every setting, in order."""
    return tuple(
        (f.name, "required" if f.metadata["required"] else _shown(f.default), f.metadata["meaning"])
        for f in fields(Settings)
        if f.metadata
    )


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, Path) and default.is_absolute():
        return "as shipped"
    return "none" if default in ("", ()) else f"`{default}`"


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read `config.toml` of the instance folder, then the environment, which wins. Never raises: see `Settings.faults`."""
    env = os.environ if environ is None else environ
    faults: list[str] = []
    instance = Path(env.get(ENVIRONMENT_PREFIX + "INSTANCE") or "instance").absolute()
    mode = env.get(ENVIRONMENT_PREFIX + "MODE") or PRODUCTION
    if mode not in {PRODUCTION, PRACTICE}:
        faults.append(f"{ENVIRONMENT_PREFIX}MODE is neither {PRODUCTION} nor {PRACTICE}.")
        mode = PRODUCTION
    given: dict[str, Any] = {}
    config = instance / "config.toml"
    known = {f.name: f for f in fields(Settings) if f.metadata}
    try:
        if config.exists():
            given = tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        faults.append(f"{config} cannot be read: {fault}.")
    for name in [name for name in given if name not in known or name in {"mode", "instance"}]:
        faults.append(f"{config}: there is no setting {name!r} for this file.")
        del given[name]
    for name in known:
        value = env.get(ENVIRONMENT_PREFIX + name.upper())
        if value is not None and name not in {"mode", "instance"}:
            given[name] = value
    if "PORT" in env:
        given["port"] = env["PORT"]
    values: dict[str, Any] = {}
    for name, value in given.items():
        try:
            values[name] = _convert(value, known[name].default, known[name].metadata["split"])
        except (TypeError, ValueError):
            faults.append(f"{name} has a value of the wrong type: {type(value).__name__} {value!r}.")
    settings = Settings(mode=mode, instance=instance, **values)
    return replace(settings, faults=(*faults, *_faults(settings)))


def _convert(value: Any, default: Any, split: Callable[[str], list[str]]) -> Any:
    """Convert `value`, from TOML or from the environment (always text), to the type of `default`; `split` makes lists."""
    if isinstance(default, bool):
        if value in {True, "true", "1"}:
            return True
        if value in {False, "false", "0"}:
            return False
        raise ValueError
    if isinstance(default, int):
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise TypeError
        return int(value)
    if isinstance(default, tuple):
        parts = split(value) if isinstance(value, str) else value
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise TypeError
        return tuple(parts)
    if not isinstance(value, str):
        raise TypeError
    return Path(value).absolute() if isinstance(default, Path) else value


def _faults(settings: Settings) -> list[str]:
    """What can be judged from the values alone."""
    faults = [
        f"{name} is not set: {meaning}"
        for name, meaning, required in setting_fields()
        if required and not getattr(settings, name)
    ]
    try:
        settings.form_token_keys()
    except StartRefusedError as refused:
        faults += refused.faults
    if settings.public_url:
        faults += _url_faults(settings)
    faults += [
        f"inbox_keys: {key!r} is not a full fingerprint (40 hexadecimal digits, upper case, no spaces)."
        for key in settings.inbox_keys
        if not _FINGERPRINT.fullmatch(key)
    ]
    singles = (settings.mail_from, settings.alert_address, settings.alert_from)
    addresses = (*settings.inbox_addresses, *filter(None, singles))
    faults += [f"{address!r} is not a mail address." for address in addresses if not _ADDRESS.fullmatch(address)]
    if bool(settings.alert_smtp_host) != bool(settings.alert_address):
        faults.append("alert_smtp_host and alert_address need each other.")
    for name in ("smtp_security", "alert_smtp_security"):
        if getattr(settings, name) not in {"starttls", "tls"}:
            faults.append(f"{name} must be starttls or tls; mail never travels plain.")
    for name in ("port", "smtp_port", "alert_smtp_port"):
        if not 0 < getattr(settings, name) < 65536:
            faults.append(f"{name} must be between 1 and 65535.")
    if settings.threads < 12 or settings.smtp_timeout < 1:
        faults.append("threads must be 12 or more (text never waits behind large files), smtp_timeout at least 1.")
    if min(settings.files_most, settings.file_megabytes, settings.files_megabytes) < 1 or settings.files_megabytes > 60:
        faults.append("files_most, file_megabytes and files_megabytes must be at least 1, files_megabytes at most 60.")
    for name in ("smtp_ca", "smtp_password_file", "alert_smtp_ca", "alert_smtp_password_file"):
        value = getattr(settings, name)
        if value and not _there(settings.instance.joinpath(value).is_file):
            faults.append(f"{name}: there is no file {value}.")
    shared = settings.limiter_store.startswith(("redis://", "rediss://", "redis+unix://"))
    if settings.limiter_store != "memory://" and not shared:
        faults.append("limiter_store must be memory:// or a redis:// address; a store that writes to a disk is refused.")
    if settings.workers > 1 and not (shared and settings.database_url.startswith("postgres")):
        faults.append("workers above 1 need PostgreSQL (database_url) and a shared limiter_store (redis://).")
    if settings.workers < 1 or settings.trusted_proxies < 0:
        faults.append("workers must be at least 1, trusted_proxies at least 0.")
    if settings.onion_host and not settings.onion_host.endswith(".onion"):
        faults.append("onion_host must end in .onion.")
    if settings.practice and settings.address not in LOOPBACK:
        faults.append("A practice copy listens on loopback only: set address to 127.0.0.1.")
    faults += [
        f"{name}: there is no folder {getattr(settings, name)}."
        for name in ("content_folder", "forms_folder", "translations_folder")
        if not _there(getattr(settings, name).is_dir)
    ]
    return faults


def _url_faults(settings: Settings) -> list[str]:
    try:
        url = urlsplit(settings.public_url)
        host, origin = url.hostname or "", f"{url.scheme}://{url.netloc}"
        broken = not host or url.port == 0 or "@" in url.netloc or origin != settings.public_url
    except ValueError:
        broken = True
    if broken or url.scheme not in {"https", "http"}:
        return ["public_url must be a scheme and a host without a path, such as https://example.org."]
    if not settings.practice and url.scheme == "http" and not host.endswith(".onion"):
        return ["public_url must be https (or an onion address) in production."]
    return []


def _there(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except OSError:  # a folder we may not enter, a name that is too long
        return False
