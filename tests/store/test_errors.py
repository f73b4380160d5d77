import re
import subprocess
import sys

import pytest

from benchmarks.fault_nights import may_mount, small_disk
from forecasting.errors import StoreError
from forecasting.store import Store


def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path):
    with pytest.raises(StoreError, match="check that the database is there") as caught:
        Store.open(f"postgresql://night:s3cret@/cumulus?host={tmp_path}")
    assert "night:***@" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_password_among_the_options_of_an_address_does_not_show(tmp_path):
    with pytest.raises(StoreError, match="check that the database is there") as caught:
        Store.open(f"postgresql://night@/cumulus?host={tmp_path}&password=s3cret&sslpassword=k3y&sslmode=prefer")
    assert "sslmode=prefer" in str(caught.value)
    assert not {"s3cret", "k3y"} & set(re.split(r"[=&: ]", str(caught.value)))


@pytest.mark.parametrize("url", ["", "not a url s3cret", "postgresql://night:s3cret@host:port/db"])
def test_a_url_that_cannot_be_read_is_refused_without_being_repeated(url):
    with pytest.raises(StoreError, match="use sqlite:///FILE or postgresql://") as caught:
        Store.open(url)
    assert "s3cret" not in str(caught.value)


def test_another_kind_of_database_is_refused():
    with pytest.raises(StoreError, match="mysql is not supported; use sqlite:///FILE or postgresql://"):
        Store.open("mysql://night:s3cret@host/cumulus")


def test_without_psycopg_the_extra_is_named():
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from forecasting.errors import StoreError\nfrom forecasting.store import Store\n"
        "try: Store.open('postgresql://night:s3cret@host/cumulus')\n"
        "except StoreError as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert "pip install 'cumulus-forecasting[postgresql]'" in said
    assert "s3cret" not in said


def test_a_file_that_is_no_database_is_refused(tmp_path):
    file = tmp_path / "cumulus.db"
    file.write_text("indicator,period\n" * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        Store.open(f"sqlite:///{file}")
    assert file.read_text().startswith("indicator")


@pytest.mark.skipif(not may_mount(), reason="needs the right to mount a file system")
def test_a_store_on_a_disk_that_cannot_be_written_is_said_to_be_on_one(tmp_path):
    with small_disk(tmp_path / "var", "4m") as remount:
        Store.open(url := f"sqlite:///{tmp_path}/var/cumulus.db").close()
        remount("ro")
        with pytest.raises(StoreError, match=rf"{tmp_path}/var cannot be written, .*remount it"):
            Store.open(url)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "var").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        Store.open(f"sqlite:///{tmp_path}/var/deep/cumulus.db")
