"""What is compressed on its way, and what must not be (docs/decisions/0036)."""

import gzip
from collections.abc import Callable

import brotli
import pytest
from flask.testing import FlaskClient

from tests.cast import COLLECTOR, GA, Cast
from tests.conftest import form_fields

TAKES = {"Accept-Encoding": "gzip, br"}


class TestCompression:
    """Pages and files."""

    @pytest.mark.parametrize("path", ["/customers/list/", "/customers/list/?q=rahi", "/dashboard/customers.json"])
    def test_a_page_arrives_compressed_and_whole(
        self, path: str, cast: Cast, as_person: Callable[..., FlaskClient]
    ) -> None:
        client = as_person(GA)
        plain = client.get(path)
        packed = client.get(path, headers=TAKES)
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "br"
        assert "Accept-Encoding" in packed.headers["Vary"]
        # tokens and request numbers differ from one answer to the next
        assert abs(len(brotli.decompress(packed.data)) - len(plain.data)) < 100
        assert len(packed.data) * 2 < len(plain.data)

    def test_a_browser_that_takes_nothing_gets_it_plain(
        self, cast: Cast, as_person: Callable[..., FlaskClient]
    ) -> None:
        answer = as_person(COLLECTOR).get("/help/", headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in answer.headers
        assert "</html>" in answer.text

    @pytest.mark.parametrize(("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
    def test_a_static_file_is_the_same_file(
        self, encoding: str, unpack: Callable[[bytes], bytes], client: FlaskClient
    ) -> None:
        plain = client.get("/static/css/app.css?v=1")
        packed = client.get("/static/css/app.css?v=1", headers={"Accept-Encoding": encoding})
        assert packed.headers["Content-Encoding"] == encoding
        assert unpack(packed.data) == plain.data
        assert packed.headers["Cache-Control"] == plain.headers["Cache-Control"]
        assert packed.headers["ETag"] != plain.headers["ETag"]
        plain.close()

    @pytest.mark.parametrize("path", ["/static/vendor/fonts/inter.woff2", "/static/img/icon-192.png"])
    def test_what_is_compressed_already_stays_as_it_is(self, path: str, client: FlaskClient) -> None:
        answer = client.get(path, headers=TAKES)
        assert "Content-Encoding" not in answer.headers
        answer.close()


class TestSecrets:
    """What is told beside a secret is not compressed with it."""

    def test_an_answer_to_a_form_is_not_compressed(self, cast: Cast, as_person: Callable[..., FlaskClient]) -> None:
        client = as_person(GA)
        address = f"/customers/password/{cast.customers[GA][0]}"
        token = form_fields(client.get("/account/", follow_redirects=True).text)["csrf_token"]
        answer = client.post(address, data={"csrf_token": token}, headers=TAKES)
        assert "line-secret-1" in answer.text
        assert "Content-Encoding" not in answer.headers

    def test_an_export_streams_as_it_is(self, cast: Cast, as_person: Callable[..., FlaskClient]) -> None:
        answer = as_person(COLLECTOR).get("/payments/export", headers=TAKES)
        assert "Content-Encoding" not in answer.headers

    @pytest.mark.parametrize("path", ["/login/", "/account/password"])
    def test_pages_about_passwords_are_not_compressed(
        self, path: str, cast: Cast, as_person: Callable[..., FlaskClient]
    ) -> None:
        client = as_person(COLLECTOR)
        if path == "/login/":
            client = client.application.test_client()
        assert "Content-Encoding" not in client.get(path, headers=TAKES).headers

    def test_the_length_of_a_page_that_echoes_its_address_is_blurred(
        self, cast: Cast, as_person: Callable[..., FlaskClient]
    ) -> None:
        client = as_person(COLLECTOR)
        blurs = {client.get("/customers/list/?q=rahi", headers=TAKES).headers["X-Blur"] for _time in range(5)}
        assert len({len(blur) for blur in blurs}) > 1
        assert "X-Blur" not in client.get("/customers/list/", headers=TAKES).headers
