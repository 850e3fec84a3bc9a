"""The pages as a reader meets them: in a browser, opened from files."""

import pytest

from mghp.gallery.cases import MARGIN, read_cases
from mghp.gallery.write import write_comparison, write_gallery

NUMBER = 48
MANY = 2000


class Page:
    """What a reader sees and does."""

    def __init__(self, browser, file):
        self.browser, self.address = browser, file.resolve().as_uri()

    def open(self, state="", width=1280, height=900):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.browser.get("about:blank")
        self.browser.get(self.address + state)
        self.wait(
            "location.protocol === 'file:' && document.readyState === 'complete'"
        )  # the driver comes back earlier now and then
        return self

    def run(self, script, *arguments):
        return self.browser.execute_script(f"return {script}", *arguments)

    def wait(self, condition):
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.browser, 20, 0.05).until(lambda _: self.run(condition))

    def press(self, *keys):
        from selenium.webdriver import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()

    def click(self, selector):
        self.browser.find_element("css selector", selector).click()

    @property
    def listed(self):
        return self.run("[...document.querySelectorAll('#grid .card')].map(card => card.dataset.id)")

    @property
    def opened(self):
        """Id of the opened case, once its details are there."""
        if not self.run("document.getElementById('case').open"):
            return None
        self.wait("document.querySelectorAll('#stages figure').length > 0")
        return self.run("new URLSearchParams(location.hash.slice(1)).get('case')")

    @property
    def pressed(self):
        return self.run("[...document.querySelectorAll('.group [aria-pressed=true]')].map(chip => chip.dataset.value)")

    @property
    def layers(self):
        return set(self.run("[...document.querySelectorAll('#stages img[data-layer]')].map(img => img.dataset.layer)"))

    def settle(self):
        """Wait until no picture is on its way."""
        self.wait("[...document.querySelectorAll('#grid img[src]')].every(image => image.complete)")

    @property
    def loaded(self):
        """Ids of the cards whose picture is there."""
        return self.run("[...document.querySelectorAll('.card .picture')].filter(img => img.src && img.naturalWidth)"
                        ".map(img => img.closest('.card').dataset.id)")  # fmt: skip


@pytest.fixture(autouse=True)
def no_console_errors(chromium):
    chromium.get_log("browser")
    yield
    assert chromium.get_log("browser") == []


@pytest.fixture(scope="module")
def cases(made):
    return read_cases(made(NUMBER))


@pytest.fixture(scope="module")
def page(cases, chromium, tmp_path_factory):
    return Page(chromium, write_gallery([cases.run], tmp_path_factory.mktemp("page"))[0])


def ids(cases, **chosen):
    return [case["id"] for case in cases.cases if all(case[key] in values for key, values in chosen.items())]


def failures(cases):
    return sorted((case for case in cases.cases if case["kind"] != "right"), key=lambda case: case["score"])


def test_it_opens_with_all_failures_worst_first(page, cases):
    page.open()
    assert page.listed == [case["id"] for case in failures(cases)]
    assert page.run("document.getElementById('status').textContent").startswith(
        f"{len(failures(cases))} of {NUMBER} cases"
    )


def test_filters_leave_what_is_chosen_and_tell_numbers(page, cases):
    page.open()
    page.click("[data-group=kind][data-value=merged]")
    assert set(page.listed) == set(ids(cases, kind=["merged"]))
    page.click("[data-group=kind][data-value=right]")
    assert set(page.listed) == set(ids(cases, kind=["merged", "right"]))
    page.click("[data-group=kind][data-value=right]")
    page.click("[data-group=cause][data-value=limbs]")
    chosen = ids(cases, kind=["merged"], cause=["limbs"])
    assert chosen
    assert set(page.listed) == set(chosen)
    # A number counts within what the other groups leave.
    count = "document.querySelector('[data-group=kind][data-value=split] .count').textContent"
    assert int(page.run(count)) == len(ids(cases, kind=["split"], cause=["limbs"]))
    page.click("#reset")
    assert len(page.listed) == len(failures(cases))
    page.click("[data-group=tag][data-value=dim]")
    assert set(page.listed) == {case["id"] for case in failures(cases) if "dim" in case["tags"]}


def test_the_score_is_a_range(page, cases):
    from selenium.webdriver import Keys

    page.open()
    for end, value in (("from", "0.2"), ("to", "0.4")):
        field = page.browser.find_element("id", f"score-{end}")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(value, Keys.ENTER)
    assert page.listed == [case["id"] for case in failures(cases) if 0.2 <= case["score"] <= 0.4]


@pytest.mark.parametrize(
    ("order", "key"),
    [
        ("worst", lambda case: case["score"]),
        ("best", lambda case: -case["score"]),
        ("picture", lambda case: case["picture"]),
        ("gain", lambda case: case["score"] - case["mended_score"]),
    ],
)
def test_sorting(page, cases, order, key):
    page.open()
    page.click(f"#sort [value={order}]")
    by_id = {case["id"]: case for case in cases.cases}
    values = [key(by_id[name]) for name in page.listed]
    assert values == sorted(values)


def test_layers_are_put_on_and_off(page, cases):
    page.open(f"#case={ids(cases, kind=['split'])[0]}")
    assert page.opened
    assert page.layers == {"persons", "skeletons"}
    page.click("[data-layer=parts]")
    assert page.layers == {"parts", "persons", "skeletons"}
    page.press("2")
    assert page.layers == {"parts", "skeletons"}
    assert page.run("document.querySelector('#layers [data-layer=persons]').getAttribute('aria-pressed')") == "false"
    assert page.run("document.querySelectorAll('#stages .box').length") == 3
    page.press("4")
    assert page.run("document.querySelectorAll('#stages .box').length") == 0


def test_tiles_show_the_prediction_and_switch_to_the_truth(page, cases):
    case = failures(cases)[0]
    tile = f"document.querySelector('[data-id=\"{case['id']}\"] .tile')"
    over = f"{tile}.querySelector('.over')"

    def shown(side):
        page.wait(f"{over}.complete && {over}.naturalWidth && {over}.src.endsWith('{case['images'][side]}')")
        return page.run(f"[{over}.hidden, {tile}.dataset.over]")

    page.open()
    assert shown("prediction_persons") == [False, "prediction"]
    page.click("[data-side=truth]")
    assert shown("truth_persons") == [False, "truth"]
    assert page.run("location.hash") == "#over=truth"
    page.press("t")
    assert shown("prediction_persons") == [False, "prediction"]
    page.click("[data-side=nothing]")
    assert page.run(f"{over}.hidden")
    page.open("#over=truth")
    assert shown("truth_persons") == [False, "truth"]


def test_a_tile_s_layer_is_cut_as_its_thumbnail_is(page, cases):
    """The made layers are one box wide: where the layer is cut right, the box lies in the tile's middle."""
    case = failures(cases)[0]
    page.open()
    over = f"document.querySelector('[data-id=\"{case['id']}\"] .over')"
    page.wait(f"{over}.complete && {over}.naturalWidth && {over}.style.width")
    tile, layer = (
        page.run(f"(({{x, y, width, height}}) => [x, y, width, height])({one}.getBoundingClientRect())")
        for one in (f"{over}.parentElement", over)
    )
    x0, y0, x1, y1 = case["box"]
    scale = layer[2] / case["size"][0]
    assert layer[3] / case["size"][1] == pytest.approx(scale, rel=0.02)
    assert layer[0] + scale * (x0 + x1) / 2 == pytest.approx(tile[0] + tile[2] / 2, abs=1)
    assert layer[1] + scale * (y0 + y1) / 2 == pytest.approx(tile[1] + tile[3] / 2, abs=1)
    assert scale * max(x1 - x0, y1 - y0) * (1 + 2 * MARGIN) == pytest.approx(tile[2], abs=1)


def test_the_legend_is_of_the_layers_that_are_shown(page, cases):
    def told():
        return page.run("[...document.querySelectorAll('#case [data-legend]:not([hidden])')].map(one => one.innerText)")

    page.open(f"#case={ids(cases, kind=['split'])[0]}")
    assert page.opened
    assert [words.split() for words in told()] == [["Keypoints:", "right", "side", "left", "side", "neither"]]
    page.click("[data-layer=parts]")
    assert [words.split()[0] for words in told()] == ["Parts:", "Keypoints:"]
    assert told()[0].split() == ["Parts:", "head", "left", "arm"]
    page.press("1", "3")
    assert told() == []
    swatch = "getComputedStyle(document.querySelector('[data-legend=parts] rect')).fill"
    assert page.run(swatch) == "rgb(170, 68, 0)"


def test_an_opened_case_shows_pictures_matrices_and_the_trace(page, cases):
    case = next(case for case in cases.cases if case["kind"] == "merged")
    page.open(f"#case={case['id']}")
    assert page.opened == case["id"]
    limb = case["limbs"][0]
    sizes = page.run("[...document.querySelectorAll('.matrix')].map(table => table.querySelectorAll('.cell').length)")
    assert sizes == [len(limb["source"]) * len(limb["destination"])] * 2
    first = page.run("document.querySelector('.matrix .cell').textContent")
    assert first.startswith(f"{limb['affinity'][0][0]:.2f}")
    candidates = page.run("document.querySelectorAll('#stages .candidates circle').length")
    assert candidates == len(limb["source"]) + len(limb["destination"])
    points = page.run("[...document.querySelectorAll('.chart polyline')].map(line => line.points.length)")
    assert points == [len(limb["trace"]["step"])] * 3
    captions = page.run("[...document.querySelectorAll('#stages figcaption')].map(label => label.textContent)")
    assert captions == ["Picture", "Prediction", "Truth"]
    page.press("]")
    assert page.run("document.querySelector('select.limb').value") == case["limbs"][1]["name"]
    page.wait("[...document.querySelectorAll('#stages img')].every(image => image.naturalWidth > 0)")


def test_a_limb_is_chosen_by_keyboard_without_losing_the_place(page, cases):
    from selenium.webdriver import Keys

    case = next(case for case in cases.cases if case["kind"] == "merged")
    page.open(f"#case={case['id']}")
    assert page.opened == case["id"]
    page.run("document.querySelector('select.limb').focus()")
    page.press(Keys.ARROW_DOWN)
    page.wait("location.hash.includes('limb=')")
    assert page.run("document.activeElement.value") == case["limbs"][1]["name"]
    page.press(Keys.ARROW_UP)
    assert page.run("document.activeElement.value") == case["limbs"][0]["name"]
    assert page.opened == case["id"]


def test_the_keyboard_does_everything(page):
    from selenium.webdriver import Keys

    listed = page.open().listed
    focused = "document.activeElement.dataset.id"
    page.press("j", Keys.ARROW_RIGHT, "k")
    assert page.run(focused) == listed[0]
    page.press(Keys.ARROW_DOWN)
    columns = page.run("gallery.grid.columns()")
    assert page.run(focused) == listed[columns]
    page.press(Keys.ENTER)
    assert page.opened == listed[columns]
    page.press("j", Keys.ARROW_RIGHT)
    assert page.opened == listed[columns + 2]
    page.press("k")
    page.press(Keys.ESCAPE)
    assert page.opened is None
    assert page.run(focused) == listed[columns + 1]
    page.press("?")
    assert page.run("document.getElementById('help').open")
    page.press(Keys.ESCAPE)
    assert not page.run("document.getElementById('help').open")


def test_a_link_restores_filters_and_the_opened_case(page, cases):
    chosen = ids(cases, kind=["merged", "split"])
    page.open(f"#case={chosen[0]}&kind=merged&kind=split&sort=best&layers=parts&from=0.01")
    assert page.opened == chosen[0]
    assert page.layers == {"parts"}
    assert page.pressed == ["merged", "split"]
    assert set(page.listed) <= set(chosen)
    assert page.run("document.getElementById('sort').value") == "best"
    assert page.run("document.getElementById('score-from').value") == "0.01"
    before = page.run("location.hash")
    page.run("gallery.state.set({})")
    assert page.run("location.hash").count("case=") == before.count("case=") == 1


def test_the_way_back_closes_the_case_and_undoes_filters(page, cases):
    page.open()
    page.click("[data-group=kind][data-value=merged]")
    first = page.listed[0]
    page.click("#grid .card")
    assert page.opened == first
    page.press("j")
    assert page.opened != first
    page.browser.back()
    page.wait("!document.getElementById('case').open")
    assert page.pressed == ["merged"]
    page.browser.back()
    page.wait("!document.querySelector('.group [aria-pressed=true]')")
    assert len(page.listed) == len(failures(cases))
    page.browser.forward()
    page.wait("document.querySelector('.group [aria-pressed=true]')")
    assert page.pressed == ["merged"]


def test_a_link_to_no_case_says_so(page):
    page.open("#case=nobody&kind=odd&sort=odd&from=x&to=7")
    assert page.opened is None
    assert "no case nobody" in page.run("document.getElementById('status').textContent")
    assert page.run("document.getElementById('sort').value") == "worst"


@pytest.mark.parametrize("state", ["", "case"])
def test_a_phone_needs_no_scrolling_sideways(page, cases, state):
    page.open(f"#case={ids(cases, kind=['split'])[0]}" if state else "", width=360, height=740)
    if state:
        assert page.opened
        assert page.run("document.getElementById('case').scrollWidth <= 360")
    page.run("document.getElementById('filters').open = true")
    assert page.run("document.documentElement.scrollWidth") == 360
    # A tile cuts the layer over it, which may be as wide as the picture.
    wide = "querySelectorAll('main :not(.over)')].filter(one => one.getBoundingClientRect().right > 361).length"
    assert page.run(f"[...document.{wide}") == 0


def test_hostile_text_is_shown_and_does_nothing(made, hostile, chromium, tmp_path):
    run, text = hostile(made(8))
    page, sheets = write_gallery([run], tmp_path)
    page = Page(chromium, page).open()
    assert len(page.listed) == 7
    page.click("[data-group=tag]")
    assert text.strip() in page.run("decodeURIComponent(location.hash).replaceAll('+', ' ')")
    page.click("#grid .card")
    assert page.opened
    assert text in page.run("document.getElementById('case-title').textContent")
    assert text in page.run("document.querySelector('select.limb').value")
    assert page.run("document.querySelectorAll('img[src=x]').length") == 0
    Page(chromium, sheets).open()
    assert page.run("document.querySelectorAll('img[src=x]').length") == 0


def test_two_runs_stand_side_by_side(made, changed, chromium, tmp_path):
    def right(content):
        for case in content["cases"]:
            case.update(kind="right", cause=None)

    first = made(16, 1)
    page = Page(chromium, write_comparison(first, changed(made(16, 2), right), tmp_path)[0]).open()
    expected = [case for case in read_cases(first).cases if case["kind"] != "right" and case["true_person"] is not None]
    assert set(page.listed) == {case["id"] for case in expected}
    assert page.run("document.querySelectorAll('[data-group=better]').length") == 1
    page.click("[data-group=better][data-value='right in B']")
    assert len(page.listed) == len(expected)
    page.click("#grid .card")
    assert page.opened
    captions = page.run("[...document.querySelectorAll('#stages figcaption')].map(label => label.textContent)")
    assert [words[:2] for words in captions] == ["Pi", "A:", "B:", "Tr"]
    sources = page.run("[...document.querySelectorAll('#stages img[data-layer=persons]')].map(image => image.src)")
    assert ["pictures_a" in source for source in sources] == [True, False, True]


def test_a_page_without_cases_does_not_blame_the_filters(made, chromium, tmp_path):
    run = made(16, 1)
    page = Page(chromium, write_comparison(run, run, tmp_path)[0]).open()
    assert page.run("document.getElementById('status').textContent") == "0 of 0 cases"


def test_sheets_show_rows_of_pictures(page, chromium):
    chromium.get(page.address.replace("index.html", "qualitative.html"))
    page.wait("document.readyState === 'complete'")
    rows = "[...document.querySelectorAll('.rows')].map(some => some.querySelectorAll('.row').length)"
    assert chromium.execute_script(f"return {rows}")[0] == 2  # of 12 crowds a quarter, without the best
    broken = "[...document.images].filter(image => image.complete && image.src && !image.naturalWidth).length"
    assert chromium.execute_script(f"return {broken}") == 0
    chromium.find_element("css selector", ".row h3 a").click()
    page.wait("document.getElementById('case')?.open")  # on another page, which has to be loaded first
    assert page.opened


def test_of_two_thousand_cases_only_the_pictures_in_view_are_loaded(made, chromium, tmp_path):
    page = Page(chromium, write_gallery([made(MANY, thumbnails=200)], tmp_path)[0]).open()
    assert len(page.listed) == MANY * 7 // 8
    in_view = (
        "[...document.querySelectorAll('#grid li')].filter(item => {const box = item.getBoundingClientRect();"
        " return box.bottom > 0 && box.top < innerHeight}).map(item => item.firstChild.dataset.id)"
    )
    page.wait("document.querySelectorAll('#grid img[src]').length > 0")
    page.settle()
    seen, loaded = page.run(in_view), page.loaded
    columns = page.run("gallery.grid.columns()")
    assert set(seen) <= set(loaded)
    assert len(loaded) <= len(seen) + columns  # at most the row that comes next
    assert page.run("document.querySelectorAll('script[src^=data]').length") == 0  # details of no case yet
    page.run("window.scrollTo(0, document.body.scrollHeight)")
    page.wait(f"{in_view}.every(id => gallery.grid.cards.get(id).image.naturalWidth > 0)")
    page.settle()
    assert len(page.loaded) < 100
    print("list after", round(page.run("performance.getEntriesByName('shown')[0].startTime")), "ms")
