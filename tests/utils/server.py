"""A small HTTP server on this machine, with the faults that a test asks for."""

import contextlib
import http.server
import threading


class Files:
    """What the server serves, how it misbehaves, and what was asked of it."""

    def __init__(self):
        self.content: dict[str, bytes] = {}
        self.requests: list[tuple[str, str | None]] = []  # (path, Range header)
        self.drop_after: list[int] = []  # for the next replies: bytes after which the connection is cut
        self.fail: list[int] = []  # for the next replies: a status instead of the file
        self.ranges = True
        self.tags: dict[str, str] = {}
        self.url = ""


def _handler(files: Files):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def do_GET(self):
            wanted = self.headers.get("Range")
            files.requests.append((self.path, wanted))
            body = files.content.get(self.path)
            status = files.fail.pop(0) if files.fail else 200
            if body is None or status != 200:
                self.send_error(status if status != 200 else 404)
                return
            tag = files.tags.get(self.path, f'"{hash(body)}"')
            start = 0
            if wanted and files.ranges and self.headers.get("If-Range") == tag:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                if start >= len(body):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            stop = start + files.drop_after.pop(0) if files.drop_after else len(body)
            self.wfile.write(body[start:stop])
            if stop < len(body):
                self.wfile.flush()
                self.close_connection = True

    return Handler


@contextlib.contextmanager
def serve():
    """A running server: yields its `Files`."""
    files = Files()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(files))
    files.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield files
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
