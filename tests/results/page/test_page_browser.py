"""The page in a real browser: Debian's chromium and chromium-driver, headless."""

import os
import shutil
import time

import pytest

from gansmith.results.leaderboard import boards, collect
from gansmith.results.page import render
from gansmith.results.published import Published

pytestmark = pytest.mark.slow

FD = "fd_efficientnet_lite0"
KD = "kd_efficientnet_lite0_mean"
HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=document.title='taken'>"
BOARD = "mnist5k-32-fast-012345"
BY_FD = ["wgan_gp", "their_gan", "cgan", "dcgan", "lsgan", "gan", "broken_gan"]


def missing(reason):
    """A machine without a browser skips; one that promised to have it fails."""
    if os.environ.get("GANSMITH_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def chromium():
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        missing("needs selenium: pip install 'gansmith[dev]'")
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        missing("needs a browser: apt install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    # Root may not use the sandbox, and containers have little shared memory.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=Service(driver)) as started:
        yield started


@pytest.fixture(scope="module")
def address(suite):
    """The page of five models, one that failed and one published number."""
    suite.add("broken_gan", fd=None)
    published = [Published(FD, 34.0, "mnist5k", 32, "fast", "Somebody, 2020, table 1", "their_gan", "their_gan")]
    return page_in(suite, published)


def page_in(logs, published=()):
    """The address of a page of all runs in `logs`."""
    runs, problems = collect([logs.folder])
    path = logs.folder / "page.html"
    path.write_text(render(boards(runs, published=published), runs, list(published), problems), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(chromium, address):
    """The page, newly opened on a wide light screen; at the end nothing may stand on its console."""
    chromium.get_log("browser")
    look(chromium, 1280, 900)
    load(chromium, address)
    yield chromium
    assert chromium.get_log("browser") == []


def load(driver, address):
    driver.get("about:blank")  # else another hash of the same page would not load it again
    driver.get(address)
    settle(driver)


def look(driver, width, height, scheme="light", mobile=False):
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    settle(driver)


def settle(driver):
    """Wait until charts are drawn anew, a frame after the size of their section: what was found before is no more."""
    driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def widths(driver, selector):
    """Of all elements at one moment: none can be replaced between the finding and the measuring."""
    return driver.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map(found => found.getBoundingClientRect().width)",
        selector,
    )


def find(driver, selector):
    return driver.find_element("css selector", selector)


def find_all(driver, selector):
    return driver.find_elements("css selector", selector)


def models(driver):
    """Labels of the rows that can be seen, from above."""
    return [body.get_attribute("data-label") for body in find_all(driver, ".ranking > tbody") if body.is_displayed()]


def head(driver, column):
    return find(driver, f'.ranking > thead th[data-column="{column}"]')


def box(driver, model):
    return find(driver, f'tbody[data-label="{model}"] .ticked')


def choose(driver, chart, value):
    from selenium.webdriver.support.ui import Select

    Select(find(driver, f".chart.{chart} .choice")).select_by_value(value)


def tick_only(driver, *wanted):
    for ticked in find_all(driver, ".ticked"):
        if ticked.is_selected():
            ticked.click()
    for model in wanted:
        box(driver, model).click()


def eventually(holds, seconds=5.0):
    """Whether it becomes true: charts follow the size of the window a frame later."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


def test_a_heading_sorts_by_its_column_and_back(page):
    assert models(page) == BY_FD
    head(page, "seconds").find_element("css selector", "button").click()
    by_time = ["gan", "lsgan", "dcgan", "broken_gan", "cgan", "wgan_gp", "their_gan"]
    assert models(page) == by_time
    assert head(page, "seconds").get_attribute("aria-sort") == "ascending"
    assert head(page, "rank").get_attribute("aria-sort") is None
    head(page, "seconds").find_element("css selector", "button").click()
    assert models(page) == [*by_time[-2::-1], "their_gan"]  # what has no value stays last
    assert head(page, "seconds").get_attribute("aria-sort") == "descending"
    head(page, "model").find_element("css selector", "button").click()
    assert models(page) == sorted(BY_FD)


def test_sample_grids_follow_the_order_and_the_filter_of_the_table(page):
    def grids():
        return [figure.text for figure in find_all(page, ".grids figcaption") if figure.is_displayed()]

    assert grids() == [f"{model} seed 0" for model in BY_FD if model != "their_gan"]
    head(page, "model").find_element("css selector", "button").click()
    find(page, ".filter").send_keys("fd<40")
    assert grids() == [f"{model} seed 0" for model in ("cgan", "dcgan", "wgan_gp")]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("gan fd<40", ["wgan_gp", "their_gan", "cgan", "dcgan"]),
        ("HINGE", ["cgan"]),
        ("kd<0.09 images=320k", ["wgan_gp"]),
        ("parameters_generator>=1.2M", ["cgan"]),
        ("model=lsgan", ["lsgan"]),
        ("published", ["their_gan"]),
        ("failed", ["broken_gan"]),
        ("no<such", []),
        ("fd<many", []),
        ("  ", BY_FD),
    ],
)
def test_the_filter_takes_words_and_conditions(page, words, left):
    find(page, ".filter").send_keys(words)
    assert models(page) == left
    assert find(page, ".count").text == (f"{len(left)} of 7 rows" if left != BY_FD else "7 rows")


def test_two_rows_ticked_are_two_curves(page):
    assert len(find_all(page, "path.curve")) == 4
    tick_only(page)
    assert find_all(page, "path.curve") == []
    assert "Tick runs" in find(page, ".chart.curves .drawing").text
    box(page, "gan").click()
    box(page, "wgan_gp").click()
    curves = find_all(page, "path.curve")
    assert len(curves) == 2
    colours = [curve.value_of_css_property("stroke") for curve in curves]
    assert len(set(colours)) == 2
    assert sorted(item.text for item in find_all(page, ".legend li")) == ["gan", "wgan_gp"]


def test_a_curve_lies_where_its_numbers_are(page):
    tick_only(page, "gan", "wgan_gp")
    ends = page.execute_script(
        "return [...document.querySelectorAll('path.curve')].map(c => {"
        "  const p = c.getPointAtLength(c.getTotalLength()); return [c.dataset.row.split('-')[0], p.x, p.y] })"
    )
    (_, x, low), (_, other, high) = sorted(ends, reverse=True)
    assert x == other  # both saw as many images
    ticks = page.execute_script(
        "return [...document.querySelectorAll('.curves .axes line:not(.base) + text')].map("
        "t => [Number(t.textContent), t.previousSibling.y1.baseVal.value])"
    )
    (a, at_a), (b, at_b) = ticks[0], ticks[-1]
    last = {"wgan_gp": low, "gan": high}
    for model, height in last.items():
        value = a + (height - at_a) / (at_b - at_a) * (b - a)
        told = float(find(page, f'tbody[data-label="{model}"] td.primary').get_attribute("data-value"))
        assert value == pytest.approx(told, rel=0.2)
    assert low > high


def test_another_metric_and_a_logarithmic_axis_draw_other_curves(page):
    def drawn():
        return [curve.get_attribute("d") for curve in find_all(page, "path.curve")]

    first = drawn()
    find(page, ".chart.curves .log").click()
    logarithmic = drawn()
    assert logarithmic != first
    choose(page, "curves", "loss/generator")
    assert drawn() != logarithmic
    assert len(drawn()) == 4
    assert find(page, ".curves .axes .title:last-of-type").text == "loss/generator"


def test_quality_against_cost_has_a_dot_for_each_row_with_both(page):
    from selenium.webdriver.common.action_chains import ActionChains

    assert len(find_all(page, "circle.dot")) == 5
    # gan is the cheapest, lsgan, dcgan, cgan and wgan_gp each better and dearer than the one before
    assert len(find_all(page, "circle.dot.leading")) == 5
    assert [line.text for line in find_all(page, "text.reference")] == ["their_gan, published"]
    choose(page, "cost", "parameters_generator")
    leading = {dot.get_attribute("data-row").rsplit("-", 1)[0] for dot in find_all(page, "circle.dot.leading")}
    assert leading == {"gan", "wgan-gp"}  # no other is better at its size
    find(page, ".chart.cost .log").click()
    assert len(find_all(page, "circle.dot")) == 5
    ActionChains(page).move_to_element(find(page, 'circle.dot[data-row^="gan-"]')).perform()
    assert eventually(lambda: find(page, ".chart.cost .readout").text.startswith("gan: 9"))
    assert "530k parameters" in find(page, ".chart.cost .readout").text


def test_everything_can_be_done_by_keyboard(page):
    from selenium.webdriver.common.keys import Keys

    def press(*keys):
        for key in keys:
            page.switch_to.active_element.send_keys(key)

    find(page, ".filter").click()
    press(Keys.TAB, Keys.TAB)  # the table, which the arrows scroll, and its first heading
    assert page.switch_to.active_element.text == "rank"
    press(Keys.ENTER)
    assert head(page, "rank").get_attribute("aria-sort") == "descending"
    assert page.switch_to.active_element.text == "rank"
    press(Keys.TAB, Keys.SPACE)
    assert head(page, "model").get_attribute("aria-sort") == "ascending"
    for _ in range(30):
        press(Keys.TAB)
        if page.switch_to.active_element.get_attribute("type") == "checkbox":
            break
    assert page.switch_to.active_element.accessible_name == "Draw the curves of broken_gan"
    press(Keys.SPACE)
    assert page.switch_to.active_element.is_selected()
    press(Keys.TAB, Keys.TAB)
    opener = page.switch_to.active_element
    assert (opener.text, opener.get_attribute("aria-expanded")) == ("broken_gan", "false")
    press(Keys.ENTER)
    assert opener.get_attribute("aria-expanded") == "true"
    assert find(page, f"#{opener.get_attribute('aria-controls')}").is_displayed()


def test_every_control_has_a_name(page):
    for control in find_all(page, "button, input, select, summary, [role=region]"):
        if control.is_displayed():
            assert control.accessible_name.strip(), control.get_attribute("outerHTML")


def test_the_address_keeps_what_was_chosen(page):
    head(page, "seconds").find_element("css selector", "button").click()
    find(page, ".filter").send_keys("fd<60")
    tick_only(page, "dcgan", "lsgan")
    choose(page, "curves", KD)
    choose(page, "cost", "images")
    chosen = page.current_url
    load(page, chosen)
    assert models(page) == ["lsgan", "dcgan", "cgan", "wgan_gp", "their_gan"]
    assert head(page, "seconds").get_attribute("aria-sort") == "ascending"
    assert sorted(item.text for item in find_all(page, ".legend li")) == ["dcgan", "lsgan"]
    assert find(page, ".chart.curves .choice").get_attribute("value") == KD
    assert find(page, ".chart.cost .choice").get_attribute("value") == "images"


@pytest.mark.parametrize("words", [f"{BOARD}.sort=nothing&{BOARD}.ticked=a,,b&{BOARD}.cost=x", "%%%=%", BOARD, "="])
def test_an_address_that_means_nothing_changes_nothing(page, address, words):
    load(page, f"{address}#{words}")
    assert models(page) == BY_FD


def test_samples_enlarge_and_lead_to_the_next(page):
    from selenium.webdriver.common.keys import Keys

    viewer = find(page, "#viewer")
    assert not viewer.is_displayed()
    thumbnail = find(page, 'tbody[data-label="cgan"] button.look')
    thumbnail.click()
    assert viewer.is_displayed()
    assert viewer.find_element("css selector", "p").text == "cgan, seed 0, 320,000 images seen (2 of 6)"
    image = viewer.find_element("css selector", "img")
    assert image.size["width"] > 2 * find(page, ".grids img").size["width"]
    page.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert viewer.find_element("css selector", "p").text.startswith("dcgan, seed 0")
    assert image.get_attribute("alt") == "Samples of dcgan, seed 0"
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not viewer.is_displayed()
    assert page.switch_to.active_element == thumbnail


def test_the_command_can_be_copied(page):
    from selenium.webdriver.common.keys import Keys

    find(page, 'tbody[data-label="cgan"] .opener').click()
    details = find(page, 'tbody[data-label="cgan"] .details')
    command = details.find_element("css selector", "code").text
    assert command == "python src/train.py model=cgan model/loss=hinge model.ema.half_life=20000 seed=0"
    details.find_element("css selector", ".copy").click()
    assert eventually(lambda: details.find_element("css selector", ".copy").text == "Copied")
    find(page, ".filter").send_keys(Keys.CONTROL, "v")
    assert find(page, ".filter").get_attribute("value") == command


def luminance(colour):
    parts = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a, b):
    """WCAG 2.1, the ratio of relative luminances."""
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_colour_schemes_have_enough_contrast(page, address, scheme):
    look(page, 1280, 900, scheme)
    load(page, address)
    ground = find(page, "body").value_of_css_property("background-color")
    assert (luminance(ground) > 0.5) == (scheme == "light")
    for selector in ("h1", ".lead", "nav a", ".protocol summary", "td.cost", ".apart", ".mark", ".failed", ".note"):
        assert contrast(find(page, selector).value_of_css_property("color"), ground) >= 4.5, selector
    for curve in find_all(page, "path.curve"):
        assert contrast(curve.value_of_css_property("stroke"), ground) >= 3
    placeholder = page.execute_script(
        "return getComputedStyle(document.querySelector('.filter'), '::placeholder').color"
    )
    field = find(page, ".filter").value_of_css_property("background-color")
    assert contrast(placeholder, field) >= 4.5


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_screen_needs_no_sideways_scrolling(page, address, width):
    look(page, width, 800, mobile=True)
    load(page, address)
    for opener in find_all(page, ".opener"):
        page.execute_script("arguments[0].click()", opener)
    find(page, ".protocol summary").click()
    assert page.execute_script("return document.documentElement.scrollWidth") == width
    settle(page)
    assert 0 < max(widths(page, ".chart svg")) <= width - 32
    assert 0 < max(widths(page, "pre")) <= width


def test_charts_follow_the_width_of_the_window(page):
    [wide] = widths(page, ".curves svg")
    look(page, 500, 800)
    assert eventually(lambda: widths(page, ".curves svg")[0] < wide)


def test_it_loads_nothing(page):
    loaded = page.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []


def test_hostile_names_do_nothing(page, logs):
    for digit, model in (("a", HOSTILE), ("b", "dcgan"), ("c", "__proto__")):
        logs.add(model, variant=digit * 12, overrides=[f"model={model}", f"x={HOSTILE}"], device=HOSTILE)
    load(page, page_in(logs))
    assert HOSTILE in models(page)
    assert len(find_all(page, "path.curve")) == 3
    find(page, ".opener").click()
    find(page, ".grids button").click()
    assert page.title == "gansmith leaderboard"


def test_a_page_without_runs_or_metrics_has_no_errors(page, logs):
    load(page, page_in(logs))
    assert "No finished runs" in find(page, "main").text
    run_dir = logs.add("dcgan", protocol={}, last=None, best=None, picture=False)
    (run_dir / "metrics.jsonl").unlink()
    load(page, page_in(logs))
    assert models(page) == ["dcgan"]
    assert not any(chart.is_displayed() for chart in find_all(page, ".chart"))


def test_seeds_are_lines_of_one_colour_and_their_grids_unfold(page, logs):
    for seed in range(3):
        logs.add("dcgan", seed, 40.0 + seed)
    load(page, page_in(logs))
    assert len({curve.value_of_css_property("stroke") for curve in find_all(page, "path.curve")}) == 1
    assert len(find_all(page, "path.curve")) == 3
    assert [figure.is_displayed() for figure in find_all(page, ".grids figure")] == [True, False, False]
    find(page, ".every").click()
    assert [figure.is_displayed() for figure in find_all(page, ".grids figure")] == [True, True, True]


def test_without_the_script_the_details_are_open_and_its_controls_gone(page, address):
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.get("about:blank")
        page.get(address)
        visible = "return arguments[0].getClientRects().length > 0"
        assert page.execute_script(visible, find(page, ".details"))
        assert not page.execute_script(visible, find(page, ".filter"))
        assert not page.execute_script(visible, find(page, ".charts"))
    finally:
        page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
