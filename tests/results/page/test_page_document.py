import base64
import hashlib
import html.parser
import json
import re
from dataclasses import replace

import pytest

from gansmith.results.leaderboard import boards, collect
from gansmith.results.page import render
from gansmith.results.published import Published
from gansmith.results.record import Scores

FD = "fd_efficientnet_lite0"
PROTOCOL = {"name": "fast", "hash": "0123456789ab", "primary_metric": FD, "direction": "min"}
VOID = {"img", "input", "meta"}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


class Page(html.parser.HTMLParser):
    """The page's elements, and whether each closes what it opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.parents: list[tuple[str, ...]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.parents.append(tuple(self.open))
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {attrs}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self):
        hidden = ("script", "style")
        return " ".join(piece for tag, pieces in self.texts.items() if tag not in hidden for piece in pieces)


def page_of(logs, published=(), problems=(), which="last"):
    runs, found = collect([logs.folder])
    ranked = boards(runs, which=which, published=published)
    return render(ranked, runs, list(published), [*found, *problems])


def data_of(text):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


def reference(**changes):
    content = {
        "metric": FD,
        "value": 34.0,
        "data": "mnist5k",
        "resolution": 32,
        "protocol": "fast",
        "source": "Somebody et al., 2020, table 1",
        "model": "their_gan",
        "experiment": "gan_of_theirs",
    }
    return Published(**(content | changes))


def test_it_is_one_well_formed_file_that_asks_nothing_of_any_host(logs):
    logs.add_suite()
    text = page_of(logs, [reference()])
    page = Page(text)
    assert page.open == []
    links = [value for _, element in page.elements for name, value in element.items() if name in ("src", "href")]
    assert links
    assert all(link.startswith(("data:image/webp;base64,", "#")) for link in links)
    assert not page.all("link")
    assert "url(" not in text
    assert "@import" not in text
    assert not any(name.startswith("on") for _, element in page.elements for name in element)
    identities = [element["id"] for _, element in page.elements if "id" in element]
    assert len(identities) == len(set(identities))
    assert {link[1:] for link in links if link[0] == "#"} <= set(identities)


def test_its_policy_allows_its_own_script_and_style_and_nothing_else(logs):
    logs.add("dcgan")
    text = page_of(logs)
    policy = next(meta["content"] for meta in Page(text).all("meta") if "http-equiv" in meta)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_text_from_runs_is_text(logs):
    protocol = {"name": HOSTILE, "hash": HOSTILE, "primary_metric": HOSTILE, "extractor": HOSTILE}
    run_dir = logs.add(
        HOSTILE,
        data=HOSTILE,
        protocol=protocol,
        last=Scores(5000, {HOSTILE: 3.0}),
        overrides=[f"a={HOSTILE}"],
        device=HOSTILE,
        config_hash=HOSTILE,
    )
    (run_dir / "metrics.jsonl").write_text(json.dumps({"images": 1, HOSTILE: 2.0}))
    shown = reference(model=HOSTILE, source=HOSTILE, data=HOSTILE, protocol=HOSTILE, metric=HOSTILE)
    text = page_of(logs, [shown, replace(shown, data=f"other {HOSTILE}")], [HOSTILE])
    page = Page(text)
    assert text.count("<script") == 2
    assert all(image["src"].startswith("data:") for image in page.all("img") if "src" in image)
    assert not any("onerror" in element for _, element in page.elements)
    assert page.text().count(HOSTILE) > 10
    (series,) = [run["series"] for board in data_of(text).values() for runs in board.values() for run in runs]
    assert series == {HOSTILE: [[1], [2.0]]}


def test_the_tables_are_whole_without_the_script(logs):
    for seed, fd in enumerate((30.0, 32.0, 34.0)):
        logs.add("dcgan", seed, fd, seconds=5400.0)
    logs.add("gan", 0, 97.25)
    page = Page(page_of(logs, [reference()]))
    text = page.text()
    for words in ("32.00", "± 2.00", "97.25", "1.5 h", "320k", "1M", "24M", "published", "Somebody et al., 2020"):
        assert words in text
    assert "experiment=gan_of_theirs" in text
    bodies = [body["data-label"] for body in page.all("tbody") if "data-label" in body]
    assert bodies == ["dcgan", "their_gan", "gan"]
    ranks = [cell.get("data-value") for cell in page.all("td") if cell.get("data-column") == "rank"]
    assert ranks == ["1", None, "2"]
    hidden = [element for _, element in page.elements if "hidden" in element]
    assert not hidden


def test_each_run_has_the_command_that_trains_it_again(logs):
    overrides = ["model=dcgan", "model.betas=[0.5, 0.9]", "seed=3", "run_dir=/gone", "hydra.job.chdir=true", "+a=b"]
    logs.add("dcgan", 3, overrides=overrides)
    text = Page(page_of(logs)).text()
    assert "python src/train.py model=dcgan 'model.betas=[0.5, 0.9]' seed=3 +a=b" in text
    assert "/gone" not in text


def test_the_command_of_an_older_record_is_that_saved_beside_it(logs):
    run_dir = logs.add("dcgan", overrides=[], variant="")
    assert "the command was not recorded" in Page(page_of(logs)).text()
    (run_dir / "overrides.yaml").write_text("- model=dcgan\n- seed=4\n")
    assert "python src/train.py model=dcgan seed=4" in Page(page_of(logs)).text()
    (run_dir / "overrides.yaml").write_text("{")
    assert "the command was not recorded" in Page(page_of(logs)).text()


def test_the_command_of_a_default_run_has_no_overrides(logs):
    logs.add("dcgan", overrides=[])
    assert "not recorded" not in Page(page_of(logs)).text()


def test_rows_of_one_model_are_told_apart_by_what_they_changed(logs):
    for digit, words in (("a", []), ("b", ["model/loss=hinge"]), ("c", ["model.lr=1"]), ("d", ["model.lr=1"])):
        logs.add("gan", variant=digit * 12, overrides=["model=gan", *words, "seed=0"])
    labels = [body["data-label"] for body in Page(page_of(logs)).all("tbody") if "data-label" in body]
    assert sorted(labels) == ["gan", "gan model.lr=1 cccccc", "gan model.lr=1 dddddd", "gan model/loss=hinge"]


def test_what_all_rows_share_stands_below_none(logs):
    for model, words in (("gan", []), ("dcgan", ["model/loss=hinge"])):
        logs.add(model, variant=model.ljust(12, "0"), overrides=[f"model={model}", "model.latent=9", *words, "seed=0"])
    published = Published(FD, 7.0, "mnist5k", 32, "fast", "A paper", "biggan", "biggan")
    page = Page(page_of(logs, published=[published]))
    apart = [span["title"] for span in page.all("span") if span.get("class") == "apart"]
    assert sorted(apart) == ["A paper", "model/loss=hinge"]
    assert "python src/train.py model=gan model.latent=9 seed=0" in page.text()


def test_failed_runs_are_said_to_have_failed(logs):
    logs.add("gan", 0, None)
    logs.add("dcgan", 0, None)
    logs.add("dcgan", 1, 40.0)
    page = Page(page_of(logs))
    text = page.text()
    assert "1 of 1 failed" in text
    assert "1 of 2 failed" in text
    assert "not finite" in text
    values = [value for _, element in page.elements for name, value in element.items() if name.startswith("data-")]
    assert "nan" not in values
    assert "None" not in values


def test_boards_of_other_protocols_are_other_tables(logs):
    logs.add("dcgan")
    logs.add("dcgan", protocol=PROTOCOL | {"hash": "ffff", "name": "other"})
    logs.add("dcgan", protocol={}, last=None, best=None)
    page = Page(page_of(logs))
    sections = [section["id"] for section in page.all("section") if section.get("class") == "board"]
    assert sections == ["mnist5k-32-fast-012345", "mnist5k-32-none-none", "mnist5k-32-other-ffff"]
    assert list(data_of(page_of(logs))) == sections


def test_the_order_of_the_boards_is_kept_and_only_ranks_are_said_to_sort(logs):
    logs.add("dcgan", fd=40.0)
    logs.add("gan", fd=30.0)
    runs, _ = collect([logs.folder])
    sorts = {}
    for sort in (None, f"-{FD}"):
        page = Page(render(boards(runs, sort=sort), runs, [], []))
        sorts[sort] = [head["data-column"] for head in page.all("th") if "aria-sort" in head]
    assert sorts == {None: ["rank"], f"-{FD}": []}


def test_published_numbers_that_no_board_shows_are_listed(logs):
    logs.add("dcgan")
    far = reference(data="cifar10", resolution=None, value=2.42, model="stylegan2", protocol="fid50k_full")
    text = Page(page_of(logs, [reference(), far])).text()
    assert "Published numbers" in text
    assert "2.42" in text
    assert text.count("Somebody") == 3  # the row, its details, and the list's one line
    assert "Published numbers" not in Page(page_of(logs, [reference()])).text()


def test_an_empty_folder_makes_a_page_that_says_so(logs):
    page = Page(page_of(logs, problems=["logs/x/result.json: not a record"]))
    assert "No finished runs" in page.text()
    assert "logs/x/result.json: not a record" in page.text()
    assert page.open == []


def test_the_same_runs_make_the_same_bytes(logs):
    logs.add_suite(seeds=1)
    assert page_of(logs) == page_of(logs)


def test_a_folder_whose_name_is_no_text_can_still_be_written(logs):
    logs.add("dcgan")
    runs, _ = collect([logs.folder])
    runs = [replace(run, run_dir=run.run_dir / "\udc80") for run in runs]
    render([], runs, [], [str(runs[0].run_dir)]).encode("utf-8")


def test_the_curves_are_those_of_the_file(logs):
    run_dir = logs.add("dcgan", fd=40.0)
    (series,) = [run["series"] for board in data_of(page_of(logs)).values() for runs in board.values() for run in runs]
    assert set(series) == {FD, "kd_efficientnet_lite0_mean", "loss/generator", "loss/discriminator"}
    written = [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text().splitlines()]
    points = [(line["images"], line[FD]) for line in written if FD in line]
    assert list(zip(*series[FD], strict=True)) == [(images, pytest.approx(value, rel=1e-4)) for images, value in points]


@pytest.mark.slow
def test_a_page_of_forty_runs_stays_below_four_megabytes(logs):
    for number in range(40):
        logs.add(f"gan_{number}", number, fd=200.0)  # noise takes most bytes
        lines = (logs.folder / f"run_{number}" / "metrics.jsonl").read_text() * 20
        (logs.folder / f"run_{number}" / "metrics.jsonl").write_text(lines)
    assert 1_000_000 < len(page_of(logs)) < 4_000_000
