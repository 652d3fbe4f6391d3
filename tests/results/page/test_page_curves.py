import json
import math
import random

from gansmith.results.page.curves import POINTS, read_curves, thin


def test_lines_that_are_no_measurements_are_passed_over(tmp_path):
    path = tmp_path / "metrics.jsonl"
    lines = [
        '{"step": 1, "images": 64, "seconds": 1.0, "images_per_second": 64.0, "data_wait": 0.1, "fd": 3, "note": "x"}',
        '{"images": 128, "fd": null}',
        '{"images": 128, "fd": NaN}',
        '{"images": null, "fd": 1.0}',
        '{"images": 128, "fd": true}',
        "[1, 2]",
        "",
        '{"images": 192, "fd": 2.0, "loss/generator": 0.123456789}',
        '{"images": 256, "f',
    ]
    path.write_text("\n".join(lines))
    assert read_curves(path) == {"fd": [[64, 192], [3.0, 2.0]], "loss/generator": [[192], [0.12346]]}


def test_a_run_without_the_file_has_no_curves(tmp_path):
    assert read_curves(tmp_path / "metrics.jsonl") == {}


def test_few_points_stay_as_they_are():
    points = [(float(i), math.sin(i)) for i in range(POINTS)]
    assert thin(points) == points


def test_thinning_keeps_order_ends_and_extremes():
    noise = random.Random(0)
    for count in (POINTS + 1, 150, 1000, 12_345):
        points = [(float(i), noise.random()) for i in range(count)]
        points[count // 3] = (float(count // 3), 50.0)
        points[count // 2] = (float(count // 2), -50.0)
        kept = thin(points)
        assert len(kept) <= POINTS
        assert kept == sorted(kept)
        assert set(kept) <= set(points)
        assert kept[0] == points[0]
        assert kept[-1] == points[-1]
        assert {50.0, -50.0} <= {value for _, value in kept}


def test_a_long_run_takes_little_room(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(f"{json.dumps({'images': i, 'a': i / 7, 'b': -i / 3})}\n" for i in range(20_000)))
    assert len(json.dumps(read_curves(path))) < 6000
