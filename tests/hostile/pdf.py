"""A PDF written by hand, as broken as is asked for."""

import zlib

FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def stream(data, *, extra=b"", length=None):
    """A stream object's body."""
    size = str(len(data)).encode() if length is None else length
    return b"<< /Length " + size + b" " + extra + b" >>\nstream\n" + data + b"\nendstream"


def bomb(block, count):
    """``block`` packed once and repeated ``count`` times, without ever holding it all; then packed again."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    once = pack.compress(block) + pack.flush(zlib.Z_FULL_FLUSH)
    total = 1
    for _ in range(count):
        total = zlib.adler32(block, total)
    whole = b"\x78\xda" + once * count + b"\x03\x00" + total.to_bytes(4)
    return stream(zlib.compress(whole, 9), extra=b"/Filter [/FlateDecode /FlateDecode]")


def pdf(objects, *, root=1, trailer=b"", xref=None):
    """A whole file of numbered objects; ``xref`` instead of the right table."""
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    size = max(objects) + 1
    if xref is None:
        xref = b"xref\n0 %d\n0000000000 65535 f \n" % size
        xref += b"".join(
            b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 65535 f \n" for n in range(1, size)
        )
    out += xref + b"trailer\n<< /Size %d /Root %d 0 R " % (size, root) + trailer + b" >>\n"
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def one_page(content, *, resources=b"", box=b"[0 0 612 792]", more=None):
    """A file of one page; ``content`` is the body of its content stream."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox " + box + b" /Contents 4 0 R /Resources << " + resources
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: page + b" /Font << /F 5 0 R >> >> >>",
            4: content,
            5: FONT,
            **(more or {}),
        }
    )


def printed(text, *, size=9.0, font=b"F"):
    """Content that prints lines of text, Courier-like, from the page's top."""
    lines = []
    for line in text.split("\n"):
        words = line.encode("latin-1", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        lines.append(b"(" + words + b") Tj T*")
    return b"BT /" + font + b" %g Tf 11 TL 40 760 Td\n" % size + b"\n".join(lines) + b"\nET"
