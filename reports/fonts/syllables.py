"""Bengali syllables, written out by rule: what the typeface must be able to draw and to read back."""

from collections.abc import Iterator

VIRAMA = "\u09cd"
CONSONANTS = [*"কখগঘঙচছজঝঞটঠডঢণতথদধনপফবভমযরলশষসহ", "ড\u09bc", "ঢ\u09bc", "য\u09bc"]
VOWEL_SIGNS = ["", "া", "ি", "ী", "ু", "ূ", "ৃ", "ে", "ৈ", "ো", "ৌ", "ঁ", "ং", "ঃ"]
_TRIPLES = """
    ক্ষ্ম ক্ষ্ণ ক্ষ্য ঙ্ক্ষ চ্ছ্ব চ্ছ্র জ্জ্ব ত্ত্ব ত্ত্র দ্দ্ব দ্ভ্র ন্ত্র ন্ত্ব ন্ত্য ন্দ্র ন্দ্ব
    ন্ধ্র ন্ড্র ন্ট্র ম্প্র ম্ব্র ম্ভ্র ল্ট্র ষ্ক্র ষ্ট্র ষ্ট্য ষ্ঠ্য ষ্প্র স্ক্র স্ট্র স্ত্র স্ত্ব
    স্প্র স্প্ল ক্ট্র ক্ত্র
"""


def every_syllable() -> Iterator[str]:
    """Yield each consonant with each vowel sign, each pair, reph, rakar and jophola, and the usual triples."""
    for first in CONSONANTS:
        for sign in VOWEL_SIGNS:
            yield first + sign
        for second in CONSONANTS:
            for sign in ("", "ি", "ে", "ো", "ু", "্যা"):
                yield first + VIRAMA + second + sign
        for sign in VOWEL_SIGNS:
            yield "র" + VIRAMA + first + sign
            yield first + VIRAMA + "র" + sign
            yield first + VIRAMA + "য" + sign
    for triple in _TRIPLES.split():
        for sign in VOWEL_SIGNS:
            yield triple + sign
