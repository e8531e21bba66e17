"""The `ihmiskauppa` command: the processes, and what operators do; what editors do is in `editing`."""

import datetime
import functools
import json
import logging.config
import multiprocessing
import os
import pkgutil
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from sqlalchemy.exc import SQLAlchemyError

from ihmiskauppa import condition, database, editing, exchange, fulfilment, logs, settings, staff, start, translating
from ihmiskauppa.feedback import counts, report
from ihmiskauppa.intake import keys
from ihmiskauppa.intake.keys import Keyring, KeysError
from ihmiskauppa.intake.outbox import Outbox
from ihmiskauppa.public import editions, export
from ihmiskauppa.settings import FORM_TOKEN_KEY_BYTES, Settings, StartRefusedError
from ihmiskauppa.start import REFUSED

T = TypeVar("T")

TROUBLE: Final = 1  # exit status of `status` when something needs a person
MOST_CONNECTIONS: Final = 4096  # of one web process; more wait
STOP_SECONDS: Final = 10  # that a web process has to end what it is doing; nothing thanked for depends on it


@click.group()
def main() -> None:
    """The website of the assistance system for victims of human trafficking."""
    os.umask(0o077)  # database, keys and what else we make are for our user only
    logging.config.dictConfig(logs.configuration())


for command in (*editing.COMMANDS, translating.translations_group, staff.read, fulfilment.orders_group):
    main.add_command(command)
for command in exchange.COMMANDS:
    translating.translations_group.add_command(command)


def _fit(judge: Callable[[Settings], T]) -> tuple[Settings, T]:
    configuration = settings.read()
    try:
        return configuration, judge(configuration)
    except StartRefusedError as refused:
        _refuse(refused.faults)


def _refuse(faults: tuple[str, ...] | list[str]) -> NoReturn:
    click.echo("Cannot start. Everything that is wrong:", err=True)
    for fault in faults:
        click.echo(f"- {fault}", err=True)
    sys.exit(REFUSED)


@main.command()
def serve() -> None:
    """Run the public site."""
    logs.harden_process()
    # In a process that ends: the one that watches over the workers, and is their model, holds no content.
    judging = multiprocessing.get_context("fork").Process(target=_judge)
    judging.start()
    judging.join()
    if judging.exitcode:
        sys.exit(judging.exitcode)
    configuration = settings.read()
    with socket.socket(socket.AF_INET6 if ":" in configuration.address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((configuration.address, configuration.port))
        except OSError as fault:
            _refuse([f"Port {configuration.port} of {configuration.address} cannot be used: {fault.strerror}."])
    Granian(
        "ihmiskauppa.app:create_public_app",
        factory=True,
        address=configuration.address,
        port=configuration.port,
        interface=Interfaces.RSGI,
        workers=configuration.workers,
        backpressure=MOST_CONNECTIONS,
        workers_kill_timeout=STOP_SECONDS,
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
        log_dictconfig=logs.configuration(),
    ).serve()


def _judge() -> None:
    """Refuse to run the public site where anything is wrong with it, and warn of what will be."""
    configuration, edition = _fit(partial(start.refuse_unfit, read=editions.load))
    keyring = Keyring(configuration.keyring)
    for tell in (keys.warnings, keys.endless, keys.ending):
        for warning in tell(keyring, configuration.inbox_keys, database.now()):
            click.echo(f"WARNING: {warning}", err=True)
    for warning in (*start.content_warnings(configuration), *start.file_warnings(configuration, edition)):
        click.echo(f"WARNING: {warning}", err=True)
    for area in [] if configuration.practice else logs.plain_swap():
        click.echo(
            f"WARNING: swap on {area} is not encrypted: what visitors write may reach that disk. swapoff, or dm-crypt.",
            err=True,
        )
    if not configuration.practice and configuration.address in settings.LOOPBACK and not configuration.trusted_proxies:
        click.echo("WARNING: on loopback without trusted_proxies, all visitors count as one source.", err=True)


@main.command()
def forward() -> None:
    """Run the forwarder, which empties the outbox."""
    logs.harden_process()
    configuration, _ = _fit(start.refuse_unfit_forwarder)
    for warning in start.alert_warnings(configuration):
        click.echo(f"WARNING: {warning}", err=True)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    start.forwarder(configuration).run(stop)


@main.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    configuration = settings.read()
    if not configuration.database_url:
        _refuse(["database_url is not set."])
    migrate_database(configuration.database_url)


def migrate_database(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to a revision, the newest by default."""
    import alembic.command
    import alembic.config

    config = alembic.config.Config()
    config.set_main_option("script_location", str(settings.data_folder("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    alembic.command.upgrade(config, revision)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(*, as_json: bool) -> None:
    """Tell how key, outbox and delivery are. Exit status 0: all is well; 1: something needs a person; 2: cannot tell."""
    configuration = settings.read()
    try:
        engine = database.connect(configuration.database_url)
        keyring = Keyring(configuration.keyring)
        found = condition.judge(configuration, keyring, engine, database.now())
    except Exception as fault:  # noqa: BLE001 - whatever it is, the answer is that we cannot tell
        click.echo(f"Cannot tell: {type(fault).__name__}.", err=True)
        sys.exit(REFUSED)
    counts = found.counts
    report: dict[str, Any] = {
        "writing_works": found.writing_works,
        "keys": {
            key.fingerprint: {"trouble": key.trouble, "expires": str(key.expires or "never") if key.known else ""}
            for key in found.keys
        },
        "outbox": {"waiting": counts.waiting, "claimed": counts.claimed, "set_aside": counts.shunted},
        "oldest_hours": found.oldest_hours,
        "last_delivery_hour": counts.last_delivery.isoformat() if counts.last_delivery else None,
        "size_trouble": found.size_trouble,
        "troubles": [trouble.sentence for trouble in found.troubles],
        "warnings": keys.endless(keyring, configuration.inbox_keys, found.moment),
        "all_is_well": not found.troubles,
    }
    click.echo(json.dumps(report) if as_json else _readable(report))
    sys.exit(TROUBLE if found.troubles else 0)


def _readable(report: dict[str, Any]) -> str:
    lines = ["All is well." if report["all_is_well"] else "Something needs a person:"]
    lines += [f"- {sentence}" for sentence in report["troubles"]]
    lines += [f"WARNING: {sentence}" for sentence in report["warnings"]]
    for fingerprint, key in report["keys"].items():
        lines.append(f"Key {fingerprint}: {key['trouble'] or 'usable'}; expires: {key['expires']}.")
    outbox = report["outbox"]
    lines.append(
        f"Outbox: {outbox['waiting']} waiting, {outbox['claimed']} on their way, {outbox['set_aside']} set aside; "
        f"the oldest for {report['oldest_hours']} h."
    )
    lines.append(f"Last delivery in the hour of {report['last_delivery_hour'] or '(none yet)'}.")
    return "\n".join(lines)


@main.command()
def recover() -> None:
    """Put messages that were set aside back into the queue."""
    configuration = settings.read()
    count = Outbox(database.connect(configuration.database_url), 0).recover(database.now(), shunted=True)
    click.echo(f"{count} messages are waiting again.")


@main.command("form-token")
def form_token() -> None:
    """Make a new key for form tokens; the newest older one stays accepted."""
    path = settings.read().form_token_key_file
    old = path.read_text(encoding="ascii").split()[:1] if path.exists() else []
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text("\n".join([secrets.token_hex(FORM_TOKEN_KEY_BYTES), *old]) + "\n", encoding="ascii")
    fresh.replace(path)
    click.echo(f"{path} has a new key. Restart the public site to use it.")


@main.group("keys")
def keys_group() -> None:
    """The inbox's public keys."""


@keys_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def keys_import(file: Path) -> None:
    """Add the one public key in FILE to the key ring."""
    configuration = settings.read()
    configuration.instance.mkdir(parents=True, exist_ok=True)
    try:
        certificate = keys.import_certificate(configuration.keyring, file.read_bytes())
    except KeysError as fault:
        raise click.ClickException(str(fault)) from None
    trouble = certificate.trouble(database.now())
    click.echo(f"{certificate.fingerprint} {'; '.join(certificate.user_ids)}: {trouble or 'usable'}")
    if certificate.fingerprint not in configuration.inbox_keys:
        click.echo("Messages are not sealed to it yet: add the fingerprint to inbox_keys.")


@keys_group.command("list")
def keys_list() -> None:
    """Show every key of the ring."""
    configuration = settings.read()
    moment = database.now()
    try:
        for certificate in Keyring(configuration.keyring).certificates().values():
            used = "used" if certificate.fingerprint in configuration.inbox_keys else "not used"
            trouble = certificate.trouble(moment) or "usable"
            expires = certificate.expires or "never"
            click.echo(f"{certificate.fingerprint} {'; '.join(certificate.user_ids)}: {trouble}, {used}, expires: {expires}")
    except KeysError as fault:
        raise click.ClickException(str(fault)) from None


@keys_group.command("check")
def keys_check() -> None:
    """Say everything that forbids sealing to the inbox's keys. Exit status 2 if there is anything; a warning alone: 0."""
    configuration = settings.read()
    keyring, moment = Keyring(configuration.keyring), database.now()
    faults = keys.faults(keyring, configuration.inbox_keys, configuration.instance, moment)
    faults += [warning for warning in keys.warnings(keyring, configuration.inbox_keys, moment) if warning not in faults]
    for fault in faults:
        click.echo(f"- {fault}")
    for tell in (keys.endless, keys.ending):
        for warning in tell(keyring, configuration.inbox_keys, moment):
            click.echo(f"WARNING: {warning}", err=True)
    if faults:
        sys.exit(REFUSED)
    click.echo("Every inbox key can be encrypted to.")


@main.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
def export_pages(folder: Path) -> None:
    """Make FOLDER a static copy of all information pages, for a web server to serve; exit status 2 if none was made."""
    configuration = settings.read()
    build = pkgutil.resolve_name("ihmiskauppa.app:build_public_app")  # by its name, as granian gets it: nobody imports app
    try:
        if configuration.faults:
            raise StartRefusedError(configuration.faults)
        changed = export.export(configuration, functools.partial(build, watch=False), folder.absolute())
    except StartRefusedError as refused:
        _refuse(refused.faults)
    except (export.ExportError, *editions.BROKEN) as fault:
        _refuse([str(fault)])
    else:
        click.echo(f"{folder} is new." if changed else f"{folder} is as it was: nothing has changed.")


@main.group("feedback")
def feedback_group() -> None:
    """What visitors say of the site, as counts."""


_day = click.DateTime(["%Y-%m-%d"])


@feedback_group.command("counts")
@click.option("--from", "first", type=_day, help="First day (2026-11-24); else the last thirty days.")
@click.option("--until", "last", type=_day, help="Last day; else today.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV.")
def feedback_counts(first: datetime.datetime | None, last: datetime.datetime | None, *, as_csv: bool) -> None:
    """How often each answer was given in a period, and the mean score of the System Usability Scale."""
    until = last.date() if last else counts.day_of(database.now())
    since = first.date() if first else until - datetime.timedelta(days=29)
    try:
        with database.reading(database.connect(settings.read().database_url)) as connection:
            totals = counts.totals(connection, since, until)
    except SQLAlchemyError as fault:
        raise click.ClickException(f"The database cannot be read ({type(fault).__name__}).") from None
    click.echo(report.as_csv(totals) if as_csv else f"{since} to {until}\n{report.table(totals)}\n", nl=False)


@main.group("practice")
def practice_group() -> None:
    """A copy for trying; what is written there reaches nobody."""


@practice_group.command("run")
def practice_run() -> None:
    """Prepare a practice copy and run it: site, forwarder and inbox."""
    from ihmiskauppa import practice  # its libraries are not needed in production

    configuration = settings.read()
    if not practice.port_is_free(configuration.port):
        _refuse([f"Port {configuration.port} is in use. Choose another: make run PORT=8010"])
    environment = practice.prepare(configuration.instance)
    migrate_database(environment[settings.ENVIRONMENT_PREFIX + "DATABASE_URL"])
    address = f"http://localhost:{configuration.port}/"
    click.echo(f"\nPractice copy: {address}\nRead what arrived, as the staff would: make inbox\nStop it: Ctrl-C")
    click.echo("Forms and posters as files follow while it runs; the first time this takes minutes.\n")
    sys.stdout.flush()
    practice.run(Path.cwd(), configuration.port, environment)


@practice_group.command("mail-server")
def practice_mail_server() -> None:
    """Run the practice inbox's mail server."""
    from ihmiskauppa import practice  # its libraries are not needed in production

    practice.run_mail_server(settings.read())


@practice_group.command("inbox")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def practice_inbox(form: str) -> None:
    """Decrypt and show what arrived in the practice inbox."""
    from ihmiskauppa import practice  # its libraries are not needed in production

    instance = settings.read().instance
    if not practice.maildir(instance).is_dir():
        _refuse([f"There is no practice inbox in {instance}: make run first."])
    click.echo(practice.show_inbox(instance, form), nl=False)
