//! The check that the answer to a download is the whole file.
//!
//! Owns the rule for a backup (API sheet, section 7): an attachment whose end the protocol shows, of a type that fits the
//! file's name, and no error document in its place (API sheet, section 4.1). Must not know where the bytes go.

use std::borrow::Cow;

use reqwest::header::{
    CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName,
    TRANSFER_ENCODING,
};
use reqwest::{StatusCode, Version};
use serde_json::Value;

use crate::tallyfy::{error_body, response};

/// The most bytes of a body that are kept to be read as an error document; a longer body is a file. A stack trace in JSON
/// takes some 100 KB (API sheet, E9).
const LONGEST_ERROR: usize = 1 << 20;
/// How far into a file its first bytes are looked for: a PDF may begin with other bytes.
const START: usize = 1024;

/// First bytes of files by the endings of their names.
const STARTS: [(&[&str], &[&[u8]]); 9] = [
    (&["pdf"], &[b"%PDF"]),
    (&["png"], &[b"\x89PNG\r\n\x1a\n"]),
    (&["jpg", "jpeg"], &[b"\xff\xd8\xff"]),
    (&["gif"], &[b"GIF8"]),
    (&["zip", "docx", "xlsx", "pptx", "xps"], &[b"PK"]),
    (&["psd"], &[b"8BPS"]),
    (&["tif", "tiff"], &[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]),
    (&["bmp"], &[b"BM"]),
    (&["webm"], &[b"\x1a\x45\xdf\xa3"]),
];

/// A format that both a file and an error may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Html,
    Xml,
    Json,
}

/// An answer under check, as far as it has come.
#[derive(Debug)]
pub(super) struct FileCheck {
    name: String,
    /// The first bytes, one more than an error document may have.
    start: Vec<u8>,
}

impl FileCheck {
    /// Begins to check the answer to a download of the file `name`; `length` is how many bytes the protocol announces.
    ///
    /// # Errors
    /// Why the answer is not the whole file, in words.
    pub(super) fn begin(
        name: &str,
        (status, version): (StatusCode, Version),
        headers: &HeaderMap,
        length: Option<u64>,
    ) -> Result<Self, String> {
        if !is_whole(status) || headers.contains_key(CONTENT_RANGE) {
            return Err(format!(
                "the server did not answer with the whole file (status {})",
                status.as_u16()
            ));
        }
        if !is_attachment(headers) {
            return Err("the server did not send it as an attachment".to_owned());
        }
        if said(headers, CONTENT_ENCODING).iter().any(|coding| coding != "identity") {
            return Err("the server packed the file, although it was asked not to".to_owned());
        }
        if !(length.is_some() || is_chunked(headers) || version >= Version::HTTP_2) {
            let words = "the answer has neither a length nor chunks, or was packed on its way: nothing shows that it is whole";
            return Err(words.to_owned());
        }
        let unfit = types(headers).into_iter().find(|kind| !fits(kind, name));
        match unfit {
            Some(kind) => Err(format!("the answer is of the type `{kind}`, which does not fit the name")),
            None => Ok(Self { name: name.to_owned(), start: Vec::new() }),
        }
    }

    /// Takes note of the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let room = LONGEST_ERROR + 1 - self.start.len();
        self.start.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Ends the check of a body that came to its end.
    ///
    /// # Errors
    /// The words of the error document that came in place of the file.
    pub(super) fn end(&self) -> Result<(), String> {
        let error = Some(&self.start).filter(|start| start.len() <= LONGEST_ERROR);
        match error.and_then(|body| error_in(body, &self.name)) {
            Some(words) => Err(format!("an error came in place of the file: {words}")),
            None => Ok(()),
        }
    }

    /// The ending of the name that the first bytes do not fit, if there is one.
    pub(super) fn odd_start(&self) -> Option<String> {
        let ending = ending(&self.name);
        let (_, starts) = STARTS.iter().find(|(endings, _)| endings.contains(&ending.as_str()))?;
        let start = &self.start[..self.start.len().min(START)];
        let fits = starts.iter().any(|known| match ending.as_str() {
            "pdf" => start.windows(known.len()).any(|part| part == *known),
            _ => start.starts_with(known),
        });
        (!fits).then_some(ending)
    }
}

/// Whether a status promises the whole of what was asked for, now.
fn is_whole(status: StatusCode) -> bool {
    matches!(status, StatusCode::OK | StatusCode::CREATED | StatusCode::NON_AUTHORITATIVE_INFORMATION)
}

/// The first words of a header's values, in lower case and without their parameters.
fn said(headers: &HeaderMap, name: HeaderName) -> Vec<String> {
    // A file's name in the rest of the value need not be ASCII.
    let values = headers.get_all(name).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let first =
        |value: Cow<'_, str>| value.split([';', ',']).next().unwrap_or_default().trim().to_ascii_lowercase();
    values.map(first).collect()
}

/// Every type that the headers name: something between here and the server may have joined two into one value.
fn types(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(CONTENT_TYPE).into_iter();
    let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
    let first = |part: &str| part.split(';').next().unwrap_or_default().trim().to_owned();
    values.flat_map(|value| value.split(',').map(first).collect::<Vec<_>>()).collect()
}

fn is_attachment(headers: &HeaderMap) -> bool {
    let said = said(headers, CONTENT_DISPOSITION);
    !said.is_empty() && said.iter().all(|word| word == "attachment")
}

/// Whether chunks are the only coding of the transfer; with another one the bytes are not the file's.
pub(super) fn is_chunked(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(TRANSFER_ENCODING).into_iter();
    let only = values.next().filter(|_| values.next().is_none());
    only.is_some_and(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"))
}

/// The ending of a file's name in lower case; empty where it has none.
fn ending(name: &str) -> String {
    name.trim().rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
}

/// Whether a file of that name can be of this type: any type that is neither HTML, XML nor JSON, which errors have too.
fn fits(kind: &str, name: &str) -> bool {
    let subtype = kind.split_once('/').map_or(kind, |(_, subtype)| subtype);
    let (own, suffix) = subtype.rsplit_once('+').map_or(("", subtype), |(own, suffix)| (own, suffix));
    let format = match suffix.strip_prefix("x-").unwrap_or(suffix) {
        _ if own == "xhtml" => Format::Html,
        "html" | "xhtml" => Format::Html,
        "xml" => Format::Xml,
        "json" | "ndjson" | "jsonlines" => Format::Json,
        _ => return true,
    };
    // `image/svg+xml`, `application/vnd.google-earth.kml+xml`
    let own_ending = own.rsplit('.').next().filter(|own| !own.is_empty());
    is_named(name, format) || own_ending == Some(ending(name).as_str())
}

/// Whether a name says that the file is of a format.
fn is_named(name: &str, format: Format) -> bool {
    let endings: &[&str] = match format {
        Format::Html => &["html", "htm", "xhtml", "xht"],
        Format::Xml => {
            &["xml", "xhtml", "xht", "svg", "xsd", "xsl", "xslt", "rss", "atom", "kml", "gpx", "plist"]
        }
        Format::Json => &["json", "geojson", "jsonl", "ndjson", "ipynb", "har"],
    };
    endings.contains(&ending(name).as_str())
}

/// What a body says that is an error document and whose name does not say that it is such a file.
fn error_in(body: &[u8], name: &str) -> Option<String> {
    let text = decoded(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    match text.as_bytes().first()? {
        b'{' if !is_named(name, Format::Json) => json_error(text),
        b'<' if !is_named(name, Format::Xml) => xml_error(text),
        _ => None,
    }
}

/// A body as text: UTF-16 where its mark or the zero bytes around its first letter say so, otherwise UTF-8.
fn decoded(body: &[u8]) -> Cow<'_, str> {
    let wide = |word: fn([u8; 2]) -> u16| {
        let words = body.chunks_exact(2).map(|pair| word([pair[0], pair[1]]));
        let letters = char::decode_utf16(words).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER));
        Cow::Owned(letters.collect())
    };
    match body {
        [0xff, 0xfe, ..] | [b'<' | b'{', 0, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, b'<' | b'{', ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(body),
    }
}

/// API sheet, E1 to E7 and E9. A trace of the server's own program is an error also without words.
fn json_error(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    let said = error_body::said_by(&value);
    let denies = response::says_error(&value)
        || value.get("success") == Some(&Value::Bool(false))
        || value.get("exception").is_some();
    match said.and_then(|said| said.words.or(said.code)) {
        None if denies => Some("no reason given".to_owned()),
        words => words,
    }
}

/// The error document of an S3 store, and of those that copy it: `<Error><Code>NoSuchKey</Code>...`.
fn xml_error(text: &str) -> Option<String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let end = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<!") => ">",
            _ => break,
        };
        rest = rest.split_once(end)?.1;
    }
    let root = tag(rest.strip_prefix('<')?);
    if !["error", "errorresponse"].contains(&root.as_str()) {
        return None;
    }
    ["code", "message"].into_iter().find_map(|name| element(rest, name))
}

/// The name of a tag, without what says whose it is.
fn tag(text: &str) -> String {
    let name = text.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase()
}

/// The text of the first element called `name`.
fn element(text: &str, name: &str) -> Option<String> {
    let inside = text.split('<').find(|part| tag(part) == name)?;
    let words = error_body::visible(inside.split_once('>')?.1);
    Some(words.unwrap_or_else(|| "no reason given".to_owned()))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    const ATTACHED: (&str, &str) = ("Content-Disposition", "attachment; filename=\"x\"");

    fn begun(name: &str, status: u16, headers: &[(&str, &str)], length: Option<u64>) -> Result<(), String> {
        let headers = headers.iter().map(|(key, value)| {
            let key: HeaderName = key.parse().unwrap();
            (key, HeaderValue::from_bytes(value.as_bytes()).unwrap())
        });
        let mut map = HeaderMap::new();
        headers.for_each(|(key, value)| _ = map.append(key, value));
        let status = StatusCode::from_u16(status).unwrap();
        FileCheck::begin(name, (status, Version::HTTP_11), &map, length).map(drop)
    }

    fn ended(name: &str, body: impl AsRef<[u8]>) -> Result<(), String> {
        let mut check = FileCheck { name: name.to_owned(), start: Vec::new() };
        // In pieces, as a body comes.
        body.as_ref().chunks(7).for_each(|piece| check.take(piece));
        check.end()
    }

    #[test]
    fn only_a_whole_attachment_is_accepted() {
        for disposition in [
            "attachment",
            "Attachment",
            " ATTACHMENT ; filename=\"a.pdf\"",
            "attachment; filename=Größe.pdf",
            "attachment;filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf",
        ] {
            assert_eq!(begun("a.pdf", 200, &[("content-disposition", disposition)], Some(0)), Ok(()));
        }
        for disposition in
            ["inline", "inline; filename=attachment", "attachments", "", "form-data; attachment"]
        {
            let refused = begun("a.pdf", 200, &[("content-disposition", disposition)], Some(3)).unwrap_err();
            assert_eq!(refused, "the server did not send it as an attachment", "{disposition}");
        }
        assert!(begun("a.pdf", 200, &[], Some(3)).is_err());
        assert!(begun("a.pdf", 200, &[ATTACHED, ("content-disposition", "inline")], Some(3)).is_err());
        for status in [202, 204, 205, 206, 207, 226, 304, 404, 500] {
            let refused = begun("a.pdf", status, &[ATTACHED], Some(3)).unwrap_err();
            assert!(refused.ends_with(&format!("(status {status})")), "{refused}");
        }
        assert!(begun("a.pdf", 200, &[ATTACHED, ("content-range", "bytes 0-1/3")], Some(2)).is_err());
    }

    #[test]
    fn an_answer_without_an_end_is_refused() {
        assert!(begun("a.pdf", 200, &[ATTACHED], None).unwrap_err().contains("neither a length nor chunks"));
        for (coding, is_framed) in
            [("chunked", true), (" Chunked ", true), ("gzip, chunked", false), ("gzip", false), ("", false)]
        {
            let begun = begun("a.pdf", 200, &[ATTACHED, ("transfer-encoding", coding)], None);
            assert_eq!(begun.is_ok(), is_framed, "{coding}");
        }
        let headers = HeaderMap::from_iter([(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"))]);
        assert!(FileCheck::begin("a.pdf", (StatusCode::OK, Version::HTTP_2), &headers, None).is_ok());
    }

    #[test]
    fn a_type_that_errors_have_must_fit_the_name() {
        for (kind, name, is_accepted) in [
            ("text/html", "contract.pdf", false),
            ("Text/HTML; charset=UTF-8", "contract", false),
            ("text/html", "page.HTML", true),
            ("text/html", "data.json", false),
            ("text/html", "page.html.pdf", false),
            ("application/xhtml+xml", "page.xhtml", true),
            ("application/xhtml+xml", "contract.pdf", false),
            ("application/xml", "contract.pdf", false),
            ("text/xml;charset=utf-8", "feed.XML", true),
            ("image/svg+xml", "logo.svg", true),
            ("image/svg+xml", "logo.png", false),
            ("application/vnd.google-earth.kml+xml", "way.kml", true),
            ("application/json", "contract.pdf", false),
            ("application/problem+json", "contract.pdf", false),
            ("application/vnd.api+json", "a.txt", false),
            ("text/x-json", "a.txt", false),
            ("application/json", "data.Json ", true),
            ("application/octet-stream", "contract.pdf", true),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "a.docx", true),
            ("application/javascript", "a.js", true),
            ("application/pdf, text/html", "a.pdf", false),
            ("", "a.pdf", true),
        ] {
            let begun = begun(name, 200, &[ATTACHED, ("content-type", kind)], Some(3));
            assert_eq!(begun.is_ok(), is_accepted, "{kind} {name}");
        }
        let twice = [ATTACHED, ("content-type", "application/pdf"), ("content-type", "text/html")];
        assert!(begun("a.pdf", 200, &twice, Some(3)).is_err());
    }

    #[test]
    fn an_error_document_is_no_file() {
        let long = format!("{{\"message\":\"no\",\"trace\":\"{}\"}}", "x".repeat(300_000));
        for (body, words) in [
            (
                r#"{"error":true,"message":"Resource not found","code":"RESOURCE_NOT_FOUND"}"#,
                "Resource not found",
            ),
            (r#"{"message":"no"}"#, "no"),
            (r#"{"error":true,"errors":{"a":["no"]}}"#, "no"),
            (r#"{"message":"no","code":"RATE_LIMIT_EXCEEDED"}"#, "no"),
            (r#"{"error":{"code":"SEAT_POOL_EXHAUSTED","message":"no","details":{}}}"#, "no"),
            (r#"{"error":"invalid_client"}"#, "invalid_client"),
            (r#"{"error":true}"#, "no reason given"),
            (r#"{"success":false}"#, "no reason given"),
            ("\u{feff} \r\n\t{\"error\":\"no\"}\n", "no"),
            (long.as_str(), "no"),
            ("<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code></Error>", "NoSuchKey"),
            ("\u{feff}<Error><Message>gone</Message></Error>", "gone"),
            (
                "<!-- a --><!DOCTYPE x> <s3:Error xmlns:s3='u'><s3:Code>AccessDenied</s3:Code></s3:Error>",
                "AccessDenied",
            ),
            ("<ErrorResponse><Error><Code>X</Code></Error></ErrorResponse>", "X"),
        ] {
            let refused = format!("an error came in place of the file: {words}");
            for name in ["contract.pdf", "contract", "notes.txt"] {
                assert_eq!(ended(name, body), Err(refused.clone()), "{name}: {body:.60}");
            }
            let own = if body.contains('<') { "a.XML" } else { "a.json" };
            assert_eq!(ended(own, body), Ok(()), "{own}: {body:.60}");
        }
    }

    #[test]
    fn what_only_looks_odd_is_a_file() {
        let large = format!("{{\"error\":true,\"x\":\"{}\"}}", "x".repeat(LONGEST_ERROR));
        for body in [
            "",
            "%PD",
            "<html>a page</html>",
            "<Errors><Code>1</Code></Errors>",
            "<Error>none of the store's</Error>",
            "{\"error\":true",
            "[{\"error\":true}]",
            "{\"type\":\"FeatureCollection\"}",
            large.as_str(),
        ] {
            assert_eq!(ended("contract.pdf", body), Ok(()), "{body:.60}");
        }
    }

    #[test]
    fn first_bytes_that_do_not_fit_are_noticed() {
        let odd = |name: &str, body: &[u8]| {
            let mut check = FileCheck { name: name.to_owned(), start: Vec::new() };
            check.take(body);
            check.odd_start()
        };
        assert_eq!(odd("a.pdf", b"\xef\xbb\xbf\n%PDF-1.7"), None);
        assert_eq!(odd("a.PNG", b"\x89PNG\r\n\x1a\n.."), None);
        assert_eq!(odd("a.docx", b"PK\x03\x04"), None);
        assert_eq!(odd("a.txt", b"\0\0"), None);
        assert_eq!(odd("a", b""), None);
        assert_eq!(odd("a.PDF", b"hello"), Some("pdf".to_owned()));
        assert_eq!(odd("a.zip", b""), Some("zip".to_owned()));
    }
}
