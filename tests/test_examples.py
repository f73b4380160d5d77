import subprocess
import sys
from pathlib import Path

import pandas as pd

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_the_example_goes_from_rates_to_a_picture(tmp_path):
    command = [sys.executable, EXAMPLES / "rates_to_picture.py", tmp_path]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "cn_retail_sales" in said
    rates, months = pd.read_csv(tmp_path / "rates.csv"), pd.read_csv(tmp_path / "months.csv")
    assert set(rates["indicator"]) == set(months["indicator"]) == {"cn_industrial_va", "cn_retail_sales"}
    assert set(rates.loc[rates["indicator"] == "cn_industrial_va", "measure"]) == {"ytd_yoy"}
    assert (tmp_path / "months.png").read_bytes().startswith(b"\x89PNG")
