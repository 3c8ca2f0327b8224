"""What a visitor typed, made fit to search with."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.errors import InvalidRequest

MAX_QUERY_CHARACTERS = 200  # longer text was pasted by mistake, or to harm

# Share of the trigrams of a typed word and a written one that both have: one wrong, missing or extra letter in a word
# of six or more is forgiven, while other words stay apart.
SIMILARITY = 0.45
SHORT = 3  # letters; shorter words are found only at the beginning of a written one

# Letters and digits, held together by the marks that codes and names use. All that LIKE or a tsquery would read as a
# sign is gone afterwards, so the words need no escaping.
WORD = re.compile(r"[^\W_]+(?:[.\-/'’][^\W_]+)*")
ABBREVIATIONS = {
    "jl": "jalan",
    "jln": "jalan",
    "jmbt": "jembatan",
    "jbt": "jembatan",
    "kec": "kecamatan",
    "kel": "kelurahan",
    "ds": "desa",
    "dsn": "dusun",
    "kab": "kabupaten",
    "sei": "sungai",
    "tmn": "taman",
    "pusk": "puskesmas",
}


def read_words(typed: str) -> list[str]:
    """
    Return the words of a search, abbreviations written out.

    Parameters
    ----------
    typed
        Whatever came: quotes, signs and control characters only part words.

    Returns
    -------
    words
        Empty when nothing in the text can be searched for.

    Raises
    ------
    InvalidRequest
        When the text is longer than anyone types.
    """
    if len(typed) > MAX_QUERY_CHARACTERS:
        raise InvalidRequest(
            f"Kata pencarian terlalu panjang. Tulis paling banyak {MAX_QUERY_CHARACTERS} huruf.",
            f"The search text is too long. Write at most {MAX_QUERY_CHARACTERS} characters.",
        )
    found = WORD.findall(unicodedata.normalize("NFKC", typed))
    return [ABBREVIATIONS.get(word.lower(), word) for word in found]


def is_code(word: str) -> bool:
    """Tell whether a word is a number or a code: meant as it is typed, with a thousand others spelled nearly so."""
    return any(sign.isdigit() for sign in word)


def word_condition(searched: str, parameter: str, length: int, *, exact: bool = False) -> str:
    """
    Return the SQL that a text has a word, or one spelled nearly like it; it relies on the text's trigram index.

    Parameters
    ----------
    searched
        SQL of the folded text, as `layers.search.search_expression` writes it.
    parameter
        Name of the statement's parameter that holds the word.
    length
        Letters of the word.
    exact
        Whether only the word as it is typed will do.
    """
    folded = f"app.fold(:{parameter})"
    if length < SHORT:
        return f"({searched} LIKE {folded} || '%' OR {searched} LIKE '% ' || {folded} || '%')"
    if exact:
        return f"{searched} LIKE '%' || {folded} || '%'"
    return f"({searched} LIKE '%' || {folded} || '%' OR {searched} %>> {folded})"


def forgive_misspelling(session: Session, typed: str) -> None:
    """
    Set for this transaction how near a spelling must be for the operator `%>>`; without a search do nothing.

    The planner takes that operator for as cheap as comparing two numbers, and would read every row rather than the
    trigram index: it is told not to, nor to compile what then looks expensive.
    """
    transaction = session.get_transaction()
    if not typed or (transaction is not None and session.info.get("forgiving") is transaction):
        return
    session.execute(
        text("""
            SELECT set_config('pg_trgm.strict_word_similarity_threshold', :share, true),
                set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)
        """),
        {"share": str(SIMILARITY)},
    )
    session.info["forgiving"] = session.get_transaction()
