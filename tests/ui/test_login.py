"""Who may open the page: the file of users, and a page that asks for them."""

import urllib.error
import urllib.request

import pytest
from gradio_client import Client

from tests.ui.serving import serving
from ui.login import LoginError, login, read_users


@pytest.fixture
def users(tmp_path):
    path = tmp_path / "users"
    path.write_text("# the lab\n\nada:correct horse\nbob:battery:staple\n")
    return path


def test_names_and_passwords_are_read_and_nothing_else_opens(users) -> None:
    check = login(str(users), "0.0.0.0")
    assert check is not None
    assert [check("ada", "correct horse"), check("bob", "battery:staple")] == [True, True]
    wrong = [("ada", "battery:staple"), ("ada", ""), ("", ""), ("eve", "correct horse"), ("ada", "correct hors")]
    assert [check(*pair) for pair in wrong] == [False] * 5


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.3.2.1"])
def test_this_machine_alone_needs_no_login(address) -> None:
    assert login(None, address) is None


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "fe80::1%eth0"])
def test_others_are_not_let_in_without_one(address) -> None:
    with pytest.raises(LoginError, match="needs a login: name a file"):
        login(None, address)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "names nobody"),
        (b"# nobody\n", "names nobody"),
        (b"ada\n", "line 1: must be NAME:PASSWORD"),
        (b"ada:secret-one\n:secret-two\n", "line 2: must be NAME:PASSWORD"),
        (b"ada:short\n", "at least 8 characters"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_list_of_users_is_refused_without_quoting_a_password(tmp_path, content, said) -> None:
    path = tmp_path / "users"
    path.write_bytes(content)
    with pytest.raises(LoginError, match=said) as refused:
        read_users(path)
    assert not any(word in str(refused.value) for word in ("secret-one", "secret-two", "short\n"))


def test_a_file_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(LoginError, match="nobody-here cannot be read"):
        read_users(tmp_path / "nobody-here")


@pytest.mark.slow
def test_the_page_asks_and_its_health_does_not(users, cache_dir, no_data) -> None:
    with serving("local", "--data-dir", no_data, "--users-file", users) as served:
        url = served.url
        assert urllib.request.urlopen(f"{url}/healthz", timeout=5).status == 200
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{url}/config", timeout=5)
        with pytest.raises(Exception, match="(?i)login|auth|credential|401"):
            Client(url, auth=("ada", "wrong password"), verbose=False, download_files=False)
        client = Client(url, auth=("ada", "correct horse"), verbose=False, download_files=False)
        assert client.predict(api_name="/list_runs") == []
        assert "correct horse" not in " ".join(served.log)


@pytest.mark.slow
def test_the_command_refuses_to_listen_to_others_without_one(cache_dir, no_data) -> None:
    with serving("local", "--data-dir", no_data, "--host", "0.0.0.0") as served:
        assert served.process.wait(60) == 2
        assert [("needs a login" in line, "--users-file" in line) for line in served.log] == [(True, True)]
