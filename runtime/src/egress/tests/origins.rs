use reqwest::Url;

use crate::egress::{Origin, literal};

#[test]
fn an_entry_is_a_scheme_a_host_and_a_port() {
    let label = "a".repeat(63);
    let good = [
        "https://api.example.com",
        "http://localhost:8080",
        "https://API.Example.com",
        "https://*.example.org:8443",
        "https://10.0.0.7",
        "https://[2001:db8::1]:444",
        "https://a_b.c-d.e",
        &format!("https://{label}.example.com"),
    ];
    for text in good {
        let origin = Origin::parse(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(origin.to_string(), text.to_ascii_lowercase());
    }
    let bad = [
        "",
        "api.example.com",
        "https://",
        "https://api.example.com/",
        "https://api.example.com/v1",
        "https://api.example.com?x",
        "https://api.example.com#x",
        "https://user@api.example.com",
        "https://api.example.com:",
        "https://api.example.com:0",
        "https://api.example.com:65536",
        "https://api.example.com:+80",
        "https://*",
        "https://*.com",
        "https://*.*.example.com",
        "https://api.*.com",
        "https://a..b",
        "https://.example.com",
        "https://example.com.",
        "https://ex\u{e4}mple.com",
        "https://2130706433",
        "https://127.1",
        "https://0x7f000001",
        "https://256.1.1.1",
        "https://[::1",
        "https://[::1]x",
        "ftp://api.example.com",
        "HTTPS://api.example.com",
        "*://api.example.com",
        "https://a b.com",
        &format!("https://{label}a.example.com"),
    ];
    for text in bad {
        assert_eq!(Origin::parse(text), None, "{text}");
    }
}

#[test]
fn a_url_is_allowed_by_what_it_is_and_not_by_how_it_is_written() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        (
            "https://api.example.com",
            &[
                "https://api.example.com",
                "https://API.EXAMPLE.COM:443/v1?q=1#x",
                "HTTPS://api.example.com/",
                "https:\\\\api.example.com",
                "https://api%2eexample.com/",
                "https://\u{ff41}pi.example.com/",
            ],
            &[
                "http://api.example.com",
                "https://api.example.com:8443",
                "https://example.com",
                "https://x.api.example.com",
                "https://api.example.com.evil.net",
                "https://api.example.com@evil.net/",
                "https://evil.net/https://api.example.com",
                "https://evil.net#api.example.com",
                "https://evil.net?api.example.com",
                "https://evil.net\\@api.example.com",
                "https://api.example.com./",
                "wss://api.example.com",
                "file://api.example.com/etc/passwd",
            ],
        ),
        (
            "https://*.example.org:8443",
            &["https://a.example.org:8443", "https://a.b.example.org:8443/x"],
            &[
                "https://example.org:8443",
                "https://a.example.org",
                "https://aexample.org:8443",
                "https://a.example.org.evil.net:8443",
                "https://.example.org:8443",
            ],
        ),
        (
            "http://127.0.0.1:8080",
            &["http://127.0.0.1:8080", "http://2130706433:8080", "http://0x7f.1:8080", "http://0177.0.0.1:8080"],
            &["http://localhost:8080", "http://[::ffff:127.0.0.1]:8080", "http://127.0.0.2:8080"],
        ),
        ("http://[::1]:8080", &["http://[::1]:8080", "http://[0:0::0001]:8080"], &["http://127.0.0.1:8080"]),
    ];
    for (entry, allowed, refused) in cases {
        let origin = Origin::parse(entry).unwrap();
        for url in *allowed {
            assert!(origin.allows(&Url::parse(url).unwrap()), "{entry} {url}");
        }
        for url in *refused {
            assert!(!Url::parse(url).is_ok_and(|url| origin.allows(&url)), "{entry} {url}");
        }
    }
}

#[test]
fn every_spelling_of_an_address_is_taken_for_that_address() {
    for (host, address) in [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.0x0.0x0.0x1", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("0177.0.0.01", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("%31%32%37.0.0.1", "127.0.0.1"),
        ("\u{ff11}\u{ff12}\u{ff17}.0.0.1", "127.0.0.1"),
        ("127\u{3002}0\u{3002}0\u{3002}1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("169.16689662", "169.254.169.254"),
        ("[::ffff:7f00:1]", "::ffff:127.0.0.1"),
        ("[0:0:0:0:0:ffff:127.0.0.1]", "::ffff:127.0.0.1"),
    ] {
        let url = Url::parse(&format!("http://{host}/")).unwrap();
        assert_eq!(literal(url.host_str().unwrap()), Some(address.parse().unwrap()), "{host}");
    }
}
