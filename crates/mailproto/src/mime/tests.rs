//! Torture: what is broken, deep, large, or in an encoding that nobody uses any more.

use proptest::prelude::*;

use super::{
    Address, Body, Date, Decoder, Encoding, EnvelopeFields, MAX_DEPTH, MAX_PARTS, Part, Scanned,
    Scanner, address, bodystructure, charset, compose, envelope, fuzz, ids, parameters, subject,
    text, transfer, words,
};

fn scan(message: &str) -> Scanned {
    fuzz::scan(message.as_bytes(), 4_096)
}

fn crlf(message: &str) -> String {
    message.replace('\n', "\r\n")
}

fn body<'a>(message: &'a str, part: &Part) -> &'a str {
    &message[part.body.start as usize..part.body.end as usize]
}

fn header<'a>(message: &'a str, part: &Part) -> &'a str {
    &message[part.header.start as usize..part.header.end as usize]
}

/// A tree in brief: `mixed(plain,alternative(plain,html))`.
fn shape(part: &Part) -> String {
    match &part.content {
        Body::Leaf => part.subtype.clone(),
        Body::Multipart(parts) => {
            let inner: Vec<String> = parts.iter().map(shape).collect();
            format!("{}({})", part.subtype, inner.join(","))
        }
        Body::Message { root, .. } => format!("message({})", shape(root)),
    }
}

const NESTED: &str = "From: Mira <mira@hill.internal>
To: all: jo@sea.internal, \"K, L\" <k@sea.internal>;, x@y.z
Subject: Re: [list] =?utf-8?Q?W=C3=A4lls?=
Message-ID: <1@hill.internal>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=\"outer\"

preamble
--outer
Content-Type: multipart/alternative; boundary=\"outer-inner\"

--outer-inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Caf=C3=A9 at =
noon

--outer-inner
Content-Type: text/html

<p>Caf&eacute;</p>
--outer-inner--
inner epilogue
--outer
Content-Type: message/rfc822
Content-Disposition: attachment; filename*0*=utf-8''%ec%9a; filename*1*=%b0; filename*2=.eml

From: jo@sea.internal
Subject: inside
Content-Type: multipart/digest; boundary=d

--d

Subject: one

body one
--d

Subject: two

body two
--d--
--outer
Content-Type: application/pdf; name=plan.pdf
Content-Transfer-Encoding: base64

AAEC
--outer--
epilogue
";

#[test]
fn ranges_are_exact() {
    for message in [NESTED.to_owned(), crlf(NESTED)] {
        let found = scan(&message);
        let root = &found.structure.root;
        assert_eq!(
            shape(root),
            "mixed(alternative(plain,html),message(digest(message(plain),message(plain))),pdf)"
        );
        let eol = if message.contains('\r') { "\r\n" } else { "\n" };
        let part = |path: &[u32]| found.structure.part(path).unwrap();
        let same =
            |part: &Part, text: &str| assert_eq!(body(&message, part), text.replace('\n', eol));
        same(part(&[1, 1]), "Caf=C3=A9 at =\nnoon\n");
        same(part(&[1, 2]), "<p>Caf&eacute;</p>");
        assert_eq!(part(&[1, 1]).lines, 2);
        assert_eq!(part(&[1, 2]).lines, 0);
        same(part(&[2, 1, 1]), "body one");
        same(part(&[2, 2, 1]), "body two");
        assert_eq!(
            header(&message, part(&[2, 2, 1])),
            format!("Subject: two{eol}{eol}")
        );
        assert_eq!(part(&[2]).file_name().as_deref(), Some("우.eml"));
        same(part(&[3]), "AAEC");
        assert_eq!(part(&[3]).file_name().as_deref(), Some("plan.pdf"));
        assert_eq!(found.preview, "Café at noon");
        assert!(found.summary.has_attachment);
        assert_eq!(found.summary.subject(), "Re: [list] Wälls");
        assert_eq!(found.summary.base_subject(), "Wälls");
        assert_eq!(
            found.summary.message_id().as_deref(),
            Some("1@hill.internal")
        );
        assert!(found.structure.part(&[4]).is_none());
        assert!(found.structure.part(&[3, 1]).is_none());
        assert!(found.structure.part(&[0]).is_none());
        let Body::Message { envelope, .. } = &part(&[2]).content else {
            panic!("no message")
        };
        assert_eq!(
            envelope,
            "(NIL \"inside\" ((NIL NIL \"jo\" \"sea.internal\")) ((NIL NIL \"jo\" \"sea.internal\")) ((NIL NIL \"jo\" \"sea.internal\")) NIL NIL NIL NIL NIL)"
        );
        let kept = postcard::to_stdvec(&found.structure).unwrap();
        assert!(kept.len() < 900, "{} bytes", kept.len());
        let back: super::Structure = postcard::from_bytes(&kept).unwrap();
        assert_eq!(back, found.structure);
    }
}

#[test]
fn what_imap_sends() {
    let message = crlf(NESTED);
    let found = scan(&message);
    assert_eq!(
        found.envelope(),
        "(NIL \"Re: [list] =?utf-8?Q?W=C3=A4lls?=\" ((\"Mira\" NIL \"mira\" \"hill.internal\")) ((\"Mira\" NIL \"mira\" \"hill.internal\")) ((\"Mira\" NIL \"mira\" \"hill.internal\")) ((NIL NIL \"all\" NIL)(NIL NIL \"jo\" \"sea.internal\")(\"K, L\" NIL \"k\" \"sea.internal\")(NIL NIL NIL NIL)(NIL NIL \"x\" \"y.z\")) NIL NIL NIL \"<1@hill.internal>\")"
    );
    let plain = "Content-Type: text/plain; charset=utf-8\r\n\r\none\r\ntwo\r\n";
    assert_eq!(
        bodystructure(&scan(plain).structure, false),
        "(\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 10 2)"
    );
    let extended = bodystructure(&found.structure, true);
    assert!(
        extended.contains("(\"attachment\" (\"filename*\" \"utf-8''%EC%9A%B0.eml\"))"),
        "{extended}"
    );
    assert!(
        extended.ends_with("\"mixed\" (\"boundary\" \"outer\") NIL NIL NIL)"),
        "{extended}"
    );
    assert_eq!(
        extended.matches('(').count(),
        extended.matches(')').count(),
        "{extended}"
    );
    let odd = EnvelopeFields {
        subject: Some("a\"b\\ü".to_owned()),
        ..EnvelopeFields::default()
    };
    assert!(envelope(&odd).contains("{6}\r\na\"b\\ü "));
    let quoted = EnvelopeFields {
        subject: Some("a\"b\\".to_owned()),
        ..EnvelopeFields::default()
    };
    assert!(envelope(&quoted).contains("\"a\\\"b\\\\\""));
}

#[test]
fn broken_messages_give_the_best_structure() {
    let cases = [
        ("", "plain", ""),
        ("\n", "plain", ""),
        ("no header at all", "plain", "no header at all"),
        ("Subject: x", "plain", ""),
        (
            "Subject: x\nDear all: hello\nbye",
            "plain",
            "Dear all: hello\nbye",
        ),
        // No boundary, an empty one, one that never comes, one without its end.
        ("Content-Type: multipart/mixed\n\nhello", "mixed", "hello"),
        (
            "Content-Type: multipart/mixed; boundary=\"\"\n\nhello",
            "mixed",
            "hello",
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\n\nhello",
            "mixed(plain)",
            "hello",
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello",
            "mixed(plain)",
            "--b\n\nhello",
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b",
            "mixed(plain)",
            "--b",
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b--",
            "mixed(plain)",
            "--b--",
        ),
        // A part without an empty line after its header; one whose header is cut off by a boundary.
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n\nx\n--b--",
            "mixed(html,plain)",
            "--b\nContent-Type: text/html\n--b\n\nx\n--b--",
        ),
        // The inner multipart never ends.
        (
            "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/related; boundary=b\n\n--b\n\nx\n--a\n\ny\n--a--",
            "mixed(related(plain),plain)",
            "--a\nContent-Type: multipart/related; boundary=b\n\n--b\n\nx\n--a\n\ny\n--a--",
        ),
        ("Content-Type: nonsense\n\nx", "plain", "x"),
        ("Content-Type: text\n\nx", "plain", "x"),
        ("Content-Type: image/png/x; =\n\nx", "plain", "x"),
        (
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nAAAA",
            "rfc822",
            "AAAA",
        ),
        ("Content-Type: message/rfc822\n\n", "message(plain)", ""),
        (
            "Content-Type: message/rfc822\n--\n",
            "message(plain)",
            "--\n",
        ),
        (
            "From mira Mon Jan  1 00:00:00 2024\nSubject: x\n\nb",
            "plain",
            "b",
        ),
    ];
    for (message, expected, whole) in cases {
        let found = scan(message);
        assert_eq!(shape(&found.structure.root), expected, "{message:?}");
        assert_eq!(body(message, &found.structure.root), whole, "{message:?}");
        fuzz::fuzz_mime(&[&[0], message.as_bytes()].concat());
        fuzz::fuzz_mime(&[&[4], crlf(message).as_bytes()].concat());
    }
    // What isn't taken apart is bytes to an IMAP client.
    let opaque = scan("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nAAAA");
    assert!(
        bodystructure(&opaque.structure, false).starts_with("(\"application\" \"octet-stream\"")
    );
}

#[test]
fn depth_and_parts_are_bounded() {
    let mut deep = String::new();
    for level in 0..5_000 {
        deep.push_str(&format!(
            "Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"
        ));
    }
    let found = scan(&deep);
    assert!(found.structure.cut);
    assert!(
        found
            .structure
            .parts()
            .iter()
            .map(|(path, _)| path.len())
            .max()
            .unwrap()
            <= MAX_DEPTH
    );
    let messages = "Content-Type: message/rfc822\n\n".repeat(5_000);
    assert!(scan(&messages).structure.cut);
    let many = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n{}",
        "--b\n\nx\n".repeat(100_000)
    );
    let found = scan(&many);
    assert!(found.structure.cut);
    assert!(found.structure.parts().len() <= MAX_PARTS);
    let wide = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n{}",
        format!("--b\nContent-Type: a/b; x={}\n\nx\n", "y".repeat(50_000)).repeat(100)
    );
    let found = scan(&wide);
    assert!(found.structure.cut);
    assert!(postcard::to_stdvec(&found.structure).unwrap().len() < 2 << 20);
}

#[test]
fn an_attachment_of_50_mb_costs_nothing() {
    let mut scanner = Scanner::new();
    scanner.push(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    let line = [[b'A'; 76].as_slice(), b"\r\n"].concat();
    let block = line.repeat(1_000);
    for _ in 0..50_000_000 / block.len() {
        scanner.push(&block);
        assert!(scanner.held_bytes() < 10_000, "{}", scanner.held_bytes());
    }
    // One line without end is no different.
    for _ in 0..50 {
        scanner.push(&[b'-'; 1 << 20]);
        assert!(scanner.held_bytes() < 10_000);
    }
    scanner.push(b"\r\n--b--\r\n");
    let found = scanner.finish();
    assert_eq!(shape(&found.structure.root), "mixed(zip)");
    assert!(found.structure.part(&[1]).unwrap().octets() > 100_000_000);
    // Nor is a header without end.
    let mut scanner = Scanner::new();
    for _ in 0..100_000 {
        scanner.push(b"Subject: x\r\nReferences: <aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b>\r\n <cccccc@d>\r\nDelivered-To: x@y.z\r\n");
    }
    scanner.push(b"To: ");
    for _ in 0..100 {
        scanner.push(&[b'x'; 100_000]);
    }
    assert!(scanner.held_bytes() < 1 << 20, "{}", scanner.held_bytes());
    assert!(scanner.finish().structure.cut);
}

#[test]
fn every_charset() {
    let sample = [
        ("Hello, world. Price 5", ""),
        (
            "Grüße aus Köln, déjà vu",
            "windows-1252 iso-8859-15 macintosh utf-8 iso-8859-3 windows-1254 windows-1258",
        ),
        ("Zażółć gęślą jaźń", "iso-8859-2 windows-1250"),
        ("Ģimene ņem Žagarė", "iso-8859-4 windows-1257 iso-8859-13"),
        ("Sámi giella đŋŧ", "iso-8859-10"),
        ("Ŵyth Ŷnys ḃ", "iso-8859-14"),
        ("Știință și țară", "iso-8859-16"),
        (
            "Вода из колодца",
            "koi8-r koi8-u windows-1251 iso-8859-5 ibm866 x-mac-cyrillic",
        ),
        ("مياه البئر", "windows-1256 iso-8859-6"),
        ("νερό από το πηγάδι", "iso-8859-7 windows-1253"),
        ("מים מן הבאר", "iso-8859-8 iso-8859-8-i windows-1255"),
        ("น้ำจากบ่อ", "windows-874"),
        ("우물에서 나온 물", "euc-kr"),
        ("井戸の水はうまい", "shift_jis euc-jp iso-2022-jp"),
        ("井里的水很甜", "gbk gb18030"),
        ("井裡的水很甜", "big5"),
    ];
    let mut seen = 0;
    for (text, labels) in sample {
        for label in labels.split_whitespace() {
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
            let (bytes, _, lossy) = encoding.encode(text);
            assert!(!lossy, "{label} can't write {text}");
            assert_eq!(charset::decode(Some(label), &bytes), text, "{label}");
            let word = format!(
                "=?{label}?B?{}?=",
                base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes)
            );
            assert_eq!(words::decode(&word), text, "{label}");
            seen += 1;
        }
    }
    assert!(seen >= 36, "{seen}");
    let utf16: Vec<u8> = "물 wasser"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    assert_eq!(charset::decode(Some("utf-16be"), &utf16), "물 wasser");
    let utf16: Vec<u8> = "물 wasser"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(charset::decode(Some("utf-16le"), &utf16), "물 wasser");
    // Those that only mail has.
    assert_eq!(
        charset::decode(
            Some("utf-7"),
            b"Hi Mom -+Jjo--! A+ImIDkQ. 1 +- 1 +ZeVnLIqe-"
        ),
        "Hi Mom -☺-! A≢Α. 1 + 1 日本語"
    );
    assert_eq!(
        charset::decode(Some("iso-2022-kr"), b"\x1b$)C\x0e?l90\x0f, ok"),
        "우물, ok"
    );
    assert_eq!(
        charset::decode(Some("hz-gb-2312"), b"~{<:Ky2;S{~} ok ~~"),
        "己所不欲 ok ~"
    );
    // None stated, a wrong one stated.
    assert_eq!(charset::decode(None, "우물".as_bytes()), "우물");
    assert_eq!(charset::decode(Some("us-ascii"), "우물".as_bytes()), "우물");
    assert_eq!(
        charset::decode(Some("x-nonsense"), "우물".as_bytes()),
        "우물"
    );
    let (bytes, ..) = encoding_rs::WINDOWS_1251.encode("Вода из колодца холодная и чистая");
    assert_eq!(
        charset::decode(Some("utf-8"), &bytes),
        "Вода из колодца холодная и чистая"
    );
}

#[test]
fn encoded_words_as_in_the_wild() {
    for (value, text) in [
        ("plain", "plain"),
        ("=?utf-8?B?7Jqw66y8?=", "우물"),
        ("=?UTF-8?q?a_b=3D?= c", "a b= c"),
        ("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?a?=\t =?utf-8?Q?b?= c", "ab c"),
        ("x =?utf-8?Q?a?= y", "x a y"),
        // A character cut in two; no padding; glued; in quotes; with spaces; with a language.
        ("=?utf-8?B?7Jo=?= =?utf-8?B?sA==?=", "우"),
        ("=?utf-8?B?7Jqw6w?= =?utf-8?B?rLw?=", "우물"),
        ("a=?utf-8?Q?b?=c", "abc"),
        ("\"=?utf-8?Q?b?=\"", "\"b\""),
        ("=?utf-8?Q?a b?=", "a b"),
        ("=?utf-8*en?Q?a?=", "a"),
        ("=?iso-8859-1?Q?=E4?= =?utf-8?Q?=C3=A4?=", "ää"),
        ("=?utf-8?Q?a_?= b", "a  b"),
        // No words at all.
        ("=?", "=?"),
        ("=?a?b?", "=?a?b?"),
        ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
        ("1 =? 2 ?= 3", "1 =? 2 ?= 3"),
    ] {
        assert_eq!(words::decode(value), text, "{value}");
    }
    for text in [
        "plain",
        "우물에서 나온 물 그리고 펌프가 햇빛으로 돈다는 것에 대하여",
        "a =?b",
        "ü",
    ] {
        let encoded = words::encode(text);
        assert!(encoded.is_ascii());
        assert!(encoded.split(' ').all(|word| word.len() <= 75), "{encoded}");
        assert_eq!(words::decode(&encoded), text);
    }
}

#[test]
fn addresses() {
    let shown = |value: &str| -> Vec<String> {
        address::mailboxes(value)
            .iter()
            .map(|m| format!("{}|{}", m.display_name().unwrap_or_default(), m.address()))
            .collect()
    };
    for (value, expected) in [
        ("", vec![]),
        (" , ,", vec![]),
        ("a@b.c", vec!["|a@b.c"]),
        ("<a@b.c>", vec!["|a@b.c"]),
        ("A B <a@b.c>, d@e.f", vec!["A B|a@b.c", "|d@e.f"]),
        ("\"B, A\" <a@b.c>", vec!["B, A|a@b.c"]),
        ("a@b.c (A B)", vec!["A B|a@b.c"]),
        ("\"a \\\"x\\\"\" <a@b.c>", vec!["a \"x|a@b.c"]),
        ("=?utf-8?B?7Jqw66y8?= <a@b.c>", vec!["우물|a@b.c"]),
        ("우물 <우물@b.c>", vec!["우물|우물@b.c"]),
        ("g: a@b.c, D <d@e.f>;", vec!["|a@b.c", "D|d@e.f"]),
        ("undisclosed-recipients:;", vec![]),
        ("a@b.c; d@e.f", vec!["|a@b.c", "|d@e.f"]),
        ("\"quoted @ local\"@b.c", vec!["|\"quoted @ local\"@b.c"]),
        ("<@x,@y:a@b.c>", vec!["|a@b.c"]),
        ("a . b @ c . d", vec!["|a.b@c.d"]),
        ("A (comment (nested)) B <a@b.c>", vec!["A B|a@b.c"]),
        ("<a (x)@ (y \\) (z)) b.c> (A)", vec!["A|a@b.c"]),
        ("<a(b@c.d>, e@f.g", vec!["|\"a(b\"@c.d", "|e@f.g"]),
        ("no address", vec!["|\"no address\""]),
        ("<a@b.c", vec!["|a@b.c"]),
        ("\"a <a@b.c>", vec!["|\"a <a@b.c>\""]),
    ] {
        assert_eq!(shown(value), expected, "{value}");
    }
    assert!(
        matches!(&address::parse("g:;")[..], [Address::Group { name, members }] if name == "g" && members.is_empty())
    );
    for value in ["A B <a@b.c>", "\"B, A\" <a@b.c>", "a@b.c"] {
        assert_eq!(address::mailboxes(value)[0].to_header(), value);
    }
}

#[test]
fn dates() {
    for (value, unix_s) in [
        ("Tue, 1 Jul 2003 10:52:37 +0200", 1_057_049_557),
        ("1 Jul 2003 10:52 +0200", 1_057_049_520),
        ("Tue, 01 Jul 03 08:52:37 GMT", 1_057_049_557),
        ("Tue, 1 Jul 2003 08:52:37", 1_057_049_557),
        ("Tue, 1 Jul 2003 10:52:37 +0200 (CEST)", 1_057_049_557),
        ("Tue Jul  1 08:52:37 2003", 1_057_049_557),
        ("2003-07-01T10:52:37+02:00", 1_057_049_557),
        ("2003-07-01 08:52:37", 1_057_049_557),
        ("Thu, 1 Jan 1970 00:00:00 -0000", 0),
        ("Fri, 21 Nov 97 09:55:06 -0600", 880_127_706),
        ("29-Feb-2024 00:00:00 +0000", 1_709_164_800),
    ] {
        assert_eq!(
            Date::parse(value).map(|d| d.unix_ms / 1_000),
            Some(unix_s),
            "{value}"
        );
    }
    for value in [
        "",
        "yesterday",
        "32 Jul 2003 10:00",
        "1 Foo 2003 10:00",
        "Jul 2003",
    ] {
        assert_eq!(Date::parse(value), None, "{value}");
    }
    let date = Date {
        unix_ms: 1_057_049_557_000,
        offset_minutes: -210,
    };
    assert_eq!(date.to_header(), "Tue, 1 Jul 2003 05:22:37 -0330");
    assert_eq!(Date::parse(&date.to_header()), Some(date));
}

#[test]
fn base_subjects() {
    for (value, expected, reply) in [
        ("wells", "wells", false),
        ("Re: wells", "wells", true),
        ("RE:Fwd: re: [list] wells (fwd)", "wells", true),
        ("[list] wells", "wells", false),
        ("[list]", "[list]", false),
        ("Re[2]: wells", "wells", true),
        ("[a] [b] Re: wells", "wells", true),
        ("[fwd: re: wells]", "wells", true),
        ("  Re:   many   spaces ", "many spaces", true),
        ("Re:", "", true),
        ("Regarding: x", "Regarding: x", false),
        ("", "", false),
    ] {
        let base = subject::base(value);
        assert_eq!(
            (base.text.as_str(), base.is_reply_or_forward),
            (expected, reply),
            "{value}"
        );
    }
}

#[test]
fn message_ids() {
    assert_eq!(ids::parse("<a@b> <c@d>\r\n <a@b>"), ["a@b", "c@d"]);
    assert_eq!(ids::parse("a@b"), ["a@b"]);
    assert_eq!(ids::parse("<broken\r\n id@b>"), ["brokenid@b"]);
    assert_eq!(ids::parse("Your message of Monday"), Vec::<String>::new());
    let long: String = (0..1_000).map(|n| format!("<{n}@x>")).collect();
    let found = ids::parse(&long);
    assert_eq!(
        (found.len(), found[0].as_str(), found[99].as_str()),
        (100, "0@x", "999@x")
    );
}

#[test]
fn parameters_in_all_their_forms() {
    let one = |text: &str| parameters(text);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(one(" charset=utf-8"), [pair("charset", "utf-8")]);
    assert_eq!(
        one("a=\"x;\\\"y\"; B = z (comment)"),
        [pair("a", "x;\"y"), pair("b", "z")]
    );
    assert_eq!(
        one("filename=My File.pdf"),
        [pair("filename", "My File.pdf")]
    );
    assert_eq!(one("name*1=b; name*0=a; name*2=c"), [pair("name", "abc")]);
    assert_eq!(one("name*=utf-8'en'%e2%82%ac%20x"), [pair("name", "€ x")]);
    assert_eq!(
        one("name=plain; name*=utf-8''%e2%82%ac"),
        [pair("name", "€")]
    );
    assert_eq!(
        one("name*0*=iso-8859-1''%e4; name*1=%41; name*2*=%42"),
        [pair("name", "ä%41B")]
    );
    assert_eq!(one("; ;; =x; y"), []);
}

#[test]
fn transfer_encodings() {
    let decode = |encoding: &Encoding, text: &str| {
        String::from_utf8(Decoder::once(encoding, text.as_bytes())).unwrap()
    };
    for (text, expected) in [
        ("YQ==", "a"),
        ("YWI=", "ab"),
        ("YWJj", "abc"),
        ("YW Jj\r\nZA==", "abcd"),
        ("YQ==Yg==", "ab"),
        ("YQ", "a"),
        ("!!!", ""),
        ("Y", ""),
    ] {
        assert_eq!(decode(&Encoding::Base64, text), expected, "{text}");
    }
    for (text, expected) in [
        ("a=3Db", "a=b"),
        ("a=\r\nb", "ab"),
        ("a= \t\r\nb", "ab"),
        ("a  \r\nb", "a\r\nb"),
        ("a=zb", "a=zb"),
        ("a=4", "a=4"),
        ("a=", "a"),
        ("=3d", "="),
    ] {
        assert_eq!(decode(&Encoding::QuotedPrintable, text), expected, "{text}");
    }
    let long = "물 ".repeat(100) + "\nFrom here\n.\nend ";
    let encoded = String::from_utf8(transfer::quoted_printable(&long)).unwrap();
    assert!(
        encoded
            .lines()
            .all(|line| line.len() <= 76 && !line.starts_with("From") && !line.starts_with('.'))
    );
    assert_eq!(
        decode(&Encoding::QuotedPrintable, &encoded),
        crlf(&long) + "\r\n"
    );
}

#[test]
fn previews_and_flowed_text() {
    let html = "Content-Type: text/html\n\n<html><head><style>p{color:red}</style></head><body><p>One</p><p>two &amp; three</p>";
    assert_eq!(scan(html).preview, "One two & three");
    let quoted = "\n> old\n\nNew   text\n";
    assert_eq!(scan(quoted).preview, "New text");
    assert_eq!(scan("\n> only old").preview, "> only old");
    assert_eq!(
        scan(&format!("\n{}", "물".repeat(1_000)))
            .preview
            .chars()
            .count(),
        200
    );
    assert_eq!(
        text::unflow("one \ntwo\n> a \n> b\n-- \nx", false),
        "one two\n> a b\n-- \nx\n"
    );
    assert_eq!(text::unflow("우물 \n물", true), "우물물\n");
}

#[test]
fn what_is_written_can_be_read() {
    let mailbox = |name: &str, local: &str| super::Mailbox {
        name: Some(name.to_owned()),
        local: local.to_owned(),
        domain: "hill.internal".to_owned(),
        route: None,
    };
    let letter = compose::Letter {
        from: mailbox("Mira", "mira"),
        to: (0..20)
            .map(|n| mailbox(&format!("우물, {n}"), &format!("p{n}")))
            .collect(),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: "Wasser und Brunnen: ".repeat(10) + "우물\r\nBcc: evil@x.y",
        date: Date {
            unix_ms: 1_057_049_557_000,
            offset_minutes: 0,
        },
        message_id: "1@hill.internal".to_owned(),
        in_reply_to: Some("0@hill.internal".to_owned()),
        references: vec!["0@hill.internal".to_owned()],
        headers: Vec::new(),
        text: "Line one \n우물\n-- \nMira".to_owned(),
    };
    let mut writer = compose::Writer::new(Some("abc"));
    let mut out = writer.head(&letter);
    for name in [
        "plan.pdf",
        "우물에서 나온 물에 대한 아주 긴 이름의 문서 그리고 더.pdf",
    ] {
        out.extend(writer.begin_file(&compose::Attached {
            name: name.to_owned(),
            media_type: "application/pdf".to_owned(),
            content_id: None,
        }));
        for piece in vec![7_u8; 1_000].chunks(13) {
            writer.file(piece, &mut out);
        }
        writer.end_file(&mut out);
    }
    out.extend(writer.end());
    let found = fuzz::scan(&out, 50);
    let message = String::from_utf8(out.clone()).unwrap();
    assert!(
        message
            .split("\r\n")
            .all(|line| line.len() <= 78 && !line.contains(['\r', '\n']))
    );
    assert_eq!(shape(&found.structure.root), "mixed(plain,pdf,pdf)");
    assert!(found.summary.fields.bcc.is_none());
    assert_eq!(
        address::mailboxes(found.summary.fields.to.as_deref().unwrap())[19]
            .display_name()
            .as_deref(),
        Some("우물, 19")
    );
    assert_eq!(found.summary.ancestors(), ["0@hill.internal"]);
    assert_eq!(
        found.structure.part(&[3]).unwrap().file_name().as_deref(),
        Some("우물에서 나온 물에 대한 아주 긴 이름의 문서 그리고 더.pdf")
    );
    let file = found.structure.part(&[2]).unwrap();
    assert_eq!(
        Decoder::once(&file.encoding, body(&message, file).as_bytes()),
        vec![7_u8; 1_000]
    );
    let first = found.structure.part(&[1]).unwrap();
    assert_eq!(
        text::of_part(first, body(&message, first).as_bytes()),
        crlf("Line one \n우물\n-- \nMira\n")
    );
}

/// Lines that make trouble together.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(vec![
        "--a",
        "--b",
        "--a--",
        "--b--",
        "",
        "",
        "x",
        "Content-Type: multipart/mixed; boundary=a",
        "Content-Type: multipart/digest;",
        " boundary=\"b\"",
        "Content-Type: message/rfc822",
        "Content-Type: text/html; charset=euc-kr",
        "Subject: =?utf-8?B?7Jqw?=",
        "From: a@b",
        "From mira",
        "no colon",
        "--",
        "-",
        "\u{1b}$B",
        "Content-Transfer-Encoding: base64",
        "YWJj",
    ]);
    let end = prop::sample::select(vec!["\n", "\r\n", "\r", ""]);
    prop::collection::vec((line, end), 0..40).prop_map(|lines| {
        lines
            .into_iter()
            .flat_map(|(line, end)| [line, end])
            .collect::<String>()
            .into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// However the bytes are split, the structure is the same.
    #[test]
    fn any_split_gives_the_same(message in lines(), size in 0_u8..30) {
        fuzz::fuzz_mime(&[&[size], message.as_slice()].concat());
    }

    #[test]
    fn any_bytes(message in prop::collection::vec(any::<u8>(), 0..500)) {
        fuzz::fuzz_mime(&message);
    }

    /// Whatever is encoded comes back, in any pieces.
    #[test]
    fn base64_streams(bytes in prop::collection::vec(any::<u8>(), 0..500), size in 1_usize..50) {
        let mut lines = transfer::Base64Lines::default();
        let mut out = Vec::new();
        bytes.chunks(size).for_each(|piece| lines.push(piece, &mut out));
        lines.finish(&mut out);
        let mut decoder = Decoder::new(&Encoding::Base64);
        let mut back = Vec::new();
        out.chunks(size).for_each(|piece| decoder.push(piece, &mut back));
        decoder.finish(&mut back);
        prop_assert_eq!(back, bytes);
    }
}
