"""The bulletin reader: figures out of Chinese statistical prose.

Text is cut into paragraphs and tables (`_blocks`; pages and Markdown: `_markup`), brought into one form (`_text`,
`_numbers`), and cut into tokens (`_lexer`, by the words of `_phrases`, `_vocabulary`, `_regions` and `_windows`).
Sentences are read one by one (`_reading` with `_state`), each in one pass (`_walk`): who and what is named
(`_naming`, `_clauses`, `_subjects`, `_lists`, and `_open` for what no table knows), what is only compared with
(`_comparisons`), what is a figure (`_figures`; several in a row: `_rows`). Tables are read by row and column
(`_tables`, `_columns`), flattened ones by what heads them (`_flat`). What comes out is judged once more as a whole
(`_reader`).
"""

from forecasting.sources.bulletin._candidates import Candidate
from forecasting.sources.bulletin._files import EXPECTED, GUARDED, bulletin_text, figures_csv, read_bulletin_file
from forecasting.sources.bulletin._phrases import UNITS
from forecasting.sources.bulletin._published import published, released
from forecasting.sources.bulletin._reader import DOUBTFUL, SURE, read_bulletin, read_figures
from forecasting.sources.bulletin._review import NO, YES, confirmed
from forecasting.sources.bulletin._vocabulary import name_problem

__all__ = [
    "DOUBTFUL",
    "EXPECTED",
    "GUARDED",
    "NO",
    "SURE",
    "UNITS",
    "YES",
    "Candidate",
    "bulletin_text",
    "confirmed",
    "figures_csv",
    "name_problem",
    "published",
    "read_bulletin",
    "read_bulletin_file",
    "read_figures",
    "released",
]
