"""Production is the default, and it says everything that is wrong at once."""

import os
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ihmiskauppa import cli, database, practice, settings, start
from ihmiskauppa.intake import keys
from ihmiskauppa.intake.alerts import Command, SecondServer
from ihmiskauppa.intake.keys import Keyring
from ihmiskauppa.public import editions
from ihmiskauppa.settings import Settings, StartRefusedError
from tests.cache import warm
from tests.conftest import InboxKey, make_instance
from tests.copies import COMMAND, START_SECONDS
from tests.machine import ROOT


def _start(command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("IHMISKAUPPA_")}
    return subprocess.run(
        [str(COMMAND), command],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=START_SECONDS,
        check=False,
    )


def _faults(configuration: Settings) -> str:
    with pytest.raises(StartRefusedError) as refused:
        start.refuse_unfit(configuration, editions.load)
    return "\n".join(refused.value.faults)


@pytest.mark.parametrize("command", ["serve", "forward"])
def test_an_empty_instance_is_refused_with_every_fault(tmp_path: Path, command: str) -> None:
    """Without any setting both programs exit with 2 and name each thing that is missing."""
    done = _start(command, {"IHMISKAUPPA_INSTANCE": str(tmp_path)})
    assert done.returncode == 2
    for name in ("public_url", "database_url", "inbox_keys", "inbox_addresses", "mail_from", "smtp_host", "form-token.key"):
        assert name in done.stderr
    if command == "serve":
        assert "no usable inbox key" in done.stderr


def test_a_fit_instance_starts(configuration: Settings) -> None:
    """Nothing is wrong with the settings that the tests build."""
    start.refuse_unfit(configuration, editions.load)


def test_production_refuses_the_practice_copy_s_keys(tmp_path: Path) -> None:
    """The practice environment, with only the mode changed, is refused: a practice key, and its private half is here."""
    values = practice.prepare(tmp_path / "instance") | {"IHMISKAUPPA_MODE": "production"}
    warm(tmp_path / "instance")
    values["IHMISKAUPPA_PUBLIC_URL"] = "https://site.example"
    cli.migrate_database(values["IHMISKAUPPA_DATABASE_URL"])
    done = _start("serve", values)
    assert done.returncode == 2
    assert "is a practice key" in done.stderr
    assert "private half" in done.stderr
    assert done.stderr.count("\n- ") == 2


def test_a_private_half_on_the_host_is_refused(tmp_path: Path, inbox_key: InboxKey, monkeypatch: pytest.MonkeyPatch) -> None:
    """A good key whose private half lies in a GnuPG home of this machine stops the start."""
    configuration = make_instance(tmp_path / "instance", inbox_key)
    monkeypatch.setenv("GNUPGHOME", str(inbox_key.home))
    assert "private half" in _faults(configuration)


def test_each_missing_part_is_named(configuration: Settings) -> None:
    """A key that is not in the ring, and content that is broken, are named together."""
    absent = "A" * 40
    broken = replace(configuration, inbox_keys=(absent,), content_folder=configuration.instance)
    faults = _faults(broken)
    assert f"{absent} is not in" in faults
    assert "languages.toml" in faults


def test_practice_never_listens_beyond_loopback(tmp_path: Path) -> None:
    """A practice copy told to listen on all addresses does not start."""
    values = practice.prepare(tmp_path / "instance") | {"IHMISKAUPPA_ADDRESS": "0.0.0.0"}  # noqa: S104
    warm(tmp_path / "instance")
    values["IHMISKAUPPA_PUBLIC_URL"] = "http://localhost:8000"
    done = _start("serve", values)
    assert done.returncode == 2
    assert "loopback only" in done.stderr


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    """The operator reads which port cannot be used, instead of a server's traceback."""
    values = practice.prepare(tmp_path / "instance") | {"IHMISKAUPPA_PUBLIC_URL": "http://localhost:8000"}
    warm(tmp_path / "instance")
    cli.migrate_database(values["IHMISKAUPPA_DATABASE_URL"])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = _start("serve", values | {"PORT": port})
    assert done.returncode == 2
    assert port in done.stderr


def test_the_mode_is_production_unless_the_environment_says_otherwise(tmp_path: Path) -> None:
    """Neither silence nor config.toml makes a practice copy."""
    assert settings.read({"IHMISKAUPPA_INSTANCE": str(tmp_path)}).mode == settings.PRODUCTION
    (tmp_path / "config.toml").write_text('mode = "practice"\n')
    read = settings.read({"IHMISKAUPPA_INSTANCE": str(tmp_path)})
    assert read.mode == settings.PRODUCTION
    assert any("mode" in fault for fault in read.faults)


def test_one_bad_key_beside_a_good_one_does_not_stop_the_start(configuration: Settings) -> None:
    """A key that is missing or unusable is a warning as long as messages can be sealed to another."""
    absent = "A" * 40
    both = replace(configuration, inbox_keys=(*configuration.inbox_keys, absent))
    start.refuse_unfit(both, editions.load)
    told = keys.warnings(Keyring(both.keyring), both.inbox_keys, database.now())
    assert told == [f"Inbox key {absent} is not in {both.keyring}."]
    assert absent in _faults(replace(configuration, inbox_keys=(absent,)))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite://", "in memory"),
        ("garbage", "not a database address"),
        ("mysql://x/y", "must be sqlite or postgresql"),
        ("sqlite:////nowhere/at/all.db", "ihmiskauppa migrate"),
        ("sqlite:///{folder}/empty.db", "ihmiskauppa migrate"),
        ("postgresql://postgres@127.0.0.1:1/x", "ihmiskauppa migrate"),
    ],
)
def test_a_database_that_cannot_work_is_told_before_the_start(
    configuration: Settings, tmp_path: Path, url: str, told: str
) -> None:
    """Each in one sentence, for the site and for the forwarder."""
    broken = replace(configuration, database_url=url.format(folder=tmp_path))
    assert told in _faults(broken)
    with pytest.raises(StartRefusedError, match=told):
        start.refuse_unfit_forwarder(broken)


def test_the_forwarder_starts_without_keys_and_content(configuration: Settings, tmp_path: Path) -> None:
    """Sealed messages leave even when the inbox's key is unusable and a content file is broken."""
    start.refuse_unfit_forwarder(replace(configuration, inbox_keys=("A" * 40,), content_folder=tmp_path))


def test_ways_follow_the_settings(configuration: Settings) -> None:
    """None, a command, a second server with its own sender, or both."""
    assert start.ways(configuration) == []
    command = replace(configuration, alert_command=("program", "argument"))
    assert start.ways(command) == [Command(("program", "argument"))]
    whole = replace(command, alert_smtp_host="other.example", alert_address="ops@example.org", alert_smtp_user="user")
    _, server = start.ways(whole)
    assert isinstance(server, SecondServer)
    assert (server.mailer.host, server.mailer.recipients) == ("other.example", ("ops@example.org",))
    assert (server.mailer.sender, server.mailer.user) == (configuration.mail_from, "user")
    (_, server) = start.ways(replace(whole, alert_from="alerts@site.example"))
    assert isinstance(server, SecondServer)
    assert server.mailer.sender == "alerts@site.example"


def test_a_start_without_alerts_warns(configuration: Settings) -> None:
    """No way at all, a program that is not there, and the very server that may be in trouble; nothing in practice."""
    (told,) = start.alert_warnings(configuration)
    assert "alert_command" in told
    assert start.alert_warnings(replace(configuration, mode="practice")) == []
    assert start.alert_warnings(replace(configuration, alert_command=("cat",))) == []
    (told,) = start.alert_warnings(replace(configuration, alert_command=("/none/such",)))
    assert "/none/such" in told
    second = replace(configuration, alert_smtp_host="other.example", alert_address="ops@example.org")
    assert start.alert_warnings(second) == []
    (told,) = start.alert_warnings(replace(second, alert_smtp_host=configuration.smtp_host))
    assert "alert_smtp_host" in told
