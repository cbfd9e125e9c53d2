"""Endpoints over HTTP: what is sent, and that slow, broken and lying servers are told apart."""

import http.server
import io
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
import torch

import heatlens
from heatlens.errors import EndpointFailed, InvalidArgument, InvalidType, UnknownName
from heatlens.models.function.endpoint import Endpoint
from heatlens.models.load import load_model

pytestmark = pytest.mark.filterwarnings("ignore::heatlens.errors.AssumptionWarning")

BATCH = torch.rand(5, 3, 2, 4, generator=torch.Generator().manual_seed(0))
JSON = "application/json"


@pytest.fixture(autouse=True)
def _no_token(monkeypatch):
    monkeypatch.delenv("HEATLENS_ENDPOINT_TOKEN", raising=False)


@contextmanager
def serving(answer, encrypted=None):
    """A server on this machine; `answer(handler, body)` writes the whole response."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, dict(self.headers), body))
            answer(self, body)

        def log_message(self, *words):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            pass  # a client that has heard enough hangs up

    server = Server(("127.0.0.1", 0), Handler)
    scheme = "http"
    if encrypted is not None:
        server.socket = encrypted.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reply(handler, body, kind=JSON, status=200, **headers):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    handler.send_response(status)
    if kind:
        handler.send_header("Content-Type", kind)
    for name, value in {"Content-Length": len(body), **headers}.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    handler.wfile.write(body)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def sums(pixels):
    """Scores that depend on every pixel: the sum of each channel."""
    return np.asarray(pixels, np.float32).sum((1, 2))


def as_npy(handler, body):
    reply(handler, npy(sums(np.load(io.BytesIO(body)))), "application/x-npy")


def as_json(handler, body):
    reply(handler, {"predictions": sums(np.load(io.BytesIO(body))).tolist()})


def as_serving(handler, body):
    reply(handler, {"predictions": sums(json.loads(body)["instances"]).tolist()})


def as_serving_columns(handler, body):
    rows = sums(json.loads(body)["instances"]).tolist()
    reply(handler, {"predictions": [{"scores": row, "box": [0.0]} for row in rows]})


def kserve_output(name, array):
    return {
        "name": name,
        "shape": list(array.shape),
        "datatype": "FP32",
        "data": array.ravel().tolist(),
    }


def as_kserve(handler, body):
    (tensor,) = json.loads(body)["inputs"]
    assert tensor["datatype"] == "FP32"
    assert tensor["name"] == "input"
    pixels = np.array(tensor["data"]).reshape(tensor["shape"])
    reply(
        handler,
        {"outputs": [kserve_output("probabilities", sums(pixels)), kserve_output("box", pixels)]},
    )


@pytest.mark.parametrize(
    ("path", "answer", "output"),
    [
        ("/score", as_npy, None),
        ("/score?key=1", as_json, None),
        ("/v1/models/m:predict", as_serving, None),
        ("/v1/models/m:predict", as_serving_columns, "scores"),
        ("/v2/models/m/infer", as_kserve, "probabilities"),
        ("/v2/models/m/infer", as_kserve, 0),
    ],
)
def test_every_format_carries_the_batch_and_the_scores(path, answer, output):
    with serving(answer) as (server, asked):
        model = load_model(server + path, input_size=(2, 4), layout="NHWC", output=output)
        torch.testing.assert_close(model.predict(BATCH).float(), BATCH.sum((2, 3)))
    assert model.name == server + path.partition("?")[0]
    assert model.capabilities == {"predict"}
    assert [item[0] for item in asked] == [path]


def test_rows_of_one_request_are_limited():
    with serving(as_npy) as (server, asked):
        model = load_model(Endpoint(server, rows=2), layout="NCHW")
        expected = BATCH.permute(0, 3, 2, 1)
        scores = load_model(Endpoint(server, rows=2)).predict(BATCH)
        torch.testing.assert_close(scores, BATCH.sum((2, 3)))
        torch.testing.assert_close(model.predict(expected), expected.sum((1, 2)))
    assert max(len(np.load(io.BytesIO(body))) for _, _, body in asked) == 2


def test_an_explanation_asks_in_requests_of_the_wanted_size():
    picture = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    with serving(as_npy) as (server, asked):
        model = load_model(Endpoint(server, rows=5), input_size=(6, 8), labels=["r", "g", "b"])
        heat = heatlens.explain(model, picture, "occlusion", "g", window=2, stride=2)
    # What covering a window takes away is the sum of the channel under it.
    expected = picture[..., 1].astype(float).reshape(3, 2, 4, 2).sum((1, 3)) / 255
    order = np.argsort(heat.values[::2, ::2].ravel())
    assert (np.diff(expected.ravel()[order]) >= -1e-6).all()
    assert 1 < max(len(np.load(io.BytesIO(body))) for _, _, body in asked) <= 5
    assert heat.provenance.model == server + "/"


def broken(how):
    """A server that answers in a way of its own, whatever is asked."""

    def answer(handler, body):
        how(handler)

    return answer


def raw(handler, *parts):
    handler.wfile.write(b"".join(parts))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BAD = {
    "truncated": (
        lambda h: raw(h, HEAD, b"Content-Length: 100\r\n\r\n[[1.0"),
        "broke off its answer after 5 bytes",
    ),
    "truncated-chunks": (
        lambda h: raw(h, HEAD, b"Transfer-Encoding: chunked\r\n\r\n20\r\n[[1.0"),
        "broke off its answer",
    ),
    "no-http": (lambda h: raw(h, b"220 mail.example ESMTP\r\n\r\n"), "does not answer in HTTP"),
    "cut-json": (lambda h: reply(h, b'{"predictions": [[1.0,'), "JSON that cannot be read"),
    "deep-json": (lambda h: reply(h, b"[" * 1900), "JSON that cannot be read"),
    "page": (
        lambda h: reply(h, b"<html>Please log in</html>", "text/html"),
        "text/html, expected .*Please log in",
    ),
    "no-type": (lambda h: reply(h, b"scores: 1", None), "no content type"),
    "keys": (lambda h: reply(h, {"result": 1}), "'result' in it, expected 'predictions'"),
    "error": (lambda h: reply(h, {"error": "no such signature"}), "no such signature"),
    "number": (lambda h: reply(h, 3), "answered with int"),
    "packed": (lambda h: reply(h, b"xx", Content_Encoding="gzip"), r"packed its answer \(gzip\)"),
    "huge": (lambda h: reply(h, b"[" + b"1.5," * 1000 + b"1]"), "more than 2000 bytes"),
    "huge-unsaid": (lambda h: raw(h, HEAD, b"\r\n", b"[" + b"1.5," * 1000), "more than 2000 bytes"),
    "npy-lies": (
        lambda h: reply(h, npy(np.zeros((1, 3)))[:-8].replace(b"(1, 3)", b"(9, 3)"), "a/b"),
        r"\.npy of float64 \(9, 3\), which is 216 bytes, and 16 bytes followed",
    ),
    "npy-cut": (lambda h: reply(h, b"\x93NUMPY\x01", "application/x-npy"), "cannot be read"),
    "shape": (
        lambda h: reply(h, {"outputs": [{"name": "a", "shape": [5, 9], "data": [1.0]}]}),
        "output 'a' whose data do not fill",
    ),
    "binary": (
        lambda h: reply(h, {"outputs": [{"name": "a", "shape": [5, 9]}]}),
        "output 'a' in binary form",
    ),
    "400": (lambda h: reply(h, {"error": "bad\nshape"}, status=400), "answered 400 .*bad.*format="),
    "401": (lambda h: reply(h, b"", status=401), "401 .*an empty answer; a token in HEATLENS"),
    "404": (lambda h: reply(h, b"", status=404), "the path names no model"),
    "413": (lambda h: reply(h, b"", status=413), "fewer rows a request help"),
    "500": (lambda h: reply(h, b"boom", status=500), "answered 500 .*'boom'"),
    "escapes": (
        lambda h: raw(h, b"HTTP/1.1 500 \x1b[2Joops\r\n\r\n\x1b[31mred"),
        r"answered 500 \[2Joops: '\[31mred'",
    ),
    "204": (lambda h: reply(h, b"", status=204), "answered 204"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_an_answer_is_named(case):
    how, words = BAD[case]
    with serving(broken(how)) as (server, asked):
        model = load_model(Endpoint(f"{server}/m", size=2000))
        with pytest.raises(EndpointFailed, match=words) as told:
            model.predict(BATCH)
    assert f"{server}/m" in str(told.value)
    assert isinstance(told.value, OSError)
    assert len(asked) == 1


LIES = {
    "rows": ([[0.5, 0.5]] * 4, InvalidArgument, r"shape \(4, 2\) for a batch of 5"),
    "nan": ([[0.5], [float("nan")], [0.1], [0.2], [0.3]], InvalidArgument, "NaN in row 1"),
    "infinite": ([[0.5], [1e999], [0.1], [0.2], [0.3]], InvalidArgument, "infinite score in row 1"),
    "ragged": ([[0.5], [0.5, 0.5], [0.1], [0.2], [0.3]], InvalidType, "list of unequal parts"),
    "words": ([["cat"]] * 5, InvalidType, "a list with str inside, not numbers"),
    "nothing": (None, InvalidType, "returned None"),
    "classes": ([1, 0, 1, 0, 2], InvalidArgument, "class numbers"),
    "names": ([{"a": 1.0, "b": 2.0}] * 5, InvalidType, "'a', 'b'.*output="),
}


@pytest.mark.parametrize("case", LIES)
def test_an_endpoint_that_lies_is_caught(case):
    predictions, error, words = LIES[case]
    with (
        serving(broken(lambda h: reply(h, {"predictions": predictions}))) as (server, _),
        pytest.raises(error, match=words) as told,
    ):
        load_model(server).predict(BATCH)
    assert server in str(told.value)


def test_other_columns_from_call_to_call_are_caught():
    widths = iter((2, 3))
    answer = broken(lambda h: reply(h, {"predictions": [[0.5] * next(widths)] * 5}))
    with serving(answer) as (server, _):
        model = load_model(server)
        model.predict(BATCH)
        with pytest.raises(InvalidArgument, match=r"\(5, 3\) after \(N, 2\)"):
            model.predict(BATCH)


def drip(handler):
    """A byte at a time, for ever: each read succeeds, the answer never ends."""
    raw(handler, HEAD, b"\r\n")
    while True:
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)


def drip_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X")
        handler.wfile.flush()
        time.sleep(0.02)


@pytest.mark.parametrize("how", [drip, drip_headers, lambda h: time.sleep(1)])
def test_a_slow_endpoint_is_given_up_and_not_asked_again(how):
    with serving(broken(how)) as (server, asked):
        model = load_model(Endpoint(server, timeout=0.3))
        with pytest.raises(EndpointFailed, match=r"no whole answer within 0\.3 seconds.*rows="):
            model.predict(BATCH)
    assert len(asked) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(status):
    left = iter([False, False, True])

    def answer(handler, body):
        if next(left):
            as_npy(handler, body)
        else:
            reply(handler, b"later", status=status, Retry_After=0)

    with serving(answer) as (server, asked):
        model = load_model(Endpoint(server, pause=0))
        torch.testing.assert_close(model.predict(BATCH), BATCH.sum((2, 3)))
    assert len(asked) == 3
    assert len({body for _, _, body in asked}) == 1


def test_retries_end():
    with (
        serving(broken(lambda h: reply(h, b"later", status=503))) as (server, asked),
        pytest.raises(EndpointFailed, match=r"answered 503 .* after 3 tries: 'later'"),
    ):
        load_model(Endpoint(server, retries=2, pause=0)).predict(BATCH)
    assert len(asked) == 3


def test_a_connection_that_breaks_is_tried_again():
    left = iter([False, True])

    def answer(handler, body):
        if next(left):
            as_npy(handler, body)
        else:
            handler.connection.shutdown(socket.SHUT_RDWR)

    with serving(answer) as (server, asked):
        model = load_model(Endpoint(server, pause=0))
        torch.testing.assert_close(model.predict(BATCH), BATCH.sum((2, 3)))
    assert len(asked) == 2


def test_nobody_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/m"
        with pytest.raises(EndpointFailed, match=r"refused.*after 2 tries; is the server up"):
            load_model(Endpoint(url, retries=1, pause=0)).predict(BATCH)


def test_pauses_double_and_the_server_may_ask_for_longer():
    endpoint = Endpoint("http://localhost/", pause=0.5, timeout=20)
    assert [endpoint._pause(attempt, "") for attempt in range(6)] == [0.5, 1, 2, 4, 8, 8]
    assert endpoint._pause(0, "3") == 3
    assert endpoint._pause(0, "86400") == 20
    assert endpoint._pause(0, "Wed, 21 Oct 2015 07:28:00 GMT") == 0.5


def test_redirects_stay_on_the_server():
    def answer(handler, body):
        if handler.path == "/old":
            reply(handler, b"", status=308, Location="/new?version=2")
        else:
            as_npy(handler, body)

    with serving(answer) as (server, asked):
        assert load_model(f"{server}/old").predict(BATCH).shape == (5, 3)
    assert [path for path, _, _ in asked] == ["/old", "/new?version=2"]


@pytest.mark.parametrize("elsewhere", ["http://localhost:1/m", "https://127.0.0.1/m", "ftp://a/b"])
def test_a_redirect_to_another_server_is_refused(elsewhere):
    answer = broken(lambda h: reply(h, b"", status=307, Location=elsewhere))
    with (
        serving(answer) as (server, asked),
        pytest.raises(EndpointFailed, match=r"redirects to (another|'ftp)"),
    ):
        load_model(f"{server}/m").predict(BATCH)
    assert len(asked) == 1


def test_a_length_below_zero_does_not_lift_the_limit():
    sent = []

    def answer(handler, body):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        handler.wfile.write(b"Transfer-Encoding: chunked\r\n\r\n-1\r\n")
        for _ in range(64):
            handler.wfile.write(bytes(2**20))
            sent.append(2**20)

    with (
        serving(answer) as (server, _),
        pytest.raises(EndpointFailed, match="answers with more than 1000 bytes"),
    ):
        Endpoint(server, size=1000)(np.zeros((1, 2), np.float32))
    assert len(sent) < 32  # what fits into the sockets' own memory, and no more


def test_a_circle_of_redirects_ends():
    answer = broken(lambda h: reply(h, b"", status=302, Location="/m"))
    with (
        serving(answer) as (server, asked),
        pytest.raises(EndpointFailed, match="redirects more than 3 times, at last to '/m'"),
    ):
        load_model(f"{server}/m").predict(BATCH)
    assert len(asked) == 4


def test_tokens_and_headers(monkeypatch):
    monkeypatch.setenv("HEATLENS_ENDPOINT_TOKEN", "s3cret")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serving(as_npy) as (server, asked):
        load_model(server).predict(BATCH)
        own = Endpoint(server, headers={"authorization": "Basic eA==", "X-Tenant": "birds"})
        load_model(own).predict(BATCH)
    first, second = ({k.lower(): v for k, v in headers.items()} for _, headers, _ in asked)
    assert first["authorization"] == "Bearer s3cret"
    assert second["authorization"] == "Basic eA=="
    assert second["x-tenant"] == "birds"
    assert "birds" not in repr(own)
    assert "Authorization" not in Endpoint("http://models.example/m")._headers()
    assert "Authorization" in Endpoint("https://models.example/m")._headers()


def test_a_token_that_no_header_can_carry(monkeypatch):
    monkeypatch.setenv("HEATLENS_ENDPOINT_TOKEN", "a\nb")
    with pytest.raises(InvalidArgument, match="HEATLENS_ENDPOINT_TOKEN has letters"):
        load_model("http://localhost/m").predict(BATCH)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl for a certificate")
def test_https_trusts_only_known_certificates(tmp_path):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test"
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make.split(), *names, *files], check=True, capture_output=True)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate, key)
    with serving(as_npy, own) as (server, asked):
        with pytest.raises(EndpointFailed, match=r"cannot be reached: .*self.signed"):
            load_model(server).predict(BATCH)
        assert not asked
        known = ssl.create_default_context(cafile=str(certificate))
        scores = load_model(Endpoint(server, context=known)).predict(BATCH)
    torch.testing.assert_close(scores, BATCH.sum((2, 3)))


def test_a_stop_passes_through(monkeypatch):
    def stop(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("heatlens.models.function.endpoint.time.sleep", stop)
    with (
        serving(broken(lambda h: reply(h, b"", status=503))) as (server, asked),
        pytest.raises(KeyboardInterrupt),
    ):
        load_model(server).predict(BATCH)
    assert len(asked) == 1


def test_settings_that_cannot_be_used():
    with pytest.raises(UnknownName, match="did you mean 'kserve'"):
        Endpoint("http://host/", format="kserv")
    for setting in ({"rows": 0}, {"timeout": float("inf")}, {"retries": -1}, {"size": -5}):
        with pytest.raises(InvalidArgument, match=f"{next(iter(setting))} is"):
            Endpoint("http://host/", **setting)
    for header in ({"Host": "b"}, {"X": "a\r\nY: b"}, {"X": "é"}, {"X Y": "b"}, {"": "b"}):
        with pytest.raises(InvalidArgument, match="header"):
            Endpoint("http://host/", headers=header)
    with pytest.raises(InvalidArgument, match="has its weights with it"):
        load_model("http://host/m", weights=False)
