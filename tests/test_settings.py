"""Settings: read once from file and environment, every fault named in one reading, nothing unsafe accepted."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ihmiskauppa import settings
from ihmiskauppa.settings import ENVIRONMENT_PREFIX, Settings, StartRefusedError

KEY = "ab" * 32
GOOD = {
    "PUBLIC_URL": "https://site.example",
    "DATABASE_URL": "sqlite:////var/lib/x.db",
    "INBOX_KEYS": "A" * 40,
    "INBOX_ADDRESSES": "inbox@example.org",
    "MAIL_FROM": "site@site.example",
    "SMTP_HOST": "mail.example.org",
}


def instance(folder: Path, config: str = "", key: str = KEY) -> Path:
    """An instance folder with a key for form tokens and perhaps a config.toml."""
    folder.mkdir(exist_ok=True)
    (folder / "form-token.key").write_text(key + "\n", encoding="utf-8")
    if config:
        (folder / "config.toml").write_text(config, encoding="utf-8")
    return folder


def read(folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Good settings for the instance in `folder`, with `environment` (without prefix) on top."""
    chosen = GOOD | {"INSTANCE": str(folder)} | dict(environment or {})
    return settings.read({ENVIRONMENT_PREFIX + name: value for name, value in chosen.items()})


def test_good_settings_have_no_faults(tmp_path: Path) -> None:
    """What production needs is these few settings; everything else has a default."""
    made = read(instance(tmp_path / "i"))
    assert made.faults == ()
    assert (made.mode, made.practice, made.address, made.port) == ("production", False, "127.0.0.1", 8000)
    assert made.inbox_keys == ("A" * 40,)
    assert made.instance == tmp_path / "i"
    assert (made.keyring, made.form_token_key_file) == (tmp_path / "i/keyring", tmp_path / "i/form-token.key")
    assert made.content_folder.is_dir()


def test_everything_wrong_is_named_in_one_reading(tmp_path: Path) -> None:
    """An operator mends the configuration once, not fault by fault."""
    folder = instance(tmp_path / "i", 'mode = "practice"\ncolour = "red"\nthreads = "many"\nhide_recipients = 5\n', key="abc")
    environment = {
        "MODE": "testing",
        "ADDRESS": "0.0.0.0",  # noqa: S104 - not practice, so allowed
        "PORT": "70000",
        "PUBLIC_URL": "http://site.example",
        "INBOX_KEYS": "ABCDEF",
        "INBOX_ADDRESSES": "inbox",
        "MAIL_FROM": "a b@c",
        "SMTP_SECURITY": "plain",
        "SMTP_TIMEOUT": "0",
        "SMTP_CA": "none.pem",
        "SMTP_PASSWORD_FILE": "none.txt",
        "CONTENT_FOLDER": str(tmp_path / "none"),
        "DATABASE_URL": "",
        "SMTP_HOST": "",
    }
    faults = read(folder, environment).faults
    for named in (
        *("IHMISKAUPPA_MODE is neither", "no setting 'mode'", "no setting 'colour'", "threads has a value of the wrong type"),
        *("hide_recipients has a value of the wrong type", "database_url is not set", "smtp_host is not set"),
        *("form-token.key must hold one key a line", "public_url must be https", "'ABCDEF' is not a full fingerprint"),
        *("'inbox' is not a mail address", "'a b@c' is not a mail address", "smtp_security must be starttls or tls"),
        *("port must be between", "smtp_timeout at least 1", "smtp_ca: there is no file none.pem"),
        *("smtp_password_file: there is no file none.txt", "content_folder: there is no folder"),
    ):
        assert len([fault for fault in faults if named in fault]) == 1, named
    assert len(faults) == 18


def test_an_empty_production_names_all_it_needs(tmp_path: Path) -> None:
    """A start without any setting names every one that is required, and the missing key."""
    faults = settings.read({"IHMISKAUPPA_INSTANCE": str(tmp_path)}).faults
    required = [name for name, _, needed in settings.setting_fields() if needed]
    assert required == ["public_url", "database_url", "inbox_keys", "inbox_addresses", "mail_from", "smtp_host"]
    assert [fault.split(" ")[0] for fault in faults] == [*required, str(tmp_path / "form-token.key")]


WRONG = {int: ('"many"', "true", "1.5", "[1]", "inf", "nan"), bool: ('"perhaps"', "5", "[true]"), str: ("5", "true", "[1]")}
WRONG_BY_KIND = {**WRONG, tuple: ("5", "[1]", '["a", 1]', "{a = 1}")}


def kind_of(name: str) -> type:
    default = next(field for field in fields(Settings) if field.name == name).default
    return next((kind for kind in (bool, int, tuple) if isinstance(default, kind)), str)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name, _, _ in settings.setting_fields()
        if name not in {"mode", "instance"}
        for value in WRONG_BY_KIND[kind_of(name)]
    ],
)
def test_a_value_of_the_wrong_type_is_named(tmp_path: Path, name: str, value: str) -> None:
    """Every setting refuses what is not of its type, and keeps its default meanwhile."""
    folder = instance(tmp_path / "i", f"{name} = {value}\n")
    given = {ENVIRONMENT_PREFIX + key: text for key, text in GOOD.items() if key != name.upper()}
    made = settings.read({**given, "IHMISKAUPPA_INSTANCE": str(folder)})
    assert [fault for fault in made.faults if fault.startswith(f"{name} has a value of the wrong type: ")]
    assert getattr(made, name) == getattr(Settings(), name)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("threads", "8", 8),
        ("hide_recipients", "true", True),
        ("hide_recipients", "1", True),
        ("hide_recipients", "false", False),
        ("inbox_addresses", "a@b.example, c@d.example", ("a@b.example", "c@d.example")),
        ("post_limits", "1 per day", "1 per day"),
        ("content_folder", "/", Path("/")),
    ],
)
def test_the_environment_gives_text_of_every_type(tmp_path: Path, name: str, text: str, value: object) -> None:
    """Text from the environment becomes what the setting is."""
    made = read(instance(tmp_path / "i"), {name.upper(): text})
    assert getattr(made, name) == value
    assert type(getattr(made, name)) in {type(value), type(Path())}


def test_config_toml_gives_values_of_every_type(tmp_path: Path) -> None:
    """What the file says is taken where the environment says nothing."""
    config = 'threads = 40\nhide_recipients = true\npost_limits = "1 per day"\n'
    made = read(instance(tmp_path / "i", config))
    assert made.faults == ()
    assert (made.threads, made.hide_recipients, made.post_limits) == (40, True, "1 per day")
    (tmp_path / "j").mkdir()
    given = {ENVIRONMENT_PREFIX + key: text for key, text in GOOD.items() if key != "INBOX_KEYS"}
    folder = instance(tmp_path / "j", f'inbox_keys = ["{"B" * 40}", "{"C" * 40}"]\n')
    assert settings.read({**given, "IHMISKAUPPA_INSTANCE": str(folder)}).inbox_keys == ("B" * 40, "C" * 40)


def test_the_environment_wins(tmp_path: Path) -> None:
    """A value in the environment stands before the one in config.toml, even a wrong one in the file."""
    folder = instance(tmp_path / "i", 'threads = "many"\nport = 1\nsmtp_host = "file.example"\n')
    made = read(folder, {"THREADS": "40", "PORT": "9000"})
    assert (made.threads, made.port, made.smtp_host, made.faults) == (40, 9000, "mail.example.org", ())


def test_port_is_read_without_a_prefix(tmp_path: Path) -> None:
    """`PORT` is what process managers set."""
    folder = instance(tmp_path / "i", "port = 1\n")
    assert settings.read({"IHMISKAUPPA_INSTANCE": str(folder), "PORT": "9001"}).port == 9001
    assert any(f.startswith("port has") for f in settings.read({"PORT": "x"}).faults)


def test_the_process_s_own_environment_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument the real environment is read."""
    monkeypatch.setenv("IHMISKAUPPA_INSTANCE", str(instance(tmp_path / "i")))
    monkeypatch.setenv("IHMISKAUPPA_THREADS", "7")
    assert settings.read().threads == 7


@pytest.mark.parametrize("name", ["mode", "instance", "colour", "faults", "form_token_key_file"])
def test_config_toml_cannot_hold_what_is_not_its_own(tmp_path: Path, name: str) -> None:
    """An unknown key is named, and neither mode nor instance can be set from a file."""
    made = read(instance(tmp_path / "i", f'{name} = "practice"\n'))
    assert made.faults == (f"{tmp_path / 'i/config.toml'}: there is no setting {name!r} for this file.",)
    assert not made.practice
    assert made.instance == tmp_path / "i"


@pytest.mark.parametrize("data", [b"threads =", b"threads = 1\nthreads = 2", b'smtp_user = "\xe4"'])
def test_a_broken_config_toml_is_named(tmp_path: Path, data: bytes) -> None:
    """A file that cannot be read is a fault like the others."""
    folder = instance(tmp_path / "i")
    (folder / "config.toml").write_bytes(data)
    (fault,) = read(folder).faults
    assert fault.startswith(f"{folder / 'config.toml'} cannot be read: ")


def test_production_is_the_default_and_practice_is_asked_for(tmp_path: Path) -> None:
    """Only the environment chooses practice; any other word is a fault, and means production."""
    folder = instance(tmp_path / "i")
    assert not read(folder).practice
    assert not read(folder, {"MODE": ""}).practice
    assert read(folder, {"MODE": "practice"}).practice
    made = read(folder, {"MODE": "Practice"})
    assert not made.practice
    assert made.faults == ("IHMISKAUPPA_MODE is neither production nor practice.",)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "site.example", ""])  # noqa: S104
def test_practice_refuses_to_be_reached_from_elsewhere(tmp_path: Path, address: str) -> None:
    """A practice copy, which reaches nobody, must not be taken for the real one."""
    folder = instance(tmp_path / "i")
    made = read(folder, {"MODE": "practice", "ADDRESS": address})
    assert made.faults == ("A practice copy listens on loopback only: set address to 127.0.0.1.",)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost"])
def test_practice_listens_on_loopback(tmp_path: Path, address: str) -> None:
    """The addresses of the machine itself are fine."""
    assert read(instance(tmp_path / "i"), {"MODE": "practice", "ADDRESS": address}).faults == ()


@pytest.mark.parametrize(
    ("url", "mode", "fit"),
    [
        ("https://site.example", "production", True),
        ("https://site.example:8443", "production", True),
        ("http://abc.onion", "production", True),
        ("http://localhost:8000", "practice", True),
        ("http://site.example", "production", False),
        ("https://site.example/", "production", False),
        ("https://site.example/path", "production", False),
        ("https://site.example?x=1", "production", False),
        ("https://site.example#x", "production", False),
        ("https://user@site.example", "production", False),
        ("https://", "production", False),
        ("https://:443", "production", False),
        ("https://site.example:port", "production", False),
        ("https://[::1", "production", False),
        ("ftp://site.example", "practice", False),
        ("site.example", "production", False),
    ],
)
def test_the_public_url_is_a_secure_origin(tmp_path: Path, url: str, mode: str, *, fit: bool) -> None:
    """A scheme and a host, nothing more; and encrypted, unless an onion address or a practice copy."""
    faults = read(instance(tmp_path / "i"), {"PUBLIC_URL": url, "MODE": mode}).faults
    assert len(faults) == (0 if fit else 1)
    assert all(fault.startswith("public_url must be ") for fault in faults)


@pytest.mark.parametrize("key", ["A" * 39, "A" * 41, "a" * 40, "0x" + "A" * 38, "G" * 40])
def test_a_fingerprint_is_given_in_full(tmp_path: Path, key: str) -> None:
    """Short key ids can be forged; only a whole fingerprint names a key."""
    (fault,) = read(instance(tmp_path / "i"), {"INBOX_KEYS": f"{'A' * 40} {key}"}).faults
    assert repr(key) in fault


@pytest.mark.parametrize("name", ["SMTP_CA", "SMTP_PASSWORD_FILE"])
def test_files_lie_in_the_instance(tmp_path: Path, name: str) -> None:
    """A file is looked for in the instance folder; one that cannot even be looked for is a fault."""
    folder = instance(tmp_path / "i")
    (folder / "file").write_text("hunter2\nmore\n", encoding="utf-8")
    assert read(folder, {name: "file"}).faults == ()
    for missing in ("none", "x" * 300):
        (fault,) = read(folder, {name: missing}).faults
        assert fault == f"{name.lower()}: there is no file {missing}."


def test_the_password_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    """Without a file there is no password."""
    folder = instance(tmp_path / "i")
    (folder / "password").write_text("päss word \nmore\n", encoding="utf-8")
    assert read(folder, {"SMTP_PASSWORD_FILE": "password"}).smtp_password() == "päss word "
    assert read(folder).smtp_password() == ""


def test_form_token_keys_come_newest_first(tmp_path: Path) -> None:
    """One key a line, so that the older one stays accepted while forms are open."""
    folder = instance(tmp_path / "i", key="\n".join(["ab" * 32, "CD" * 40, ""]))
    assert read(folder).form_token_keys() == (b"\xab" * 32, b"\xcd" * 40)


@pytest.mark.parametrize("text", ["", "\n", "ab" * 31, f"{'ab' * 32}\n{'ab' * 31}", "xy" * 32, "ab" * 32 + "a", "ä" * 64])
def test_a_bad_form_token_key_is_refused(tmp_path: Path, text: str) -> None:
    """A key that is short, no hexadecimal or not there stops the start."""
    made = read(instance(tmp_path / "i", key=text))
    assert len(made.faults) == 1
    with pytest.raises(StartRefusedError) as caught:
        made.form_token_keys()
    assert caught.value.faults == made.faults


def test_a_missing_form_token_key_is_refused(tmp_path: Path) -> None:
    """Without the file there are no tokens."""
    (fault,) = read(tmp_path).faults
    assert fault == f"{tmp_path / 'form-token.key'} is missing or cannot be read."


def test_every_setting_has_a_meaning() -> None:
    """No setting goes without a sentence; only `faults` is none."""
    described = settings.setting_fields()
    assert {name for name, _, _ in described} == {field.name for field in fields(Settings)} - {"faults"}
    assert all(meaning.endswith(".") for _, meaning, _ in described)


def test_a_refused_start_says_all_its_faults() -> None:
    """The text of a refusal is all faults, a line each."""
    assert str(StartRefusedError(("One.", "Two."))) == "One.\nTwo."


@given(
    st.dictionaries(
        st.sampled_from([name.upper() for name, _, _ in settings.setting_fields() if name != "instance"]),
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=400),
    )
)
@hypothesis_settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_environment_stops_the_reading(tmp_path: Path, environment: Mapping[str, str]) -> None:
    """Whatever stands in the environment, the outcome is settings and sentences."""
    made = read(instance(tmp_path / "i"), environment)
    assert all(fault.strip() for fault in made.faults)


@pytest.mark.parametrize(
    "given",
    [{"FILES_MOST": "0"}, {"FILE_MEGABYTES": "0"}, {"FILES_MEGABYTES": "0"}, {"FILES_MEGABYTES": "61"}, {"THREADS": "11"}],
)
def test_bounds_that_would_break_uploads_are_refused(tmp_path: Path, given: dict[str, str]) -> None:
    """More than is drained could not be answered, and fewer threads than uploads would make text wait."""
    assert len(read(instance(tmp_path / "i"), given).faults) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [("send-alert --to 'on duty, now'", ("send-alert", "--to", "on duty, now")), ("", ()), ("one", ("one",))],
)
def test_a_command_from_the_environment_is_split_as_a_shell_would(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    """Quoted arguments stay whole, commas stay; in config.toml it is a list."""
    made = read(instance(tmp_path / "i"), {"ALERT_COMMAND": text})
    assert (made.alert_command, made.faults) == (words, ())
    (tmp_path / "j").mkdir()
    listed = read(instance(tmp_path / "j", 'alert_command = ["a b", "c,d"]\n'))
    assert listed.alert_command == ("a b", "c,d")
    assert len(read(tmp_path / "i", {"ALERT_COMMAND": "'open"}).faults) == 1


def test_the_second_mail_server_needs_an_address(tmp_path: Path) -> None:
    """A host without an address, and an address without a host, are faults; a password is read from a file."""
    folder = instance(tmp_path / "i")
    (folder / "password").write_text("secret\n", encoding="utf-8")
    whole = {"ALERT_SMTP_HOST": "other.example", "ALERT_ADDRESS": "ops@example.org", "ALERT_SMTP_PASSWORD_FILE": "password"}
    assert read(folder, whole).faults == ()
    assert read(folder, whole).alert_smtp_password() == "secret"
    for name in ("ALERT_SMTP_HOST", "ALERT_ADDRESS"):
        assert len(read(folder, {**whole, name: ""}).faults) == 1
    wrong = {"ALERT_SMTP_SECURITY": "plain", "ALERT_SMTP_PORT": "0", "ALERT_SMTP_CA": "none", "ALERT_FROM": "nobody"}
    assert len(read(folder, {**whole, **wrong}).faults) == 4


def test_the_table_tells_numbers_from_yes_and_no() -> None:
    """1 and 0 are numbers there, although Python takes them for true and false."""
    shown = {name: default for name, default, _ in settings.table()}
    assert (shown["workers"], shown["trusted_proxies"], shown["hide_recipients"]) == ("`1`", "`0`", "no")
    assert (shown["smtp_user"], shown["alert_command"], shown["content_folder"]) == ("none", "none", "as shipped")
