"""Downloads (resumed, damaged, refused), the cache, and archives that nobody should unpack."""

import hashlib
import io
import os
import tarfile
import threading
import zipfile

import pytest

from kerata.utils import download as downloads
from kerata.utils import get_file
from kerata.utils.archive import extract_archive
from kerata.utils.download import DownloadError, download

BODY = bytes(range(256)) * 4000


@pytest.fixture(autouse=True)
def fast_retries(monkeypatch):
    monkeypatch.setattr(downloads.time, "sleep", lambda s: None)


def left_overs(folder):
    return sorted(p.name for p in folder.rglob("*") if p.suffix in (".part", ".tag", ".lock"))


# ---- downloads


def test_plain(server, tmp_path):
    server.content["/a.bin"] = BODY
    path = download(server.url + "/a.bin", str(tmp_path / "sub" / "a.bin"))
    assert open(path, "rb").read() == BODY
    assert left_overs(tmp_path) == []


def test_lost_connections_are_resumed_in_one_call(server, tmp_path):
    server.content["/a.bin"] = BODY
    server.drop_after = [300_000, 300_000]
    path = download(server.url + "/a.bin", str(tmp_path / "a.bin"))
    assert open(path, "rb").read() == BODY
    assert [r for _, r in server.requests] == [None, "bytes=300000-", "bytes=600000-"]


def test_a_later_call_goes_on(server, tmp_path):
    server.content["/a.bin"] = BODY
    server.drop_after = [500_000]
    server.fail = [200, 404]
    with pytest.raises(DownloadError, match=r"500,000 bytes that came are kept.*put it here: .*a\.bin"):
        download(server.url + "/a.bin", str(tmp_path / "a.bin"))
    assert left_overs(tmp_path) == ["a.bin.part", "a.bin.part.tag"] and not (tmp_path / "a.bin").exists()
    path = download(server.url + "/a.bin", str(tmp_path / "a.bin"))
    assert open(path, "rb").read() == BODY
    assert server.requests[-1][1] == "bytes=500000-"


def test_a_file_that_changed_meanwhile_is_started_again(server, tmp_path):
    server.content["/a.bin"] = BODY
    server.drop_after, server.fail = [1000], [200, 404]
    with pytest.raises(DownloadError):
        download(server.url + "/a.bin", str(tmp_path / "a.bin"))
    server.content["/a.bin"] = BODY[::-1]
    assert open(download(server.url + "/a.bin", str(tmp_path / "a.bin")), "rb").read() == BODY[::-1]


def test_servers_without_ranges(server, tmp_path):
    server.content["/a.bin"], server.ranges = BODY, False
    server.drop_after = [1000, 5000]
    assert open(download(server.url + "/a.bin", str(tmp_path / "a.bin")), "rb").read() == BODY


def test_a_part_longer_than_the_file(server, tmp_path):
    server.content["/a.bin"], server.tags["/a.bin"] = BODY[:100], '"x"'
    (tmp_path / "a.bin.part").write_bytes(BODY)
    (tmp_path / "a.bin.part.tag").write_text('"x"')
    assert open(download(server.url + "/a.bin", str(tmp_path / "a.bin")), "rb").read() == BODY[:100]


def test_server_errors_are_tried_again_but_not_for_ever(server, tmp_path):
    server.content["/a.bin"] = BODY
    server.fail = [503, 500]
    assert download(server.url + "/a.bin", str(tmp_path / "a.bin"))
    server.fail = [503] * 9
    with pytest.raises(DownloadError, match="503"):
        download(server.url + "/a.bin", str(tmp_path / "b.bin"))


def test_offline(tmp_path):
    with pytest.raises(DownloadError, match=r"http://127.0.0.1:9/x.npz.*put it here: .*x\.npz") as caught:
        download("http://127.0.0.1:9/x.npz", str(tmp_path / "x.npz"))
    assert isinstance(caught.value, OSError) and os.listdir(tmp_path) == []


def test_missing_on_the_server(server, tmp_path):
    with pytest.raises(DownloadError, match="404"):
        download(server.url + "/none", str(tmp_path / "none"))
    assert len(server.requests) == 1, "what is not there is not asked for again"


def test_other_addresses_are_refused(tmp_path):
    for url in ("gopher://x/y", "/etc/passwd", "javascript:1", "data:text/plain,x"):
        with pytest.raises(ValueError, match="Cannot download"):
            download(url, str(tmp_path / "f"))


def test_a_refused_file_leaves_nothing(server, tmp_path):
    server.content["/a.bin"] = BODY

    def check(path):
        raise ValueError("not good")

    with pytest.raises(ValueError, match="not good"):
        download(server.url + "/a.bin", str(tmp_path / "a.bin"), check)
    assert os.listdir(tmp_path) == []


def test_two_at_once_download_once(server, tmp_path):
    server.content["/a.bin"] = BODY
    threads = [
        threading.Thread(target=download, args=(server.url + "/a.bin", str(tmp_path / "a.bin"))) for _ in range(4)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert (tmp_path / "a.bin").read_bytes() == BODY and os.listdir(tmp_path) == ["a.bin"]


def test_progress_in_a_log_has_few_lines_and_no_control_characters(server, tmp_path, capsys):
    server.content["/a.bin"] = BODY
    download(server.url + "/a.bin", str(tmp_path / "a.bin"))
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and "\r" not in out and "1.0 of 1.0 MB" in out


# ---- get_file


def test_cached(server, cache):
    server.content["/a.txt"] = b"one"
    path = get_file(origin=server.url + "/a.txt")
    assert path == str(cache / "datasets" / "a.txt") and open(path).read() == "one"
    server.content["/a.txt"] = b"two"
    assert open(get_file("a.txt", server.url + "/a.txt")).read() == "one" and len(server.requests) == 1
    assert open(get_file("a.txt", server.url + "/a.txt", force_download=True)).read() == "two"


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_hashes(server, cache, algorithm):
    server.content["/a.txt"] = b"right"
    good = hashlib.new(algorithm, b"right").hexdigest()
    path = get_file("a.txt", server.url + "/a.txt", file_hash=good.upper())
    open(path, "w").write("changed by someone")
    assert open(get_file("a.txt", server.url + "/a.txt", file_hash=good)).read() == "right", "fetched again"
    with pytest.raises(ValueError, match=f"{algorithm} sum"):
        get_file("b.txt", server.url + "/a.txt", file_hash=good[:-1] + ("0" if good[-1] != "0" else "1"))
    assert not (cache / "datasets" / "b.txt").exists() and left_overs(cache) == []
    assert get_file("c.txt", server.url + "/a.txt", md5_hash=hashlib.md5(b"right").hexdigest())


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", "..", "a\\..\\b", "C:x", "x\0y"])
def test_names_with_folders_are_refused(name, cache):
    with pytest.raises(ValueError, match="without folders"):
        get_file(name, "http://127.0.0.1:9/x")


@pytest.mark.parametrize("origin", ["http://127.0.0.1:9/", "http://127.0.0.1:9/a/..", "http://127.0.0.1:9/c:x"])
def test_addresses_without_a_file_name(origin, cache):
    with pytest.raises(ValueError, match="fname"):
        get_file(origin=origin)


def _tar(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return out.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, body in members.items():
            z.writestr(name, body)
    return out.getvalue()


EXTRACTED = [
    (dict(origin="/a.tar.gz", extract=True), "a.tar.gz"),
    (dict(fname="x.tar.gz", origin="/a.tar.gz", untar=True), "x_extracted"),
    (dict(fname="x.tar.gz", origin="/a.tar.gz", extract=True), "x_extracted"),
    (dict(fname="x.y.zip", origin="/z.zip", extract=True), "x_extracted"),
    (dict(origin="/a.tar.gz", untar=True), "a.tar.gz"),
    (dict(fname="foo", origin="/a.tar.gz", untar=True), "foo"),
    (dict(fname="zz", origin="/z.zip", extract=True), "zz"),
    (dict(origin="/z.zip", extract=True, cache_subdir="models"), "z.zip"),
]


@pytest.mark.parametrize(("arguments", "folder"), EXTRACTED, ids=str)
def test_extracted_paths_are_those_of_keras(server, cache, arguments, folder):
    server.content = {"/a.tar.gz": _tar({"d/hello.txt": b"hi"}), "/z.zip": _zip({"d/hello.txt": b"hi"})}
    arguments = {**arguments, "origin": server.url + arguments["origin"]}
    path = get_file(**arguments)
    assert path == str(cache / arguments.get("cache_subdir", "datasets") / folder)
    assert open(os.path.join(path, "d", "hello.txt")).read() == "hi"
    assert get_file(**arguments) == path and len(server.requests) == 1


def test_no_archive(server, cache):
    server.content["/a.txt"] = b"no archive"
    with pytest.raises(ValueError, match="no archive"):
        get_file("a", server.url + "/a.txt", extract=True)


def test_unwritable_cache_falls_back(server, tmp_path, monkeypatch):
    server.content["/a.txt"] = b"x"
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("kerata.utils.cache.tempfile.gettempdir", lambda: str(tmp_path / "tmp"))
    path = get_file("a.txt", server.url + "/a.txt", cache_dir=str(tmp_path / "file" / "below"))
    assert path == str(tmp_path / "tmp" / ".keras" / "datasets" / "a.txt")


# ---- archives


def _hostile_tar(build) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        build(tar)
    return out.getvalue()


def _entry(name, kind=tarfile.REGTYPE, link="", body=b""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(body)
    return info, io.BytesIO(body)


def _links_out(tar):
    tar.addfile(*_entry("escape", tarfile.SYMTYPE, "../../outside"))
    tar.addfile(*_entry("escape/x", body=b"bad"))


HOSTILE = {
    "parent": lambda t: t.addfile(*_entry("../x", body=b"bad")),
    "absolute": lambda t: t.addfile(*_entry("/tmp/kerata-x", body=b"bad")),
    "inner parent": lambda t: t.addfile(*_entry("a/../../x", body=b"bad")),
    "backslash": lambda t: t.addfile(*_entry("a\\..\\..\\x", body=b"bad")),
    "drive": lambda t: t.addfile(*_entry("C:/x", body=b"bad")),
    "symlink out": _links_out,
    "absolute symlink": lambda t: t.addfile(*_entry("s", tarfile.SYMTYPE, "/etc/passwd")),
    "hard link out": lambda t: t.addfile(*_entry("h", tarfile.LNKTYPE, "../../etc/passwd")),
    "hard link name": lambda t: t.addfile(*_entry("../h", tarfile.LNKTYPE, "x")),
    "link to nothing": lambda t: t.addfile(*_entry("s", tarfile.SYMTYPE, "nowhere")),
    "link to itself": lambda t: t.addfile(*_entry("s", tarfile.SYMTYPE, "s")),
    "device": lambda t: t.addfile(*_entry("dev", tarfile.CHRTYPE)),
    "pipe": lambda t: t.addfile(*_entry("fifo", tarfile.FIFOTYPE)),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_tars_leave_nothing(tmp_path, case):
    (tmp_path / "a.tar").write_bytes(_hostile_tar(HOSTILE[case]))
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(ValueError, match="archive"):
        extract_archive(str(tmp_path / "a.tar"), str(tmp_path / "out" / "in"))
    assert sorted(set(os.listdir(tmp_path)) - {"out"}) == before
    assert not os.path.exists("/tmp/kerata-x") and os.listdir(tmp_path / "out") == []


def test_links_inside_become_copies(tmp_path):
    def build(tar):
        tar.addfile(*_entry("d/real", body=b"data"))
        tar.addfile(*_entry("d/soft", tarfile.SYMTYPE, "real"))
        tar.addfile(*_entry("hard", tarfile.LNKTYPE, "d/real"))

    (tmp_path / "a.tar").write_bytes(_hostile_tar(build))
    assert extract_archive(str(tmp_path / "a.tar"), str(tmp_path / "out"))
    for name in ("d/real", "d/soft", "hard"):
        path = tmp_path / "out" / name
        assert path.read_bytes() == b"data" and not path.is_symlink()


@pytest.mark.parametrize("name", ["../x", "/abs", "a/../../x", "..\\x"])
def test_hostile_zips(tmp_path, name):
    (tmp_path / "a.zip").write_bytes(_zip({name: b"bad"}))
    with pytest.raises(ValueError, match="outside"):
        extract_archive(str(tmp_path / "a.zip"), str(tmp_path / "out"))
    assert os.listdir(tmp_path) == ["a.zip"]


def test_zip_with_a_symbolic_link(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as z:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        z.writestr(info, "/etc/passwd")
    with pytest.raises(ValueError, match="symbolic link"):
        extract_archive(str(tmp_path / "a.zip"), str(tmp_path / "out"))


@pytest.mark.parametrize("make", [_tar, _zip])
def test_bombs_are_stopped(tmp_path, monkeypatch, make):
    monkeypatch.setattr("kerata.utils.archive._ALWAYS_ALLOWED", 10_000)
    (tmp_path / "a").write_bytes(make({"big": bytes(5_000_000)}))
    with pytest.raises(ValueError, match="far more than its size"):
        extract_archive(str(tmp_path / "a"), str(tmp_path / "out"))
    assert os.listdir(tmp_path) == ["a"]


def test_formats(tmp_path):
    (tmp_path / "a").write_bytes(_zip({"x": b""}))
    assert not extract_archive(str(tmp_path / "a"), str(tmp_path / "o"), None)
    assert not extract_archive(str(tmp_path / "a"), str(tmp_path / "o"), "tar")
    assert extract_archive(str(tmp_path / "a"), str(tmp_path / "o"), ["tar", "zip"])
    with pytest.raises(ValueError, match="rar"):
        extract_archive(str(tmp_path / "a"), str(tmp_path / "o"), "rar")


def test_a_full_disk_is_named(server, tmp_path, monkeypatch):
    import errno

    from kerata.utils import download

    class Full:
        def __init__(self, *args, **kwargs):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *exc):
            pass

        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    server.content["/file.bin"] = b"x" * 1000
    path = str(tmp_path / "file.bin")
    real = open
    monkeypatch.setattr(download, "open", lambda f, *a, **k: Full() if str(f).endswith(".part") else real(f, *a, **k), raising=False)
    with pytest.raises(download.DownloadError, match=r"file\.bin\.part: No space left.*1,000 bytes.*KERAS_HOME"):
        download.download(server.url + "/file.bin", path)
    assert not (tmp_path / "file.bin").exists()
