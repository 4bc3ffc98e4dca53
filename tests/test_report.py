"""The report: what is in the file, that names are text in it, and what a browser makes of it.

The tests in a browser are slow ones: `python -m pytest -m slow -n 0 tests/test_report.py`. With a folder in
CLIO_SCREENSHOTS they leave pictures of the report there: `-k picture` makes the pictures alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import here
from published_file import EMOJI, HOSTILE, LONG, RIGHT_TO_LEFT, as_safety, change, rename, write, write_intents

from clio_sql.errors import InputError, StateError
from clio_sql.published import report, tree

MOST = 8_000_000  # bytes, of a report of 2,000 clusters


class Page(HTMLParser):
    """The elements of a page: (tag, attributes), and the texts of its scripts in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.open = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open = tag == "script"
        if self.open:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.open = False

    def handle_data(self, data: str) -> None:
        if self.open:
            self.scripts[-1] += data

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.scripts[0])


def made(folder: Path) -> Page:
    return Page(report.write(folder).read_text("utf-8"))


def column(data: dict[str, Any], table: str, name: str) -> list[Any]:
    """The values of a column as they were in the file."""
    values = data[table][name]
    if isinstance(values, list):
        return values
    return [None if at is None else values["texts"][at] for at in values["at"]]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty clusters below six. Read it; do not change it."""
    return write(tmp_path_factory.mktemp("small"), 30, 6)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The largest clusters of every level, and values of a breakdown, have names that are made to break the page."""
    folder = write(tmp_path_factory.mktemp("hostile"), 30, 10)
    rename(folder, HOSTILE)
    report.write(folder)
    return folder


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What safety mode writes. Read it; do not change it."""
    folder = as_safety(write(tmp_path_factory.mktemp("private"), 30, 6))
    report.write(folder)
    return folder


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("large"), 2_000)
    report.write(folder)
    return folder


@pytest.fixture(scope="module")
def intents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 clusters, of few of which countries and months are told. Read it; do not change it."""
    folder = write_intents(tmp_path_factory.mktemp("intents"))
    report.write(folder)
    return folder


# What is in the file


def test_the_data_is_what_is_published(small):
    data = made(small).data
    with duckdb.connect(str(small / "published.duckdb"), read_only=True) as con:
        for table, names in (("clusters", "cluster_id, name, users"), ("held_back", "reason, clusters")):
            rows = con.execute(f"select {names} from {table}").fetchall()
            assert list(zip(*(column(data, table, name) for name in names.split(", ")), strict=True)) == rows
        shares = [share for (share,) in con.execute("select share from clusters").fetchall()]
    assert column(data, "clusters", "share") == pytest.approx(shares, rel=1e-3)
    assert column(data, "cluster_trends", "period")[0] == "2026-03-02"
    assert data["told"]["request"].startswith("request: about 420 conversations in 17 clusters were held back")


@pytest.mark.parametrize(
    ("share", "shown"), [(0.18549, "18.5%"), (0.18551, "18.6%"), (0.0004, "<0.1%"), (0, "0.0%"), (1, "100.0%")]
)
def test_a_share_is_rounded_once_and_the_same_in_the_terminal_and_the_report(tmp_path, share, shown):
    change(
        write(tmp_path, 5, 2),
        f"update clusters set share = {share}",
        f"update cluster_facets set share = {share}, lift = 1",
    )
    data = made(tmp_path).data
    for table in ("clusters", "cluster_facets", "usual"):
        assert set(column(data, table, "percent")) == {shown}
    lines = [line for line in here("tree", tmp_path).stdout.splitlines() if "%" in line]
    assert len(lines) == 10 and {line.split()[0] for line in lines} == {shown}


def test_what_is_loose_is_in_the_data(small):
    with duckdb.connect(str(small / "published.duckdb"), read_only=True) as con:
        loose = [mark for (mark,) in con.execute("select loose from clusters").fetchall()]
    assert column(made(small).data, "clusters", "loose") == loose and True in loose


def test_nothing_but_the_published_file_is_needed_and_the_same_file_gives_the_same_page(small, tmp_path):
    shutil.copy(small / "published.duckdb", tmp_path)
    assert report.write(small).read_bytes() == report.write(tmp_path).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["published.duckdb", "report.html"]


LOADING = ("src", "href", "srcset", "data", "action", "poster", "background")


def test_nothing_is_loaded_from_outside(hostile):
    page = made(hostile)
    outside = [
        (tag, name, value)
        for tag, attributes in page.elements
        for name, value in attributes.items()
        if name in LOADING and not (value or "").startswith("#")
    ]
    assert outside == []
    styles = re.search(r"<style>(.*?)</style>", (hostile / "report.html").read_text("utf-8"), re.S)[1]
    assert "url(" not in styles and "@import" not in styles


def test_the_policy_allows_these_two_scripts_and_nothing_else(hostile):
    page = made(hostile)
    (policy,) = [given["content"] for tag, given in page.elements if tag == "meta" and given.get("http-equiv")]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    digests = [hashlib.sha256(text.encode()).digest() for text in page.scripts[1:]]
    hashes = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
    assert rules["default-src"] == "'none'" and rules["img-src"] == "data:"
    assert sorted(rules["script-src"].split()) == sorted(hashes) and len(hashes) == 2
    assert set(rules) == {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}


def test_names_stand_in_the_data_alone_and_break_out_of_nothing(hostile, small):
    page = made(hostile)
    assert set(HOSTILE) <= set(column(page.data, "clusters", "name"))
    assert set(HOSTILE[:3]) <= set(column(page.data, "cluster_facets", "value"))
    assert not set("<>&\u2028\u2029") & set(page.scripts[0])
    assert page.elements == [
        (tag, {**given, **({"content": page.elements[at][1]["content"]} if "content" in given else {})})
        for at, (tag, given) in enumerate(made(small).elements)
    ]


def test_two_thousand_clusters_are_below_eight_megabytes(large):
    assert len(column(made(large).data, "clusters", "cluster_id")) > 2_000
    assert (large / "report.html").stat().st_size < MOST


# The settings and growth


def settings(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in made(folder).data["settings"]}


def test_settings_of_the_package_protect_as_they_should(small):
    found = settings(small)
    assert not any(row["changed"] or row["protects_less"] for row in found.values())
    assert found["min_users"]["value"] == found["min_users"]["packaged"] == "10"
    assert found["min_users"]["meaning"].startswith("fewest distinct users")


@pytest.mark.parametrize(
    ("setting", "value", "less"),
    [
        ("min_users", "5", True), ("min_users", "50", False), ("min_conversations", "1", True),
        ("max_user_share", "0.9", True), ("max_user_share", "0.2", False), ("min_audit_rating", "1", True),
        ("round_to", "1", True), ("mode", "'safety'", True), ("privacy_unit", "'conversation'", True),
        ("top_clusters", "20", False), ("min_users", "null", False), ("max_texts_per_user", "50", True),
    ],
)  # fmt: skip
def test_what_protects_less_than_the_default_is_marked(tmp_path, setting, value, less):
    change(write(tmp_path, 5, 2), f"update about set {setting} = {value}")
    found = settings(tmp_path)
    assert found[setting]["changed"] and found[setting]["protects_less"] is less
    assert [name for name, row in found.items() if row["changed"]] == [setting]


def test_a_column_of_about_that_is_not_known_yet_is_shown_with_its_comment(tmp_path):
    change(
        write(tmp_path, 5, 2),
        "alter table about add column noise double",
        "update about set noise = 1.5",
        "comment on column about.noise is 'of a <kind>'",
    )
    row = settings(tmp_path)["noise"]
    assert (row["value"], row["packaged"], row["changed"], row["meaning"]) == ("1.5", None, False, "of a <kind>")


def test_growth_compares_the_halves_of_the_time_and_needs_two_periods_in_each(tmp_path):
    change(
        write(tmp_path, 5, 2),
        "delete from cluster_trends",
        "insert into cluster_trends select 'request', id, date '2026-03-02' + (7 * week)::integer, counted, 10, "
        "week < 6 from (values ('c00000', 0, 20), ('c00000', 1, 40), ('c00000', 2, 60), ('c00000', 3, 90), "
        "('c00000', 5, 90), ('c00000', 6, 5), "
        "('c00001', 0, 20), ('c00001', 4, 40), ('c00001', 5, 40)) as given(id, week, counted)",
    )
    data = made(tmp_path).data
    assert column(data, "growth", "cluster_id") == ["c00000"]
    assert column(data, "growth", "growth") == [2.25]  # (90 + 90) / 2 over (20 + 40 + 60) / 3


@pytest.mark.parametrize(
    "statements",
    [
        ["drop table cluster_trends"], ["delete from cluster_trends"], ["update clusters set x = null, y = null"],
        ["update clusters set x = 'nan'"], ["drop table cluster_facets"], ["delete from held_back"],
        [f"delete from {table}" for table in ("clusters", "cluster_facets", "cluster_trends", "held_back")],
    ],
)  # fmt: skip
def test_parts_that_are_missing_are_left_out(tmp_path, statements):
    change(write(tmp_path, 5, 2), *statements)
    assert made(tmp_path).data["settings"]


# Writing it


def test_the_command_writes_the_report_and_tells_where(small, tmp_path):
    shutil.copy(small / "published.duckdb", tmp_path)
    done = here("report", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{tmp_path / 'report.html'}\n", "")
    assert (tmp_path / "report.html").read_bytes() == report.write(small).read_bytes()


def test_a_run_writes_the_report(demo_out):
    names = set(column(Page((demo_out / "report.html").read_text("utf-8")).data, "clusters", "name"))
    with duckdb.connect(str(demo_out / "published.duckdb"), read_only=True) as con:
        assert names == {name for (name,) in con.execute("select name from clusters").fetchall()}


def test_a_folder_without_a_published_file_is_an_error(tmp_path):
    done = here("report", tmp_path)
    assert (done.returncode, done.stdout) == (3, "") and "there is no published.duckdb in it" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_report_is_replaced_whole_or_not_at_all(small, tmp_path):
    shutil.copy(small / "published.duckdb", tmp_path)
    before = report.write(tmp_path).read_bytes()
    (tmp_path / "published.duckdb").write_bytes(b"damaged")
    with pytest.raises(InputError, match="cannot be read as a file that a run wrote"):
        report.write(tmp_path)
    assert (tmp_path / "report.html").read_bytes() == before


def test_a_folder_in_the_place_of_the_report_is_an_error_and_leaves_no_draft(small, tmp_path):
    shutil.copy(small / "published.duckdb", tmp_path)
    (tmp_path / "report.html" / "mine").mkdir(parents=True)
    (tmp_path / ".report-99.html").write_text("left by a run that was killed")
    with pytest.raises(StateError, match="cannot be written"):
        report.write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["published.duckdb", "report.html"]


# In a browser

slow = pytest.mark.slow
DESK, PHONE = (1440, 900), (390, 844)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium; skips where there is none."""
    sync = pytest.importorskip("playwright.sync_api", reason="install the extra 'browser'")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.skip("no Chromium on this machine")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A report that was opened, with all that went wrong: errors, dialogs, and requests other than for the file."""

    def __init__(self, browser: Any, folder: Path, size: tuple[int, int] = DESK, dark: bool = False, at: str = ""):
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        self.page = self.context.new_page()
        self.wrong: list[str] = []
        self.uri = (folder / report.name(folder)).as_uri()
        self.page.on("request", self.asked)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self.said)
        self.page.on("dialog", lambda dialog: (self.wrong.append(dialog.message), dialog.dismiss()))
        self.page.goto(self.uri + at)
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def asked(self, request: Any) -> None:
        if request.url.split("#")[0] != self.uri:
            self.wrong.append(request.url)

    def said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def labels(self) -> list[str]:
        return self.page.locator("#map .textpoint").all_text_contents()

    def leave(self) -> None:
        self.context.close()
        assert self.wrong == []


@pytest.fixture
def visit(chromium: Any) -> Iterator[Any]:
    visits: list[Visit] = []

    def opened(folder: Path, **options: Any) -> Visit:
        visits.append(Visit(chromium, folder, **options))
        return visits[-1]

    yield opened
    for one in visits:
        one.leave()


def names_of(folder: Path, where: str) -> list[str]:
    with duckdb.connect(str(folder / "published.duckdb"), read_only=True) as con:
        query = f"select name from clusters where {where} order by conversations desc, cluster_id"
        return [name for (name,) in con.execute(query).fetchall()]


@slow
def test_search_tree_map_and_selection_go_together(visit, small):
    report.write(small)
    seen = visit(small)
    page = seen.page
    tops = names_of(small, "parent_id is null")
    assert page.locator("#tree > li > .row .name").all_inner_texts() == tops
    loose = names_of(small, "parent_id is null and loose")
    assert page.locator("#tree > li > .row:has(.loose) .name").all_inner_texts() == loose
    assert "clusters in 6 groups\n30" in re.sub(r"\n+", "\n", seen.text("#figures"))

    page.locator("#tree > li > .row").first.click()  # the tree selects on the map and in the details
    assert seen.text("#detail h2") == tops[0]
    assert page.locator("#tree [aria-selected=true] > .row .name").inner_text() == tops[0]
    by_hand = names_of(small, "parent_id is null and name_source = 'renamed'")
    assert len(by_hand) == 1 and ("Renamed by hand." in seen.text("#detail")) == (by_hand == tops[:1])
    assert page.evaluate("location.hash").startswith("#/request/t")
    assert page.locator("#detail .trend .point").count() == 13, "a bar a week"
    faded = "[...document.querySelectorAll('#map .point')].filter(point => point.style.opacity < 0.5).length"
    assert page.evaluate(faded) > 0

    leaf = page.evaluate("document.getElementById('map').data[0].customdata.at(-1)")  # the smallest circle, on top
    (name,) = names_of(small, f"cluster_id = '{leaf}'")
    page.locator("#detail .path .link").first.click()
    assert page.evaluate(faded) == 0 and seen.text("#detail h2") == "Everything shown"
    page.locator("#map .point").last.hover(force=True)
    assert name.split()[0] in page.locator("#map .hoverlayer").text_content()
    page.locator("#map .point").last.click(force=True)  # the map selects in the tree
    assert seen.text("#detail h2") == name
    assert page.locator("#tree [aria-selected=true] > .row .name").inner_text() == name
    assert page.locator("#detail .path .link").count() == 3 and "×" in seen.text("#detail")
    measures = "Cost usd: mean 0.012, median 0.012, 9 in 10 at most 0.024; Rating: mean 4, median 4"
    assert seen.text("#detail .measures") == measures

    pairs = page.locator(
        "#differences option"
    ).all_inner_texts()  # the first of the largest differences leads to its cluster
    assert pairs[0] == "Concern: 1 and 4"
    different = page.locator("#differences tbody .link").first
    told = different.inner_text()
    assert re.search(
        r"[+−][\d.]+ \([+−]?[\d.]+ to [+−]?[\d.]+\)", page.locator("#differences tbody tr").first.inner_text()
    )
    different.click()
    assert seen.text("#detail h2") == told

    page.fill("#search", name)
    found = int(re.match(r"\d+", seen.text("#found"))[0])
    assert 1 <= found < 36 and page.locator("#tree mark").first.inner_text().lower() == name.lower()
    page.fill("#search", "no such words")
    assert seen.text("#found").startswith("0 of") and not page.locator("#tree li:visible").count()
    page.press("#search", "Escape")
    assert page.locator("#tree > li:visible").count() == len(tops)


RIMS = """(() => { const { marker, customdata } = document.getElementById('map').data[0];
    return customdata.map((id, at) => [id, marker.color[at], marker.line.color[at], marker.opacity[at]]); })()"""


def circles(page: Any) -> dict[str, tuple[str, str, float]]:
    """Cluster -> colour, colour of its rim, opacity."""
    return {one: tuple(look) for one, *look in page.evaluate(RIMS)}


@slow
def test_a_circle_takes_what_the_nearest_group_tells_and_is_marked(visit, intents):
    with duckdb.connect(str(intents / "published.duckdb"), read_only=True) as con:
        told = "select cluster_id from cluster_facets where breakdown = 'country' and value = '{}'"
        own = {one for (one,) in con.execute(f"{told.format('India')} and starts_with(cluster_id, 'c')").fetchall()}
        japan = {one for (one,) in con.execute(told.format("Japan")).fetchall()}
    assert 0 < len(own) < 200 and japan and not any(one.startswith("c") for one in japan)
    seen = visit(intents)
    page = seen.page
    surface = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--surface').trim()")
    page.select_option("#colour", label="country: India")
    looks = circles(page)
    assert {one for one, (_, rim, _) in looks.items() if rim == surface} == own, "full where it is the cluster's own"
    pale = {one for one, (fill, rim, _) in looks.items() if rim not in (surface, fill) and fill != "rgba(0,0,0,0)"}
    assert len(pale) == 400 - len(own), "the others are as their group is, pale with a rim"
    page.select_option("#colour", label="country: Japan")
    looks = circles(page)
    hollow = [rim for fill, rim, _ in looks.values() if fill == "rgba(0,0,0,0)"]
    assert hollow and set(hollow) == {"#8d8a83"} and len(hollow) < 400, "a value that no circle tells can be chosen"
    page.select_option("#colour", "growth")
    assert all(fill != "rgba(0,0,0,0)" for fill, *_ in circles(page).values())
    page.click("#open-all")
    page.locator("#tree li[aria-level='3'] > .row").first.click()
    assert "Of the group " in seen.text("#detail") and "growth of its group" in seen.text("#detail")
    assert page.locator("#detail .trend .point").count() == 6, "of the whole months"
    name = page.locator("#detail .above .link").first.inner_text()
    page.locator("#detail .above .link").first.click()
    assert seen.text("#detail h2") == name and page.locator("#detail .trend + .above").count() == 0


@slow
def test_a_search_lights_what_it_found_alone_and_nearer_goes_to_what_is_selected(visit, intents):
    seen = visit(intents)
    page = seen.page
    (name,) = names_of(intents, "cluster_id = 'c00007'")
    page.fill("#search", name)
    hits = set(names_of(intents, f"name ilike '%{name}%'"))
    lit = {one for one, (_, _, opacity) in circles(page).items() if opacity > 0.5}
    assert "c00007" in lit and len(lit) <= len(hits) + 1
    assert {re.sub(r"\s", "", label) for label in seen.labels()} == {re.sub(r"\s", "", one) for one in hits}
    page.fill("#search", "")
    page.click("#open-all")
    page.locator("#tree [data-id='c00007'] > .row").click()
    for _ in range(4):
        page.click("#zoom-in")
        page.wait_for_timeout(300)
    middle = """['x', 'y'].map((one) => {
        const [low, high] = document.getElementById('map').layout[`${one}axis`].range; return (low + high) / 2; })"""
    with duckdb.connect(str(intents / "published.duckdb"), read_only=True) as con:
        place = con.execute("select x, y from clusters where cluster_id = 'c00007'").fetchone()
    assert page.evaluate(middle) == pytest.approx(place, abs=0.01)
    page.locator("#map").focus()
    page.keyboard.press("0")
    page.wait_for_timeout(300)
    page.keyboard.press("+")
    page.wait_for_timeout(300)
    assert page.evaluate(middle) == pytest.approx(place, abs=0.01)


@slow
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_what_is_the_same_for_all_is_folded_away(visit, intents, size):
    seen = visit(intents, size=size)
    folded = seen.page.locator("#detail details.same")
    assert folded.count() == 1 and folded.locator("summary").inner_text() == "Language: English, 100.0%"
    assert not folded.locator("table").is_visible() and seen.page.locator("#detail table").first.is_visible()
    folded.locator("summary").focus()
    seen.page.keyboard.press("Enter")
    assert folded.locator("table").is_visible()
    assert "about " in seen.text("#figures"), "a sum of rounded counts"


@slow
def test_a_parent_and_its_only_child_are_shown_once(visit, tmp_path):
    write(tmp_path, 12, 6, levels=3)
    change(
        tmp_path,
        """update clusters set only_child = true where cluster_id in (
            select parent_id from clusters where parent_id is not null group by all having count(*) = 1)""",
        *[
            f"""update clusters set name = child.name, description = child.description from clusters as child
            where clusters.only_child and clusters.level = {level} and child.parent_id = clusters.cluster_id"""
            for level in (1, 2)
        ],
    )
    with duckdb.connect(str(tmp_path / "published.duckdb"), read_only=True) as con:
        folded, below = con.execute("""
            select parent.cluster_id, any_value(child.cluster_id) from clusters as parent
            inner join clusters as child on child.parent_id = parent.cluster_id
            where parent.only_child and not child.only_child group by all
            order by 1""").fetchall()[0]  # fmt: skip
        printed = [line.name for line in tree.lines(con, "request")]
    report.write(tmp_path)
    page = visit(tmp_path).page
    page.click("#open-all")
    assert page.locator("#tree .name").all_inner_texts() == printed
    assert not page.locator(f"#tree [data-id='{folded}']").count()
    page = visit(tmp_path, at=f"#/request/{folded}").page  # a link to the parent opens the child
    assert page.locator("#tree [aria-selected=true]").get_attribute("data-id") == below


@slow
def test_the_tree_by_keyboard(visit, small):
    report.write(small)
    seen = visit(small)
    page = seen.page
    here = "document.activeElement.closest('li')?.dataset.id"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("ArrowDown")
    first = page.evaluate(here)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    child = page.evaluate(here)
    assert child != first and page.evaluate("document.querySelectorAll('#tree [tabindex=\"0\"]').length") == 1
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash").endswith(child)
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(here) == first
    page.keyboard.press("ArrowLeft")
    assert page.locator(f"#tree [data-id='{first}']").get_attribute("aria-expanded") == "false"
    page.keyboard.press("End")
    assert page.evaluate(here) == page.locator("#tree > li").last.get_attribute("data-id")


@slow
def test_the_map_by_keyboard_shows_more_names_when_it_is_nearer(visit, large):
    seen = visit(large)
    page = seen.page
    width = "(() => { const [low, high] = document.getElementById('map').layout.xaxis.range; return high - low; })()"
    whole, names = page.evaluate(width), seen.labels()
    page.focus("#map")
    for _ in range(4):
        page.keyboard.press("+")
        page.wait_for_timeout(600)
    near = seen.labels()
    assert page.evaluate(width) < 0.4 * whole
    assert near and set(near) - set(names), "names of lower levels come into sight"
    page.keyboard.press("0")
    page.wait_for_timeout(600)
    assert page.evaluate(width) == pytest.approx(whole)


@slow
def test_the_map_is_coloured_by_growth_and_by_a_breakdown(visit, small):
    report.write(small)
    page = visit(small).page
    colours = "JSON.stringify(document.getElementById('map').data[0].marker.color)"
    found = []
    for value in ("topic", "growth", '["language","German"]'):
        page.select_option("#colour", value)
        found.append(page.evaluate(colours))
    page.select_option("#measure", "lift")
    found.append(page.evaluate(colours))
    assert len(set(found)) == 4 and "not shown" in page.locator("#legend").inner_text()


@slow
def test_hostile_names_are_text_and_nothing_runs(visit, hostile):
    seen = visit(hostile)
    page = seen.page
    page.click("#open-all")
    shown = set(page.locator("#tree .name bdi").evaluate_all("all => all.map(one => one.textContent)"))
    as_shown = {re.sub(r"[\t\n]", " ", name).replace("\0", "\u2400") for name in HOSTILE}
    assert as_shown <= shown
    for row in page.locator("#tree > li > .row").all():
        row.click()
        page.locator("#map .point").first.hover(force=True)
    ids = page.evaluate("document.getElementById('map').data[0].customdata.slice(0, 12)")
    for one in ids:  # each of them selected, so that its name is on the map
        page.locator(f"#tree [data-id='{one}'] > .row").click()
    page.fill("#search", "<script>")
    assert page.locator("#tree mark").first.inner_text() == "<script>"
    page.fill("#search", "")
    page.locator("#detail .path .link").first.click()
    assert any("<b>bold</b>" in label for label in seen.labels())
    assert page.evaluate("window.ran") is None
    assert (
        page.locator("main :is(img, iframe, object, a[href^=http]), #map .textpoint :is(a, [style*=bold])").count() == 0
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "a long name makes the page no wider"


@slow
def test_two_thousand_clusters_in_a_browser(visit, large):
    seen = visit(large)
    ready = int(seen.page.evaluate("document.documentElement.dataset.ready"))
    print(f"\n2,000 clusters: {(large / 'report.html').stat().st_size:,} bytes, ready after {ready} ms")
    assert seen.page.locator("#map .point").count() == 2_000
    seen.page.click("#open-all")
    assert seen.page.locator("#tree li").count() == 2_151


@slow
def test_two_facets_settings_that_protect_less_and_a_link_to_a_cluster(visit, tmp_path):
    write(tmp_path, 60, facets=("request", "task"))
    change(
        tmp_path,
        "update about set min_users = 5, mode = 'safety'",
        "update clusters set x = null, y = null where facet = 'task'",
    )
    report.write(tmp_path)
    seen = visit(tmp_path, at="#/request/t3")
    page = seen.page
    assert page.locator("#tree [aria-selected=true]").get_attribute("data-id") == "t3"
    assert "min_users is 5; the default is 10" in seen.text("#opt-outs") and "safety" in seen.text("#opt-outs")
    page.select_option("#facet", "task")
    assert "no place on a map" in seen.text("#no-map") and page.locator("#tree > li").count() == 10
    page.select_option("#facet", "request")
    page.wait_for_selector("#map .point")
    page.locator("#map .point").first.click(force=True)
    assert page.locator("#tree [aria-selected=true]").count() == 1


@slow
@pytest.mark.parametrize("held", [True, False], ids=["all held back", "nothing at all"])
def test_a_report_of_nothing_says_so(visit, tmp_path, held):
    tables = ["clusters", "cluster_facets", "cluster_trends"] + ([] if held else ["held_back"])
    change(write(tmp_path, 5, 2), *(f"delete from {table}" for table in tables))
    report.write(tmp_path)
    seen = visit(tmp_path)
    assert "nothing is published" in seen.text("#detail" if held else "#lede").lower()
    seen.page.click("#theme")
    assert seen.page.pdf() and "min_users" in seen.text("#settings-table")


@slow
def test_on_paper_the_whole_tree_is_open(visit, small):
    report.write(small)
    seen = visit(small, dark=True)
    paper = seen.page.pdf()
    assert paper.startswith(b"%PDF")
    assert seen.page.locator("#tree li").count() == 30 + 13 + 6
    assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark", "dark again afterwards"


@slow
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_report_of_safety_mode_says_that_it_is_private_wherever_one_looks(visit, private, size):
    seen = visit(private, size=size)
    page = seen.page
    assert seen.page.title() == "Private safety report"
    marks = page.evaluate(
        "[...document.querySelectorAll('h2')].filter((each) => each.offsetParent)"
        ".map((each) => getComputedStyle(each, '::after').content)"
    )
    assert len(marks) >= 6 and {*marks} == {'"private, not gated"'}
    for where in ("#explore", "#settings"):
        page.locator(where).scroll_into_view_if_needed()
        box = page.locator(".mark").bounding_box()
        assert box and 0 <= box["y"] <= 1 and "not gated" in seen.text(".mark"), where
    assert "under flagged" in seen.text("#gaps") and "12.5%" in seen.text("#gaps")
    assert "kettle shop" in seen.text("#coordinated") and "chat-" in seen.text("#coordinated")
    page.locator("#tree > li > .row").first.click()
    assert "clio-sql trace OUT " in seen.text("#detail")
    assert not page.locator("#opt-outs").is_visible() and page.pdf()
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


@slow
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_is_wider_than_the_screen(visit, hostile, size):
    assert visit(hostile, size=size).page.evaluate("document.documentElement.scrollWidth") == size[0]


@slow
def test_a_phone_shows_what_each_setting_means(visit, tmp_path):
    change(write(tmp_path, 5, 2), "update about set min_users = 5")
    report.write(tmp_path)
    cells = visit(tmp_path, size=PHONE).page.locator("#settings-table tr:has(:text-is('min_users')) :is(th, td)").all()
    default, meaning = (cell.inner_text() for cell in cells[2:])
    assert default == "10" and meaning.startswith("fewest distinct users")
    for box in (cell.bounding_box() for cell in cells):
        assert 0 < box["x"] < box["x"] + box["width"] <= PHONE[0]


def first_cluster(page: Any) -> None:
    page.locator("#tree > li > .row").first.click()


def a_little_nearer(page: Any) -> None:
    for _ in range(3):
        page.click("#zoom-in")
        page.wait_for_timeout(600)


PICTURES: dict[str, tuple[str, dict[str, Any], Any]] = {
    "five": ("five", {}, None),
    "demo": ("demo", {}, None),
    "demo-selected": ("demo", {}, first_cluster),
    "demo-dark": ("demo", {"dark": True}, first_cluster),
    "demo-language": ("demo", {}, lambda page: page.select_option("#colour", index=1)),
    "demo-phone": ("demo", {"size": PHONE}, None),
    "demo-phone-selected": ("demo", {"size": PHONE}, first_cluster),
    "2000": ("large", {}, None),
    "2000-nearer": ("large", {}, a_little_nearer),
    "2000-dark-phone": ("large", {"size": PHONE, "dark": True}, lambda page: page.locator("#legend").hover()),
    "2000-search": ("large", {}, lambda page: page.fill("#search", "recipes")),
    "hostile": ("hostile", {}, first_cluster),
    "400-country": ("intents", {}, lambda page: page.select_option("#colour", label="country: India")),
    "400-growth-dark": ("intents", {"dark": True}, lambda page: page.select_option("#colour", "growth")),
    "400-phone": ("intents", {"size": PHONE}, first_cluster),
    "safety": ("private", {}, None),
    "safety-dark": ("private", {"dark": True}, first_cluster),
    "safety-phone": ("private", {"size": PHONE}, None),
    "400-search": ("intents", {}, lambda page: page.fill("#search", "recipes")),
}  # fmt: skip


@slow
@pytest.mark.parametrize("name", PICTURES)
def test_picture(name, visit, tmp_path_factory, request):
    """Leaves NAME.png in the folder CLIO_SCREENSHOTS, for people to look at."""
    folder = Path(os.environ.get("CLIO_SCREENSHOTS") or tmp_path_factory.mktemp("pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    which, options, act = PICTURES[name]
    if which == "five":
        out = write(tmp_path_factory.mktemp("five"), 5, 5, levels=1)
        report.write(out)
    else:
        out = request.getfixturevalue({"demo": "demo_out"}.get(which, which))
    page = visit(out, **options).page
    if act:
        act(page)
    page.wait_for_timeout(700)
    page.screenshot(path=str(folder / f"{name}.png"))
    assert (folder / f"{name}.png").stat().st_size > 20_000


@slow
def test_names_as_they_are_read(visit, hostile):
    """Right to left, emoji and very long: the name in the details is the name, and the tree cuts it."""
    page = visit(hostile).page
    page.click("#open-all")
    for name in (RIGHT_TO_LEFT, EMOJI, LONG):
        page.locator("#tree .row", has_text=name[:30]).first.click()
        assert page.locator("#detail h2 bdi").evaluate("one => one.textContent") == name
        assert page.locator("#detail h2").bounding_box()["height"] < 300
