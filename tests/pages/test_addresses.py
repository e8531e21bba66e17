"""Old addresses: read, and refused with file and line when they could mislead."""

from pathlib import Path

import pytest

from ihmiskauppa import languages
from ihmiskauppa.app import build_public_app
from ihmiskauppa.pages import addresses
from ihmiskauppa.pages.addresses import Addresses, AddressesError
from ihmiskauppa.public.editions import downloads, load
from ihmiskauppa.settings import Settings, data_folder

LANGUAGES = languages.load(data_folder("content") / "languages.toml")
PAGES = frozenset({"home/index", "about/index", "get-help/police"})
FILES = frozenset({"/fi/figures/2018/release.csv"})


def _load(folder: Path, text: str) -> Addresses:
    path = folder / addresses.FILE
    path.write_text(text, encoding="utf-8")
    return addresses.load(path, LANGUAGES, PAGES, FILES)


def test_old_addresses_are_read(tmp_path: Path) -> None:
    """In the language of the address, or the one named; a slash at the end makes no difference; letters of any script."""
    found = _load(
        tmp_path,
        '[[alias]]\nold = "/fi/pakkotyö/"\npage = "get-help/police"\n'
        '[[alias]]\nold = "/vanha/koti"\npage = "home/index"\nlanguage = "sv"\n'
        '[[gone]]\naddress = "/fi/lomake.pdf"\npage = "about/index"\n',
    )
    assert found.now_at("/fi/pakkotyö") == found.now_at("/fi/pakkotyö/") == "/fi/get-help/police/"
    assert found.now_at("/vanha/koti") == "/sv/"
    assert found.replacement("/fi/lomake.pdf") == "about/index"
    assert found.now_at("/fi/lomake.pdf") is found.replacement("/fi/pakkotyö") is found.now_at("/") is None


def _alias(old: str, page: str = "get-help/police", more: str = "") -> str:
    return f'[[alias]]\nold = "{old}"\npage = "{page}"\n{more}\n'


GOOD = _alias("/fi/a") + "\n"  # four lines and an empty one


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[[alias]\n", 1, "Expected"),
        ("# one\nold = \n", 2, "Invalid value"),
        ("alias = 5\n", 1, "only"),
        ('[[aliases]]\nold = "/fi/b"\n', 1, "only"),
        (GOOD + '[[alias]]\nold = "/fi/b"\n', 6, "has old, page, language"),
        (GOOD + _alias("/fi/b", more="to = 5"), 6, "has old, page, language"),
        (GOOD + '[[alias]]\nold = "/fi/b"\npage = 5\n', 6, "is a text"),
        (GOOD + '[[gone]]\naddress = "/fi/b"\npage = "about/index"\nlanguage = "fi"\n', 6, "has address, page"),
        (GOOD + _alias("/fi/get-help/police"), 6, "/fi/get-help/police exists"),
        (GOOD + _alias("/ar/get-help/police/"), 6, "/ar/get-help/police exists"),
        (GOOD + _alias("/fi"), 6, "/fi exists"),
        (GOOD + _alias("/fi/figures/2018/release.csv"), 6, "exists"),
        (GOOD + _alias("/static/site.css", more='language = "fi"'), 6, "exists"),
        (GOOD + _alias("/.well-known/x", more='language = "fi"'), 6, "exists"),
        (GOOD + _alias("/robots.txt", more='language = "fi"'), 6, "exists"),
        (GOOD + _alias("/fi/b", "get-help/polise"), 6, "get-help/polise is no page"),
        (GOOD + _alias("/fi/a"), 6, "/fi/a stands here twice"),
        (GOOD + _alias("/fi/a/"), 6, "/fi/a stands here twice"),
        (GOOD + '[[gone]]\naddress = "/fi/a"\npage = "about/index"\n', 6, "/fi/a stands here twice"),
        (_alias("/fi/get-help/old") + "\n" + _alias("/fi/b", "get-help/old"), 6, "is an old address itself"),
        (_alias("/fi/b", "get-help/old") + "\n" + _alias("/fi/get-help/old"), 1, "is an old address itself"),
        (GOOD + _alias("/b"), 6, "is in no language"),
        (GOOD + _alias("/b", more='language = "xx"'), 6, "'xx' is no language"),
        *(
            (GOOD + _alias(old), 6, "is no address")
            for old in ("/", "fi/b", "//b", "/fi//b", "/fi/b?c=1", "/fi/b#c", "/fi/%C3%A4")
        ),
        *(
            (GOOD + _alias(old), 6, "is no address")
            for old in ("/fi/../b", "/fi/./b", "/fi/b c", "/fi/b\\\\c", "/fi/b\\nc", "/fi/\\u202eb")
        ),
        (GOOD + _alias("https://example.org/fi/b"), 6, "is no address"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    """Each fault names file, line and reason."""
    with pytest.raises(AddressesError) as fault:
        _load(tmp_path, text)
    assert str(fault.value).startswith(f"{tmp_path / addresses.FILE}:{line}: ")
    assert reason in str(fault.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """An editor who has no old address keeps the file with its comments."""
    with pytest.raises(AddressesError, match=r"addresses\.toml:1: FileNotFoundError"):
        addresses.load(tmp_path / addresses.FILE, LANGUAGES, PAGES, FILES)


def test_no_address_of_the_site_can_be_an_old_one(configuration: Settings) -> None:
    """Whatever the site keeps as a document, or answers with a view of its own, is refused."""
    application = build_public_app(configuration, watch=False)
    edition = load(configuration)
    views = {rule.rule for rule in application.flask.url_map.iter_rules() if "<" not in rule.rule}
    made = {edition.catalogue.entry(code, page).path for code in edition.languages for page in edition.catalogue.ids}
    files = downloads(edition.releases, edition.languages)
    path = configuration.instance / addresses.FILE
    for address in {*application.pages.paths, "/static/site.css", *views, *made}:
        path.write_text(_alias(address, "home/index", 'language = "fi"'), encoding="utf-8")
        with pytest.raises(AddressesError):
            addresses.load(path, edition.languages, edition.catalogue.ids, files)
