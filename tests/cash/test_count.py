"""What a count by note is worth."""

from app.cash.models import COINS, in_pieces, worth


def test_a_count_is_worth_its_pieces() -> None:
    assert worth({"1000": 2, "20": 3, COINS: 75}) == 2_060_75
    assert all(worth(in_pieces(paisa)) == paisa for paisa in (0, 1, 99, 1_00, 8_018_13, 123_456_78))
    assert in_pieces(1_788_50) == {
        "1000": 1,
        "500": 1,
        "200": 1,
        "50": 1,
        "20": 1,
        "10": 1,
        "5": 1,
        "2": 1,
        "1": 1,
        COINS: 50,
    }
