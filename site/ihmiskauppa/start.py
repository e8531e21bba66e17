"""What both long-running processes need to start: the judgement whether they may, and parts built from the settings."""

import datetime
import shutil
from collections.abc import Callable
from typing import Final, TypeVar

from ihmiskauppa import condition, contacts, database, languages
from ihmiskauppa.forms import blanks
from ihmiskauppa.forms.files import MEGABYTE, FileLimits
from ihmiskauppa.intake import alerts, keys, message
from ihmiskauppa.intake.alerts import Alerts, Command, SecondServer, Trouble, Way
from ihmiskauppa.intake.daily_count import Count, CountNotSealedError, DailyCount
from ihmiskauppa.intake.forwarder import Forwarder
from ihmiskauppa.intake.keys import Keyring
from ihmiskauppa.intake.mail import Mailer
from ihmiskauppa.intake.outbox import Outbox
from ihmiskauppa.intake.sealing import Sealer, SealingError
from ihmiskauppa.intake.submission import Desk
from ihmiskauppa.materials import files
from ihmiskauppa.pages import accessibility, security
from ihmiskauppa.public import editions, limits
from ihmiskauppa.public.editions import Edition
from ihmiskauppa.settings import Settings, StartRefusedError, data_folder

T = TypeVar("T")
REFUSED: Final = 2  # exit status of a start that was refused, or of a check that found faults


def refuse_unfit_forwarder(configuration: Settings) -> None:
    """Judge what the forwarder needs: settings and database. Sealed messages leave whatever becomes of keys and content."""
    faults = [*configuration.faults, *_database_faults(configuration)]
    if faults:
        raise StartRefusedError(tuple(faults))


def _database_faults(configuration: Settings) -> list[str]:
    newest = max(path.stem for path in (data_folder("migrations") / "versions").glob("*.py"))[:4]
    return database.faults(configuration.database_url, newest) if configuration.database_url else []


def refuse_unfit(configuration: Settings, read: Callable[[Settings], T]) -> T:
    """Judge settings, database, keys and content together; what `read` makes of the content, which is read once only.

    Raises `StartRefusedError`; practice forgives keys only.
    """
    faults = [*configuration.faults, *_database_faults(configuration)]
    if not configuration.practice:
        keyring = Keyring(configuration.keyring)
        faults += keys.faults(keyring, configuration.inbox_keys, configuration.instance, database.now())
    content: list[T] = []
    if all(folder.is_dir() for folder in (configuration.content_folder, configuration.forms_folder)):
        try:
            content = [read(configuration)]
        except editions.BROKEN as broken:
            faults.append(str(broken))
    if not configuration.faults:
        faults += limits.store_faults(configuration.limiter_store)
    if faults:
        raise StartRefusedError(tuple(faults))
    (made,) = content
    return made


def alert_warnings(configuration: Settings) -> list[str]:
    """What keeps alerts from the operator, a sentence each; the forwarder starts all the same."""
    command, host = configuration.alert_command, configuration.alert_smtp_host
    if configuration.practice:
        return []
    if not command and not host:
        return ["neither alert_command nor alert_smtp_host is set: of trouble with keys or mail only the log will tell."]
    told = []
    if command and not shutil.which(command[0]):
        told.append(f"alert_command: there is no program {command[0]}.")
    if host == configuration.smtp_host and not command:
        told.append("alert_smtp_host is the server whose trouble alerts are to tell of.")
    return told


def desk(configuration: Settings) -> Desk:
    """Where submissions are taken."""
    engine = database.connect(configuration.database_url)
    return Desk(
        _sealer(configuration, Keyring(configuration.keyring)),
        engine,
        configuration.mail_from,
        configuration.inbox_addresses,
    )


def _sealer(configuration: Settings, keyring: Keyring) -> Sealer:
    return Sealer(keyring, configuration.inbox_keys, hide_recipients=configuration.hide_recipients)


def file_limits(configuration: Settings) -> FileLimits:
    """How much may come with one form."""
    return FileLimits(
        configuration.files_most, configuration.file_megabytes * MEGABYTE, configuration.files_megabytes * MEGABYTE
    )


def mailer(configuration: Settings) -> Mailer:
    """How the forwarder reaches the mail server."""
    ca = configuration.smtp_ca
    return Mailer(
        host=configuration.smtp_host,
        port=configuration.smtp_port,
        security=configuration.smtp_security,
        ca_file=str(configuration.instance / ca) if ca else "",
        user=configuration.smtp_user,
        password=configuration.smtp_password(),
        timeout=configuration.smtp_timeout,
        sender=configuration.mail_from,
        recipients=configuration.inbox_addresses,
    )


def forwarder(configuration: Settings) -> Forwarder:
    """The forwarder; its lease outlasts every time-out of a delivery."""
    engine = database.connect(configuration.database_url)
    post = mailer(configuration)
    keyring = Keyring(configuration.keyring)
    outbox, sealer = Outbox(engine, 2 * post.longest), _sealer(configuration, keyring)

    def troubles(now: datetime.datetime) -> tuple[Trouble, ...]:
        return condition.judge(configuration, keyring, engine, now).troubles

    def seal(count: Count) -> tuple[str, bytes]:
        return sealed_count(configuration, sealer, count)

    return Forwarder(outbox, post, engine, DailyCount(engine, seal), Alerts(engine, troubles, ways(configuration)))


def sealed_count(configuration: Settings, sealer: Sealer, count: Count) -> tuple[str, bytes]:
    """Message-ID and mail of a count, like a visitor's message on the outside. Raises `CountNotSealedError`."""
    moment = database.now()
    headers = message.new_headers(configuration.mail_from, configuration.inbox_addresses, moment)
    entity = message.count_entity(count.day, count.number, count.previous, count.references, headers)
    try:
        return headers.message_id, message.envelope(sealer.seal(entity, moment), headers)
    except SealingError as fault:
        raise CountNotSealedError from fault


def ways(configuration: Settings) -> list[Way]:
    """How alerts reach the operator; none is possible: then only the log has them."""
    found: list[Way] = []
    if configuration.alert_command:
        found.append(Command(configuration.alert_command))
    if configuration.alert_smtp_host:
        ca = configuration.alert_smtp_ca
        found.append(
            SecondServer(
                Mailer(
                    host=configuration.alert_smtp_host,
                    port=configuration.alert_smtp_port,
                    security=configuration.alert_smtp_security,
                    ca_file=str(configuration.instance / ca) if ca else "",
                    user=configuration.alert_smtp_user,
                    password=configuration.alert_smtp_password(),
                    timeout=alerts.STEP_SECONDS,
                    sender=configuration.alert_from or configuration.mail_from,
                    recipients=(configuration.alert_address,),
                )
            )
        )
    return found


def content_warnings(configuration: Settings) -> list[str]:
    """What in the content needs somebody soon, a sentence each. The content must be fit."""
    folder = configuration.content_folder
    tongues, people = languages.load(folder / "languages.toml"), contacts.load(folder / "contacts.toml")
    secure = security.load(folder / security.FILE, people, tongues)
    statement = accessibility.load(folder / accessibility.FILE, tongues, people)
    return [warning for part in (secure, statement) for warning in part.warnings(database.now())]


def file_warnings(configuration: Settings, edition: Edition) -> list[str]:
    """What is not built, a sentence each."""
    texts, people, site = edition.translations, edition.contacts, configuration.public_url
    forms = blanks.wanted(edition.forms, edition.languages, texts, people, site)
    posters = files.wanted(edition.range, texts, people, site)
    return [
        f"{wanted - there} of {wanted} files of {what} are not built: ihmiskauppa {command} build."
        for what, command, wanted, there in (
            ("forms", "forms", len(forms), len(edition.blanks)),
            ("posters, flyers and cards", "materials", len(posters), len(edition.prints)),
        )
        if wanted > there
    ]
