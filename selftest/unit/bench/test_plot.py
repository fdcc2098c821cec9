import xml.etree.ElementTree as ET

from bench.plot import HEIGHT, WIDTH, Panel, picture

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*panels):
    return ET.fromstring(picture(panels))


def test_each_measurement_is_a_point_in_its_panel():
    root = drawn(
        Panel("seconds", {"one process": [(100, 10), (300, 30)], "-n 2": [(100, 6)]}),
        Panel("MiB", {"one process": [(100, 50)]}),
    )
    first, second = root.findall(f"{SVG}g")
    assert len(first.findall(f"{SVG}circle")) == 3
    assert len(second.findall(f"{SVG}circle")) == 1
    for circle in root.iter(f"{SVG}circle"):
        assert 0 <= float(circle.get("cx")) <= WIDTH
        assert 0 <= float(circle.get("cy")) <= HEIGHT
    largest = first.findall(f"{SVG}circle")[1]
    assert (float(largest.get("cx")), float(largest.get("cy"))) == (WIDTH, 0)


def test_the_dashed_line_is_the_first_point_in_proportion():
    (panel,) = drawn(Panel("seconds", {"one process": [(100, 10), (200, 40)]})).findall(f"{SVG}g")
    (line,) = panel.findall(f"{SVG}polyline[@class='proportion']")
    assert line.get("points") == f"0.0,{HEIGHT}.0 {WIDTH}.0,{HEIGHT / 2:.1f}"


def test_names_become_no_markup_and_nothing_makes_no_picture_fail():
    root = drawn(Panel("<b>&", {}), Panel("none", {"x": [(0, 0)]}))
    assert root.find(f"{SVG}g/{SVG}text").text == "<b>&"
