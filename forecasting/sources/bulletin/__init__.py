"""The bulletin reader: figures out of Chinese statistical prose.

Text is cut into paragraphs and tables (`_blocks`), brought into one form (`_text`, `_numbers`), cut into tokens
(`_lexer` by the words of `_phrases`, `_vocabulary`, `_regions` and `_windows`), and read sentence by sentence
(`_reading`, `_clauses`, `_subjects`, `_figures`), tables by row and column (`_tables`). What comes out is judged once more as a
whole (`_reader`).
"""

from forecasting.sources.bulletin._files import figures_csv, read_bulletin_file
from forecasting.sources.bulletin._reader import DOUBTFUL, SURE, read_bulletin
from forecasting.sources.bulletin._review import confirmed

__all__ = ["DOUBTFUL", "SURE", "confirmed", "figures_csv", "read_bulletin", "read_bulletin_file"]
