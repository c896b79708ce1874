"""What an object is, by its tags."""

import pytest

from siting.district import classes


@pytest.mark.parametrize(
    ("tags", "use"),
    [
        ({"building": "apartments"}, "residential"),
        ({"building": "yes"}, "unknown"),
        ({"building": "yes", "amenity": "kindergarten"}, "kindergarten"),
        ({"building": "yes", "shop": "bakery"}, "commercial"),
        ({"building": "yes", "social_facility:for": "senior"}, "elderly_care"),
        ({"building": "garages"}, "garage"),
        ({"building": "university"}, "public"),
        ({"building": "yes", "man_made": "cooling_tower"}, "industrial"),
        ({"building": "no"}, None),
        ({"building": "yes", "location": "underground"}, None),
        ({"building": "yes", "layer": "-1", "railway": "station"}, None),
        ({"building": "yes", "layer": "-1"}, "unknown"),  # a slip of the mapper must not make free ground
    ],
)
def test_use_of_a_building(tags, use):
    assert classes.building_use(tags) == use


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"emergency": "fire_hydrant"}, "hydrant"),
        ({"amenity": "fuel", "building": "roof"}, "fuel"),
        ({"man_made": "storage_tank"}, "tank"),
        ({"man_made": "storage_tank", "content": "water"}, None),
        ({"man_made": "pipeline", "substance": "gas"}, "gas"),
        ({"amenity": "school"}, "school"),
        ({"amenity": "university"}, None),  # its campus holds staff compounds
        ({"amenity": "clinic"}, "hospital"),
        ({"power": "transformer"}, "substation"),
        ({"leisure": "garden"}, "green"),
        ({"natural": "water"}, "water"),
        ({"waterway": "river", "tunnel": "yes"}, None),
        ({"historic": "memorial"}, None),
        ({"heritage": "2", "building": "temple"}, "heritage"),
    ],
)
def test_kind_of_an_obstacle(tags, kind):
    assert classes.obstacle_kind(tags) == kind


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"landuse": "residential"}, "residential"),
        ({"residential": "compound"}, "residential"),
        ({"place": "neighbourhood"}, "place"),
        ({"place": "suburb"}, None),
        ({"landuse": "commercial", "residential": "yes"}, None),
    ],
)
def test_what_may_outline_a_compound(tags, kind):
    assert classes.compound_kind(tags) == kind


def test_closed_ways_are_lines_or_areas_by_their_tags():
    assert classes.area_layer({"highway": "service"}) is None
    assert classes.line_layer({"highway": "pedestrian", "area": "yes"}) is None
    assert classes.line_layer({"barrier": "wall", "landuse": "residential"}) == "barriers"
    assert classes.area_layer({"barrier": "wall", "landuse": "residential"}) == "compounds"
    assert classes.area_layer({"barrier": "hedge", "area": "yes"}) == "barriers"
    assert classes.line_layer({"barrier": "kerb"}) is None
    assert classes.area_layer({"building": "yes", "area": "no"}) is None


def test_doors_and_gates():
    assert classes.entrance_kind({"entrance": "staircase"}) == "entrance"
    assert classes.entrance_kind({"entrance": "emergency"}) == "exit"
    assert classes.entrance_kind({"entrance": "no"}) is None
    assert classes.gate_kind({"barrier": "lift_gate"}) == "lift_gate"
    assert classes.gate_kind({"barrier": "bollard"}) is None


def test_a_grid_substation_feeds_no_compound():
    assert not classes.is_transformer({"power": "substation", "voltage": "220000"})
    assert classes.is_transformer({"power": "substation", "substation": "minor_distribution"})
    assert classes.is_transformer({"power": "transformer"})
