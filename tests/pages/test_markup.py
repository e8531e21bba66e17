"""Markdown to safe HTML: nothing outside the allow-list comes out, whatever goes in; names and links lead somewhere."""

import re
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from markupsafe import Markup

from ihmiskauppa.contacts import Contact, Contacts
from ihmiskauppa.languages import Language
from ihmiskauppa.pages import markup
from ihmiskauppa.pages.figures import Figure
from ihmiskauppa.pages.markup import MarkupError, Renderer

FINNISH = Language("fi", "Suomi", "ltr", "full", "fi", ())
ENGLISH = Language("en", "English", "ltr", "full", "en_GB", ("fi",))
CONTACTS = Contacts(
    {
        "hotline": Contact("hotline", "telephone", "+358295463177", "+358 295 463 177"),
        "mailbox": Contact("mailbox", "email", "help@example.org", "help@example.org"),
        "exit": Contact("exit", "web", "https://weather.example/?a=1", "weather"),
    }
)
PLACES = {"home/index": "", "get-help/police": "get-help/police/", "form:contact": "about/write-to-us/"}
RENDERER = Renderer(CONTACTS, {"clients": Figure("clients", 1234, "a review")}, PLACES)

# Written down once more, by hand: a change of the module's list must be made here too, with thought.
ATTRIBUTES = {
    **{
        tag: set()
        for tag in ("blockquote", "br", "code", "em", "h3", "h4", "hr", "li", "ol", "p", "section", "strong", "summary")
    },
    **{tag: set() for tag in ("table", "tbody", "thead", "tr", "ul")},
    "a": {"href", "rel", "class"},
    "bdi": {"dir", "class"},
    "details": {"class"},
    "div": {"class"},
    "span": {"class"},
    "td": {"data-column"},
    "th": {"scope"},
}
CLASSES = {"ik-notice", "ik-danger", "ik-fact", "ik-steps", "ik-doors", "ik-details", "ik-contact", "ik-figure"}
HREF = re.compile(r"https://\S+|tel:\+?[0-9]+|mailto:[^\s@]+@[^\s@]+|/~/\S*")

PIECES = (
    *("<script>", "</script>", "<img src=x onerror=alert(1)>", "<svg/onload=", "<!--", "-->", "<?php", "<", ">", "</p>", "<p "),
    *(
        "javascript:alert(1)",
        "data:text/html,",
        "vbscript:",
        "java\nscript:",
        "&#106;avascript:",
        "&lt;script&gt;",
        "&#60;b&#62;",
    ),
    *(
        "[a](",
        "[a](<",
        ")",
        "[a]: ",
        "[a]",
        "![",
        "](",
        "]",
        "page:home/index",
        "form:contact",
        "https://x.example/",
        "http://x/",
    ),
    *(
        '"',
        "'",
        " onclick=",
        " style=",
        "{contact:hotline}",
        "{figure:clients}",
        "{contact:none}",
        "{",
        "}",
        "\\",
        "&",
        "`",
        "```\n",
    ),
    *("::: notice\n", "::: details X\n", ":::: danger\n", ":::\n", "::::\n", "::: zork\n", "  ::: fact\n"),
    *(
        "\n",
        "\n\n",
        " ",
        "    ",
        "\t",
        "> ",
        "- ",
        "1. ",
        "7) ",
        "# ",
        "### ",
        "#### ",
        "***",
        "**",
        "_",
        "---\n",
        "===\n",
        "~",
    ),
    *("|a|b|\n|-|:-:|\n", "|", "text", "ä", "مرحبا", "\u202e", "\u200f", "\x00", "\x0b", "\ufeff", "😀", "\r\n", "\r"),
)
TEXTS = (
    st.text()
    | st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
    | st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=25).map("".join)
)


def body(text: str, language: Language = FINNISH) -> str:
    return str(RENDERER.body(text, language))


def elements(html: str) -> list[Element]:
    root: Element = html5lib.parseFragment(html, container="div", namespaceHTMLElements=False)
    return [element for element in root.iter() if element is not root]


def check_allowed(html: str) -> None:
    """Parse as a browser does, and hold every element to the list above."""
    for element in elements(html):
        assert isinstance(element.tag, str), f"a comment or an instruction: {html!r}"
        assert element.tag in ATTRIBUTES, html
        assert set(element.keys()) <= ATTRIBUTES[element.tag], html
        assert set(element.get("class", "ik-notice").split()) <= CLASSES, html
        assert HREF.fullmatch(element.get("href", "/~/")), html


@given(TEXTS)
@hypothesis_settings(max_examples=600, deadline=None)
@example("[a](javascript:alert(1))")
@example("[a](<java\nscript:alert(1)>)")
@example("[a]\n\n[a]: javascript:alert(1)")
@example("&#60;script&#62;alert(1)&#60;/script&#62;")
@example('[a](https://x.example/ "title") ![b](https://x.example/ "title")')
@example("`&lt;img onerror=x&gt;`")
def test_no_text_makes_anything_outside_the_allow_list(text: str) -> None:
    """Whatever an editor writes, the HTML keeps to the allow-list, or the text is refused with a line that exists."""
    try:
        html = RENDERER.body(text, FINNISH)
    except MarkupError as error:
        fault = error
    else:
        assert isinstance(html, Markup)
        check_allowed(str(html))
        return
    assert 1 <= fault.line <= len(re.split(r"\r\n|\r|\n", text))
    assert fault.reason


@given(TEXTS)
@hypothesis_settings(max_examples=200, deadline=None)
def test_no_heading_makes_a_block_or_anything_outside_the_allow_list(text: str) -> None:
    """A heading holds inline elements only, so that it can stand inside an `h2`."""
    try:
        html = str(RENDERER.heading(text, FINNISH))
    except MarkupError:
        return
    check_allowed(html)
    assert {element.tag for element in elements(html)} <= {"a", "bdi", "br", "code", "em", "strong"}


@given(st.text())
@hypothesis_settings(max_examples=200, deadline=None)
@example("<script>{contact:hotline}&amp;\"'")
def test_a_form_s_text_is_escaped_around_its_contacts(text: str) -> None:
    """In the texts of forms only the contacts become HTML; everything else reads exactly as written."""
    shown = markup.with_contacts(text, CONTACTS)
    assert shown.unescape() == text.replace("{contact:hotline}", str(markup.contact_link(CONTACTS["hotline"])))


def test_contacts_in_a_form_s_text_become_links() -> None:
    """A number in a form's text can be called, and reads left to right."""
    shown = markup.with_contacts("Call {contact:hotline} <now>", CONTACTS)
    assert shown == (
        'Call <a class="ik-contact" href="tel:+358295463177"><bdi dir="ltr">+358 295 463 177</bdi></a> &lt;now&gt;'
    )


def test_the_second_wall_holds_where_the_first_is_passed() -> None:
    """Even a contact with a hostile address, which contacts.toml could not hold, gives no script link."""
    hostile = Contacts({"bad": Contact("bad", "web", "javascript:alert(1)", "<script>x</script>")})
    html = str(Renderer(hostile, {}, {}).body("{contact:bad}", FINNISH))
    assert "href" not in html
    assert [element.tag for element in elements(html)] == ["p", "a", "bdi"]
    assert "<script>x</script>" in "".join(elements(html)[0].itertext())


def test_markdown_becomes_html() -> None:
    """What editors use comes out as the elements it stands for."""
    html = body("A **b** _c_ `d`\\\ne\n\n### F\n\n- g\n\n1. h\n\n> i\n\n|j|k|\n|-|-|\n|l|m|\n\n---\n")
    for part in (
        *("<strong>b</strong>", "<em>c</em>", "<code>d</code>", "<br>", "<h3>F</h3>", "<ul>\n<li>g</li>", "<ol>"),
        *("<blockquote>", '<th scope="col">j</th>', '<td data-column="k">m</td>', "<hr>"),
    ):
        assert part in html


def test_a_year_is_no_list() -> None:
    """A paragraph that begins with `2018.` is Markdown for a list; an editor means a year, and is told how to write it."""
    with pytest.raises(MarkupError, match=r"2018\\\."):
        body("2018. aastal saime.")
    assert body("2018\\. aastal saime.") == "<p>2018. aastal saime.</p>\n"


def test_the_cells_of_a_table_say_what_heads_them() -> None:
    """Columns by `scope` and in words, without markup; rows where the head begins with nothing, which is then no head."""
    html = body("| | A *b* | C |\n| --- | --- | --- |\n| d | e | f |\n| g | h | |")
    assert [(cell.tag, cell.attrib, "".join(cell.itertext())) for cell in elements(html) if cell.tag in {"th", "td"}] == [
        ("td", {}, ""),
        ("th", {"scope": "col"}, "A b"),
        ("th", {"scope": "col"}, "C"),
        ("th", {"scope": "row"}, "d"),
        ("td", {"data-column": "A b"}, "e"),
        ("td", {"data-column": "C"}, "f"),
        ("th", {"scope": "row"}, "g"),
        ("td", {"data-column": "A b"}, "h"),
        ("td", {"data-column": "C"}, ""),
    ]


@pytest.mark.parametrize("name", ["notice", "danger", "fact", "steps", "doors"])
def test_a_container_becomes_a_block_of_its_class(name: str) -> None:
    """`::: name` … `:::` is a block with the component's class."""
    assert body(f"::: {name}\n**A**\n:::\n\nafter") == (
        f'<div class="ik-{name}">\n<p><strong>A</strong></p>\n</div>\n<p>after</p>\n'
    )


def test_details_have_a_title_that_is_escaped() -> None:
    """`::: details Title` opens without script, and its title is text."""
    assert body("::: details A & B\nC\n:::") == (
        '<details class="ik-details"><summary>A &amp; B</summary>\n<p>C</p>\n</details>\n'
    )


def test_containers_nest_by_longer_fences() -> None:
    """A container in another needs a longer fence outside."""
    assert body(":::: doors\n::: fact\nA\n:::\nB\n::::\n") == (
        '<div class="ik-doors">\n<div class="ik-fact">\n<p>A</p>\n</div>\n<p>B</p>\n</div>\n'
    )


def test_a_contact_comes_by_name() -> None:
    """A contact is a link that reads left to right."""
    assert body("Soita {contact:hotline}.") == (
        '<p>Soita <a class="ik-contact" href="tel:+358295463177"><bdi dir="ltr">+358 295 463 177</bdi></a>.</p>\n'
    )
    assert 'href="mailto:help@example.org"' in body("{contact:mailbox}")
    assert 'href="https://weather.example/?a=1"' in body("{contact:exit}")


def test_a_figure_is_written_as_the_language_writes_numbers() -> None:
    """A figure comes by name, grouped as in the language of the page."""
    assert body("{figure:clients}") == '<p><bdi class="ik-figure">1\xa0234</bdi></p>\n'
    assert body("{figure:clients}", ENGLISH) == '<p><bdi class="ik-figure">1,234</bdi></p>\n'


def test_a_name_in_code_stays_as_it_is() -> None:
    """In code, where editors explain the notation, a name is shown and not replaced."""
    assert "<code>{contact:hotline}</code>" in body("`{contact:hotline}`")


def test_links_go_to_pages_and_forms_by_id() -> None:
    """A link within the site is written for no language until `in_language` puts the reader's there."""
    html = RENDERER.body("[a](page:get-help/police#who) [b](form:contact) [c](page:home/index)", FINNISH)
    hrefs = re.findall(r'href="([^"]*)"', str(html))
    assert hrefs == ["/~/get-help/police/#who", "/~/about/write-to-us/", "/~/"]
    shown = markup.in_language(html, "ar")
    assert re.findall(r'href="([^"]*)"', str(shown)) == ["/ar/get-help/police/#who", "/ar/about/write-to-us/", "/ar/"]


def test_a_link_to_another_site_tells_it_nothing() -> None:
    """Links that leave the site carry neither a referrer nor a handle on our window."""
    assert 'href="https://x.example/a" rel="noreferrer noopener"' in body("[a](https://x.example/a)")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a\n\nb <b>c</b>", 3, "HTML is not allowed"),
        ("a\n<!-- note -->", 2, "HTML is not allowed"),
        ("a\n\n</p>", 3, "HTML is not allowed"),
        ("a <https://x.example>", 1, "HTML is not allowed"),
        ("a\n\nb\nc {contact:nobody}", 4, "no contact 'nobody'"),
        ("- a\n- b\n- {figure:nothing}", 3, "no figure 'nothing'"),
        ("a\\\nb {figure:nothing}", 2, "no figure 'nothing'"),
        ("a\n\n{contact :hotline}", 3, "neither a contact nor a figure"),
        ("a {hotline}", 1, "neither a contact nor a figure"),
        ("a\nb [c](page:nowhere)", 2, "leads nowhere"),
        ("|a|b|\n|-|-|\n|c|[d](form:none)|", 3, "leads nowhere"),
        ("a\n\n[b](/fi/get-help/)", 3, "leads nowhere"),
        ("[b](http://x.example/)", 1, "leads nowhere"),
        ("[b](get-help/police)", 1, "leads nowhere"),
        ("[b](mailto:help@example.org)", 1, "leads nowhere"),
        ("[b](tel:112)", 1, "leads nowhere"),
        ("a\n\n::: zork\nb\n:::", 3, "no container 'zork'"),
        ("a\n\n::: notice\nb", 3, "never closed"),
        ("::: notice\na\n:::\n\n::: fact\nb", 5, "never closed"),
        ("a\n\n:::\n", 3, "closes nothing"),
        ("a\n\n::: details\nb\n:::", 3, ":::"),
        ("a\n\n  ::: zork\nb\n  :::", 3, ":::"),
        ("::: doors\n::: fact\na\n:::\nb\n:::", 6, ":::"),
        (":::: notice\na\n:::", 3, ":::"),
        ("a\n\nb\n---\n\nc", 3, "heading"),
        ("a\n\nb\n===", 3, "heading"),
        ("a\n\n # b", 3, "heading"),
        ("> ## b", 1, "heading"),
        ("a\n\n##### b", 3, "heading"),
    ],
)
def test_a_faulty_text_is_named_with_its_line(text: str, line: int, reason: str) -> None:
    """Raw HTML, a name, a link or a container that is not there, and a heading out of place: each with its line."""
    with pytest.raises(MarkupError) as caught:
        body(text)
    assert (caught.value.line, reason in caught.value.reason) == (line, True), caught.value.reason


def test_no_image_is_loaded_from_anywhere() -> None:
    """What would be an image is an ordinary link behind an exclamation mark, for the editor to see."""
    link = '<a href="https://x.example/a.png" rel="noreferrer noopener">a</a>'
    assert body("![a](https://x.example/a.png)") == f"<p>!{link}</p>\n"


def test_a_heading_takes_names_and_refuses_unknown_ones() -> None:
    """A heading may call a contact by name; one that does not exist is a fault."""
    assert "tel:+358295463177" in RENDERER.heading("Soita {contact:hotline}", FINNISH)
    with pytest.raises(MarkupError, match="no contact"):
        RENDERER.heading("Soita {contact:nobody}", FINNISH)


def test_a_plain_heading_has_no_tags() -> None:
    """Titles and lists of contents get the words alone."""
    assert RENDERER.plain("**A** & _b_ {contact:hotline}", FINNISH) == "A & b +358 295 463 177"
