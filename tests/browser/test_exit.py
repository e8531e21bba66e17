"""Promise 8: one control leaves at once; with script nothing typed remains and Back does not return to the page."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import EXIT

FORM = "/fi/get-help/write-to-us/"


def test_the_exit_is_first_after_the_skip_link(page: Page) -> None:
    """Tab reaches the skip link, then the exit; it stays in view when the page is scrolled to its end."""
    page.goto("/fi/get-help/police/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.hasAttribute('data-exit')")
    page.mouse.wheel(0, 100000)
    expect(page.locator("[data-exit]")).to_be_in_viewport()
    box = page.locator("[data-exit]").bounding_box()
    assert box is not None
    assert box["height"] >= 44


def test_without_script_it_is_a_plain_link_without_referrer(bare_page: Page) -> None:
    """The link goes straight to the harmless page; no referrer tells where from."""
    asked: list[str | None] = []
    bare_page.on("request", lambda request: asked.append(request.headers.get("referer")) if EXIT in request.url else None)
    bare_page.goto(FORM)
    bare_page.click("[data-exit]")
    bare_page.wait_for_url(EXIT)
    assert asked == [None]


def test_with_script_back_does_not_return(page: Page) -> None:
    """The form's entry is replaced: Back shows what was before it, and Forward does not bring the form."""
    page.goto("/fi/")
    page.goto(FORM)
    page.fill("[name=message]", "salaisuus")
    page.click("[data-exit]")
    page.wait_for_url(EXIT)
    page.go_back()
    assert page.url.endswith("/fi/")
    page.go_forward()
    assert page.url == EXIT


def test_the_page_is_blank_before_the_other_answers(page: Page) -> None:
    """In the very moment of the press page, title and fields are empty, however slow the harmless page is."""
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text))
    page.goto(FORM)
    page.fill("[name=message]", "salaisuus")
    page.evaluate(
        """() => {
          const field = document.querySelector('[name=message]');
          document.querySelector('[data-exit]').addEventListener('click', () => console.log(JSON.stringify([
            field.value, document.title.replaceAll('\\u200b', ''), document.body.childElementCount,
            getComputedStyle(document.body).display,
          ])));
        }"""
    )
    page.click("[data-exit]")
    page.wait_for_url(EXIT)
    assert seen == ['["","",0,"none"]']


def test_what_was_typed_is_gone_after_leaving_by_a_link(page: Page) -> None:
    """Going elsewhere and back shows the form empty."""
    page.goto(FORM)
    page.fill("[name=message]", "salaisuus")
    page.check("[name=safe_now][value=no]")
    page.goto("/fi/")
    page.go_back()
    assert page.url.endswith(FORM)
    assert page.input_value("[name=message]") == ""
    assert not page.is_checked("[name=safe_now][value=no]")


def _shift(page: Page, key: str = "ShiftLeft") -> None:
    page.keyboard.press(key)


def test_shift_three_times_leaves(page: Page) -> None:
    """Also inside a field, and left and right Shift mixed; each press is told, with its light."""
    page.goto(FORM)
    page.focus("[name=message]")
    _shift(page)
    status = page.locator("[data-exit-status]")
    expect(status).to_have_text("Poistu sivustolta painamalla Shift-näppäintä vielä kaksi kertaa.")
    expect(page.locator(".ik-exit__lights .is-on")).to_have_count(1)
    _shift(page, "ShiftRight")
    expect(page.locator(".ik-exit__lights .is-on")).to_have_count(2)
    _shift(page)
    page.wait_for_url(EXIT)


def test_another_key_starts_the_count_again(page: Page) -> None:
    """Writing capital letters never leaves the page."""
    page.goto(FORM)
    page.focus("[name=message]")
    for _ in range(3):
        _shift(page)
        page.keyboard.press("a")
    for letter in "ABCD":
        page.keyboard.press(f"Shift+{letter}")
    _shift(page)
    _shift(page)
    assert page.url.endswith(FORM)
    expect(page.locator(".ik-exit__lights .is-on")).to_have_count(2)


def test_slow_presses_do_not_count(page: Page) -> None:
    """Three presses count only within five seconds."""
    page.clock.install()
    page.goto(FORM)
    _shift(page)
    _shift(page)
    page.clock.fast_forward(5100)
    expect(page.locator(".ik-exit__lights .is-on")).to_have_count(0)
    _shift(page)
    expect(page.locator(".ik-exit__lights .is-on")).to_have_count(1)
    assert page.url.endswith(FORM)


def test_a_phone_keyboard_s_shift_does_not_count(page: Page) -> None:
    """Events with an empty code, as phone keyboards send them, are ignored (govuk-frontend 4095)."""
    page.goto(FORM)
    for _ in range(4):
        for kind in ("keydown", "keyup"):
            page.evaluate(f"dispatchEvent(new KeyboardEvent('{kind}', {{key: 'Shift', code: ''}}))")
    assert page.url.endswith(FORM)
    expect(page.locator(".ik-exit__lights .is-on")).to_have_count(0)
