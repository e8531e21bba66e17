"""What both long-running processes need to start: the judgement whether they may, and parts built from the settings."""

from ihmiskauppa import database
from ihmiskauppa.forms.files import MEGABYTE, FileLimits
from ihmiskauppa.intake import keys, sealing
from ihmiskauppa.intake.forwarder import Forwarder
from ihmiskauppa.intake.keys import Keyring
from ihmiskauppa.intake.mail import Mailer
from ihmiskauppa.intake.outbox import Outbox
from ihmiskauppa.intake.sealing import Sealer
from ihmiskauppa.intake.submission import Desk
from ihmiskauppa.public import editions, limits
from ihmiskauppa.settings import Settings, StartRefusedError, data_folder


def refuse_unfit_forwarder(configuration: Settings) -> None:
    """Judge what the forwarder needs: settings and database. Sealed messages leave whatever becomes of keys and content."""
    faults = [*configuration.faults, *_database_faults(configuration)]
    if faults:
        raise StartRefusedError(tuple(faults))


def _database_faults(configuration: Settings) -> list[str]:
    newest = max(path.stem for path in (data_folder("migrations") / "versions").glob("*.py"))[:4]
    return database.faults(configuration.database_url, newest) if configuration.database_url else []


def refuse_unfit(configuration: Settings) -> None:
    """Judge settings, database, keys and content together. Raises `StartRefusedError`; practice forgives keys only."""
    faults = [*configuration.faults, *_database_faults(configuration)]
    if not configuration.practice:
        keyring = Keyring(configuration.keyring)
        faults += keys.faults(keyring, configuration.inbox_keys, configuration.instance, database.now())
    if all(folder.is_dir() for folder in (configuration.content_folder, configuration.forms_folder)):
        try:
            editions.load(configuration)
        except editions.BROKEN as broken:
            faults.append(str(broken))
    if not configuration.faults:
        faults += limits.store_faults(configuration.limiter_store)
    if faults:
        raise StartRefusedError(tuple(faults))


def desk(configuration: Settings) -> Desk:
    """Where submissions are taken."""
    sealer = Sealer(Keyring(configuration.keyring), configuration.inbox_keys, hide_recipients=configuration.hide_recipients)
    engine = database.connect(configuration.database_url)
    return Desk(sealer, engine, configuration.mail_from, configuration.inbox_addresses)


def file_limits(configuration: Settings) -> FileLimits:
    """How much may come with one form."""
    return FileLimits(
        configuration.files_most, configuration.file_megabytes * MEGABYTE, configuration.files_megabytes * MEGABYTE
    )


def size_trouble(configuration: Settings, largest_mail: int) -> str:
    """What is wrong between the files we take and the mail that the server takes, by its own word; "" if nothing."""
    needed = sealing.mail_size(configuration.files_megabytes * MEGABYTE)
    if not largest_mail or needed <= largest_mail:
        return ""
    return f"files_megabytes lets mails of {needed} bytes arise; the mail server takes {largest_mail} at most. Lower it."


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
    return Forwarder(Outbox(engine, 2 * post.longest), post, engine)
