"""TLS that is demanded, missing, of the wrong name or authority, or expired: of a real server."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from diagnosing import climb
from pgdeck.core.ladder import Verdict
from pgdeck.doctor import climb as ladder
from pgdeck.pg.account import server_account
from servers import Ground, LiveServer


@dataclass(frozen=True)
class Secure:
    """A server with a certificate for localhost, and the authority that signed it."""

    server: LiveServer
    root: Path
    home: Path

    def address(self, host: str, mode: str, user: str = "postgres", **more: str) -> str:
        """Return an address of it; what `host` says is what the certificate is compared with."""
        words = {
            "host": host,
            "hostaddr": self.server.host,
            "port": str(self.server.port),
            "user": user,
            "dbname": "postgres",
            "sslmode": mode,
            **more,
        }
        return " ".join(f"{key}='{value}'" for key, value in words.items())

    def show(self, certificate: str) -> None:
        """Have the server show another certificate."""
        shutil.copyfile(self.home / f"{certificate}.crt", self.home / "server.crt")
        self.server.sql("SELECT pg_reload_conf()")


def openssl(home: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=home, check=True, capture_output=True)


def certificates(home: Path) -> None:
    """Make an authority, a certificate of it for localhost, and one that has expired."""
    home.mkdir()
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(home, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=ours")
    openssl(home, "req", *key, "-keyout", "server.key", "-out", "a.csr", "-subj", "/CN=localhost")
    (home / "names").write_text("subjectAltName=DNS:localhost,DNS:*.example.test\n")
    (home / "index.txt").touch()
    signing = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
    openssl(home, "x509", "-req", "-in", "a.csr", *signing, "-days", "30", "-out", "good.crt")
    (home / "ca.conf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\n"
        "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n"
    )
    (home / "serial").write_text("77\n")
    dates = ("-startdate", "20200101000000Z", "-enddate", "20200201000000Z")
    files = ("-cert", "ca.crt", "-keyfile", "ca.key", "-in", "a.csr", "-out", "old.crt")
    extended = ("-extfile", "names", "-notext", "-batch")
    openssl(home, "ca", "-config", "ca.conf", *files, *dates, *extended)
    shutil.copyfile(home / "good.crt", home / "server.crt")


@pytest.fixture(scope="module")
def secure(server_ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl makes certificates here")
    binaries = server_ground.binaries(15)  # the embedded servers know no TLS
    home = server_ground.place / "certificates"
    certificates(home)
    home.chmod(0o755)
    (home / "server.key").chmod(0o600)
    server_account().own(home / "server.key")
    (home / "server.crt").chmod(0o644)
    root = tmp_path_factory.mktemp("authority") / "root.crt"
    shutil.copyfile(home / "ca.crt", root)
    files = {"ssl_cert_file": "server.crt", "ssl_key_file": "server.key", "ssl_ca_file": "ca.crt"}
    settings = {name: str(home / file) for name, file in files.items()}
    with server_ground.server(15, "secure", binaries=binaries, ssl="on", **settings) as server:
        for name in ("doctor_hidden", "doctor_proven"):
            server.role(name)
        rules = server.cluster.data_dir / "pg_hba.conf"
        rules.write_text(
            "hostssl all doctor_hidden all trust\n"
            "hostssl all doctor_proven all trust clientcert=verify-full\n"
            "host all postgres all trust\nlocal all all trust\n"
        )
        server.sql("SELECT pg_reload_conf()")
        yield Secure(server, root, home)


async def test_the_right_name_and_authority_are_believed(secure: Secure) -> None:
    address = secure.address("localhost", "verify-full", sslrootcert=str(secure.root))
    found = await climb(address)

    assert found.code == 0
    assert found["tls"].said.startswith("TLSv1.3; the certificate is believed")


async def test_the_certificate_is_for_another_name(secure: Secure) -> None:
    found = await climb(secure.address("127.0.0.1", "verify-full", sslrootcert=str(secure.root)))

    assert (found.broken, found.code) == ("tls", 4)
    assert found["tls"].said == (
        "the certificate is for localhost, *.example.test, not for 127.0.0.1"
    )
    assert "host=localhost" in found["tls"].cure


async def test_the_authority_is_another(secure: Secure, tmp_path: Path) -> None:
    other = tmp_path / "other"
    certificates(other)
    found = await climb(secure.address("localhost", "verify-ca", sslrootcert=str(other / "ca.crt")))

    assert found.broken == "tls"
    assert str(other / "ca.crt") in f"{found['tls'].cause} {found['tls'].cure}"


async def test_the_authoritys_file_is_missing(secure: Secure, tmp_path: Path) -> None:
    absent = tmp_path / "absent.crt"
    found = await climb(secure.address("localhost", "verify-full", sslrootcert=str(absent)))

    assert found.broken == "tls"
    assert f"{absent} is not there" in found["tls"].said


async def test_the_certificate_has_expired(secure: Secure) -> None:
    secure.show("old")
    try:
        found = await climb(
            secure.address("localhost", "verify-full", sslrootcert=str(secure.root))
        )
    finally:
        secure.show("good")

    assert found.broken == "tls"
    assert "expired" in found["tls"].said


async def test_the_server_demands_tls(secure: Secure) -> None:
    found = await climb(secure.address("localhost", "disable", "doctor_hidden"))

    assert (found.broken, found.code) == ("tls", 4)
    assert "over TLS only" in found["tls"].said
    assert "sslmode=require" in found["tls"].cure
    allowed = await climb(secure.address("localhost", "allow", "doctor_hidden"))
    assert allowed.code == 0


async def test_the_server_demands_a_certificate_of_the_client(secure: Secure) -> None:
    found = await climb(secure.address("localhost", "require", "doctor_proven"))

    assert found.broken == "tls"
    assert "certificate of the client" in found["tls"].said


async def test_the_server_has_no_tls(pg18: LiveServer) -> None:
    found = await climb(f"{pg18.dsn()} sslmode=require")

    assert (found.broken, found.code) == ("tls", 4)
    assert "speaks no TLS" in found["tls"].said


async def test_prefer_off_this_host_is_worth_a_word(
    secure: Secure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "is_here", lambda _conninfo: False)
    found = await climb(secure.address("db.example.test", "prefer"))

    assert found.code == 0
    assert found["tls"].verdict is Verdict.WARNING
    assert "sslmode=prefer" in found["tls"].notes[0].said
    assert "verify-full" in found["tls"].notes[0].cure
    assert found["login"].verdict is Verdict.WARNING
    assert "scram-sha-256" in found["login"].notes[0].cure
