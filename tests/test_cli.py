"""The commands of operators and editors."""

import datetime
import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ihmiskauppa import database
from ihmiskauppa.cli import main
from ihmiskauppa.feedback import counts
from ihmiskauppa.feedback.questionnaire import Tally
from ihmiskauppa.intake import outbox
from ihmiskauppa.settings import Settings, data_folder
from tests.conftest import InboxKey


@pytest.fixture
def environment(configuration: Settings) -> dict[str, str]:
    """The environment that describes the test's instance."""
    return {
        "IHMISKAUPPA_INSTANCE": str(configuration.instance),
        "IHMISKAUPPA_DATABASE_URL": configuration.database_url,
        "IHMISKAUPPA_INBOX_KEYS": " ".join(configuration.inbox_keys),
    }


def _run(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env=environment)


def test_status_says_that_all_is_well(environment: dict[str, str]) -> None:
    """A usable key and an empty outbox: exit status 0, in words and as JSON."""
    assert _run(environment, "status").exit_code == 0
    done = _run(environment, "status", "--json")
    report = json.loads(done.output)
    assert (done.exit_code, report["all_is_well"], report["writing_works"]) == (0, True, True)
    assert report["outbox"] == {"waiting": 0, "claimed": 0, "set_aside": 0}


def test_status_finds_what_was_set_aside_and_recover_brings_it_back(
    environment: dict[str, str], configuration: Settings
) -> None:
    """A shunted message makes exit status 1; after `recover` it waits again."""
    engine = database.connect(configuration.database_url)
    with engine.begin() as connection:
        outbox.enqueue(connection, "<a@b.example>", b"sealed", database.now())
    box = outbox.Outbox(engine, 60)
    item = box.claim(database.now())
    assert item is not None
    box.shunt(item, 550)
    engine.dispose()
    done = _run(environment, "status", "--json")
    assert (done.exit_code, json.loads(done.output)["outbox"]["set_aside"]) == (1, 1)
    assert "1 messages" in _run(environment, "recover").output
    done = _run(environment, "status", "--json")
    assert (done.exit_code, json.loads(done.output)["outbox"]["waiting"]) == (0, 1)


def test_status_finds_an_unusable_key(environment: dict[str, str], second_key: InboxKey) -> None:
    """A key that is not in the ring makes exit status 1 and says that writing does not work."""
    done = _run(environment | {"IHMISKAUPPA_INBOX_KEYS": second_key.fingerprint}, "status", "--json")
    assert done.exit_code == 1
    assert json.loads(done.output)["writing_works"] is False


def test_status_warns_of_files_that_no_mail_could_carry(environment: dict[str, str], configuration: Settings) -> None:
    """The server once said it takes 20 MB: with 15 MB of files, whose sealed mail is larger, a person is needed."""
    engine = database.connect(configuration.database_url)
    with engine.begin() as connection:
        outbox.enqueue(connection, "<a@b.example>", b"sealed", database.now())
    box = outbox.Outbox(engine, 60)
    item = box.claim(database.now())
    assert item is not None
    box.finish(item, database.now(), 20_000_000)
    engine.dispose()
    done = _run(environment, "status")
    assert done.exit_code == 1
    assert "20000000" in done.output
    assert _run(environment | {"IHMISKAUPPA_FILES_MEGABYTES": "10"}, "status").exit_code == 0


def test_status_cannot_tell_without_a_database(environment: dict[str, str], tmp_path: Path) -> None:
    """A database without tables: exit status 2, and no traceback."""
    done = _run(environment | {"IHMISKAUPPA_DATABASE_URL": f"sqlite:///{tmp_path / 'none.db'}"}, "status")
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_keys_are_imported_listed_and_checked(environment: dict[str, str], second_key: InboxKey, tmp_path: Path) -> None:
    """An imported key is listed as not used until the settings name it; `check` then finds nothing."""
    file = tmp_path / "second.asc"
    file.write_bytes(second_key.public)
    done = _run(environment, "keys", "import", str(file))
    assert done.exit_code == 0, done.output
    assert "add the fingerprint" in done.output
    listed = _run(environment, "keys", "list").output
    assert f"{second_key.fingerprint} Second <second@example.org>: usable, not used" in listed
    both = environment | {"IHMISKAUPPA_INBOX_KEYS": f"{environment['IHMISKAUPPA_INBOX_KEYS']} {second_key.fingerprint}"}
    assert _run(both, "keys", "check").exit_code == 0
    absent = _run(environment | {"IHMISKAUPPA_INBOX_KEYS": "B" * 40}, "keys", "check")
    assert absent.exit_code == 2
    assert "is not in" in absent.output


def test_feedback_counts_are_shown_for_a_period(environment: dict[str, str], configuration: Settings) -> None:
    """The last thirty days by default, any period when asked; a table, or CSV; small counts as they are."""
    today = counts.day_of(database.now())
    engine = database.connect(configuration.database_url)
    with database.writing(engine) as connection:
        for number, (answer, days) in enumerate((("50", 0), ("72.5", 29), ("100", 30))):
            counts.add(connection, number.to_bytes(16), [Tally("sus", answer)], today - datetime.timedelta(days=days))
    engine.dispose()
    shown = _run(environment, "feedback", "counts")
    assert shown.exit_code == 0, shown.output
    assert shown.output.splitlines()[-1] == "SUS, mean: 61.2 (n = 2)"
    before = str(today - datetime.timedelta(days=30))
    listed = _run(environment, "feedback", "counts", "--from", before, "--until", before, "--csv")
    assert listed.output == "question,answer,count\nsus,100,1\nsus-mean,100.00,1\n"
    assert "Nothing was counted." in _run(environment, "feedback", "counts", "--until", "2018-12-31").output


def test_feedback_without_a_database_is_a_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    """No tables: exit status 1, and no traceback."""
    done = _run(environment | {"IHMISKAUPPA_DATABASE_URL": f"sqlite:///{tmp_path / 'none.db'}"}, "feedback", "counts")
    assert (done.exit_code, "cannot be read" in done.output) == (1, True)


def test_a_file_that_is_no_key_is_refused_in_a_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    """The operator gets a reason, not a traceback."""
    file = tmp_path / "letter.txt"
    file.write_text("not a key")
    done = _run(environment, "keys", "import", str(file))
    assert done.exit_code == 1
    assert "exactly one is needed" in done.output


def test_a_new_form_token_key_keeps_the_last(environment: dict[str, str], configuration: Settings) -> None:
    """After `form-token`, the new key comes first and the previous one is still accepted; only those two remain."""
    (first,) = configuration.form_token_keys()
    _run(environment, "form-token")
    second, kept = configuration.form_token_keys()
    assert kept == first
    _run(environment, "form-token")
    third, kept = configuration.form_token_keys()
    assert kept == second
    assert third not in {first, second}
    assert configuration.form_token_key_file.stat().st_mode & 0o077 == 0


def test_check_finds_the_repository_in_order(environment: dict[str, str]) -> None:
    """The content and translations that are committed pass."""
    done = _run(environment, "check")
    assert done.exit_code == 0, done.output


def test_check_warns_of_an_old_statement(environment: dict[str, str], tmp_path: Path) -> None:
    """An accessibility statement older than a year is no fault, but is told."""
    content = Path(shutil.copytree(data_folder("content"), tmp_path / "content"))
    file = content / "accessibility.toml"
    file.write_text(re.sub("(?m)^stated = .*", "stated = 2020-01-02", file.read_text(encoding="utf-8")), encoding="utf-8")
    warning = "WARNING: accessibility.toml: the accessibility statement is of 2020-01-02"
    assert warning not in _run(environment, "check").output
    assert warning in _run(environment | {"IHMISKAUPPA_CONTENT_FOLDER": str(content)}, "check").output


def test_check_names_each_fault(environment: dict[str, str], tmp_path: Path) -> None:
    """A changed source, a lost number in a translation, and a missing text are each named with their file."""
    content = tmp_path / "content"
    texts = tmp_path / "translations"
    shutil.copytree(data_folder("content"), content)
    shutil.copytree(data_folder("translations"), texts)
    police = content / "pages" / "get-help" / "police"
    with (police / "fi.md").open("a", encoding="utf-8") as file:
        file.write("\nUusi lause.\n")
    swedish = police / "sv.md"
    swedish.write_text(swedish.read_text(encoding="utf-8").replace("2018", "2017"), encoding="utf-8")
    po = texts / "ar" / "messages.po"
    po.write_text(po.read_text(encoding="utf-8").replace('msgid "Menu"', 'msgid "Menus"'), encoding="utf-8")
    changed = {"IHMISKAUPPA_CONTENT_FOLDER": str(content), "IHMISKAUPPA_TRANSLATIONS_FOLDER": str(texts)}
    done = _run(environment | changed, "check")
    assert done.exit_code == 2
    for words in ("fi.md: changed without a new stamp", "sv.md", "2017", "'Menu'", "'Menus'"):
        assert words in done.output
