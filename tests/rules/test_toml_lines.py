from siting.rules.toml_lines import Lines

TEXT = """name = "x"
id = "head"
[[clause]]
id = "one"
value = 3

[[ clause ]]
"id" = "two"
when.min_bays = 2
[clause.values]
"a/b" = 1
"""


def test_a_key_is_found_in_its_own_block():
    lines = Lines(TEXT)
    assert lines.of_key("id") == ", line 2"
    assert lines.of_clause(0, "id") == ", line 4"
    assert lines.of_clause(1, "id") == ", line 8"
    assert lines.of_clause(1, "when") == ", line 9"
    assert lines.of_clause(1, "values") == ", line 10"


def test_a_key_that_is_not_there_is_placed_at_its_block():
    lines = Lines(TEXT)
    assert lines.of_clause(0, "source") == ", line 3"
    assert lines.of_key("title") == ""
    assert lines.of_clause(2, "id") == ""  # written inline: no block to point at
