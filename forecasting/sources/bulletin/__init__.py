"""The bulletin reader: figures out of Chinese statistical prose.

Text is cut into paragraphs and tables (`_blocks`), brought into one form (`_text`, `_numbers`), and cut into tokens
(`_lexer`, by the words of `_phrases`, `_vocabulary`, `_regions` and `_windows`). Sentences are read one by one
(`_reading`, with `_state`, `_clauses`, `_subjects` and `_figures`), tables by row and column (`_tables`); what comes
out is judged once more as a whole (`_reader`).
"""

from forecasting.sources.bulletin._files import figures_csv, read_bulletin_file
from forecasting.sources.bulletin._reader import DOUBTFUL, SURE, read_bulletin
from forecasting.sources.bulletin._review import confirmed

__all__ = ["DOUBTFUL", "SURE", "confirmed", "figures_csv", "read_bulletin", "read_bulletin_file"]
