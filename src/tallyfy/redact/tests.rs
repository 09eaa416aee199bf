use proptest::prelude::*;
use serde_json::json;

use super::*;

const CODE: &str = "Xy7kQ9Lm2VtRb4Zs";
const TOKEN: &str = "eyJhbGciOi.J9hunter2-_x";

fn redactor() -> Redactor<'static> {
    Redactor::new(TOKEN, "tidy.acme.example")
}

fn redacted(mut value: Value) -> Value {
    redactor().value(&mut value);
    value
}

fn text(text: &str) -> String {
    redactor().text(text).into_owned()
}

#[test]
fn code_of_a_guest_link_is_replaced_in_every_form() {
    for form in [
        "https://go.tallyfy.com/guest/{}",
        "https://go.tallyfy.com/guest/{}/",
        "https://go.tallyfy.com/guest/{}/tasks",
        "https://go.tallyfy.com/guest/{}/0a1b2c?tab=1#x",
        "one: https://go.tallyfy.com/guest/{}/task-1",
        "all: https://go.tallyfy.com/guest-all-task/org789/{}",
        "https://go.tallyfy.com/guest-all-task/org789/{}?x=1",
        "https://go.tallyfy.com/org/tasks?tab=1&guest_code={}&x=1",
        "https://go.tallyfy.com/#/guest/{}",
        "https://go.tallyfy.com/api/organizations/0a/guests/{}/tasks/0b",
        "https://api.tallyfy.com/organization/0a/guests/{}/preferences",
        "https://api.tallyfy.com/public/organizations/0a/guests/{}/form-field/value",
        "https://api.tallyfy.com/organizations/0a/watchers?guest={}&page=1",
        "https://api.tallyfy.com/watch/{}/0a1b",
        "https://go.tallyfy.com/callback#access_token={}&token_type=Bearer",
        "HTTPS://Staging.GO.Tallyfy.COM:443/Guest/{}",
        "//go.tallyfy.com./guest/{}",
        "go.tallyfy.com/guest/{}",
        "https://me:pw@go.tallyfy.com/guest/{}",
        "https://tidy.acme.example:8443/guest/{}",
        "https://go.tallyfy.com//guest//{}",
        "<a href=\"https://go.tallyfy.com/guest/{}\">here</a>, or there",
        "<a href='/guest/{}'>here</a>",
        "<a href=/guest/{}>here</a>",
        "[here](https://go.tallyfy.com/guest/{}), **and** there.",
        "see https://go.tallyfy.com/guest/{}. Then go on.",
        "/guest/{}",
        "/guest?code={}",
        "https:\\\\go.tallyfy.com\\guest\\{}",
        "https://go.tallyfy.com/gu\u{200b}est/{}",
        "https://go.tal\u{ad}lyfy.com/\u{202e}guest/{}",
        "GET /organizations/0a/guests/{}/tasks was refused",
        "GET organizations/0a/guests/{}/tasks was refused",
        "guest_code={}&x",
        "https%3A%2F%2Fgo.tallyfy.com%2Fguest%2F{}%2Ftasks",
        "https%253A%252F%252Fgo.tallyfy.com%252Fguest%252F{}%252Ftasks",
        "https://other.example/go?to=https%3A%2F%2Fgo.tallyfy.com%2Fguest%2F{}%26x%3D1",
        "https://other.example/go?to=https://go.tallyfy.com/guest/{}&x=1",
        "https://other.example/https://go.tallyfy.com/guest/{}",
        "{\"a\":\"https:\\/\\/go.tallyfy.com\\/guest\\/{}\"}",
        "https:\\u002f\\u002fgo.tallyfy.com\\u002fguest\\u002f{}",
        "https:&#x2F;&#47;go.tallyfy.com&sol;guest&sol;{}&amp;x=1",
        "https://go.tallyfy.com/%67uest/{}",
        "zwei: https://go.tallyfy.com/guest/{}, drei: https://go.tallyfy.com/guest/{}/tasks; é",
    ] {
        assert_eq!(text(&form.replace("{}", CODE)), form.replace("{}", REDACTED));
        assert_eq!(text(&form.replace("{}", REDACTED)), form.replace("{}", REDACTED), "twice");
    }
    assert_eq!(text("https://go.tallyfy.com/guest/%58y7"), "https://go.tallyfy.com/guest/[redacted]");
}

#[test]
fn other_addresses_stay_as_they_are() {
    for kept in [
        "https://other.example/guest/abc",
        "https://other.example/é/guest/abc?guest_code=abc#access_token=abc",
        "https://go.tallyfy.com.evil.example/guest/abc",
        "https://nottallyfy.com/guest/abc",
        "https://go.tallyfy.com@evil.example/guest/abc",
        "https://go.tallyfy.com/r?to=https://other.example/guest/abc",
        "https://go.tallyfy.com/r?to=https%3A%2F%2Fother.example%2Fguest%2Fabc",
        "other.example/guest/abc",
        "https://go.tallyfy.com/api/organizations/0a/guests/ana@x.example/disable",
        "https://go.tallyfy.com/api/organizations/0a/guests/ana%40x.example/disable",
        "https://go.tallyfy.com/api/organizations/0a/guests?q=ana",
        "https://go.tallyfy.com/api/organizations/0a/guests-list?guest=ana@x.example",
        "https://go.tallyfy.com/0a/processes/0b",
        "https://go.tallyfy.com/guest/",
        "https://go.tallyfy.com/guest",
        "the /guest/ page, a guest/host and a night watch/day",
        "100% of guests & 50 %41 &x; \\ are=here/there",
    ] {
        assert_eq!(text(kept), kept);
    }
}

#[test]
fn token_is_redacted_wherever_it_is_echoed() {
    let coded: String = TOKEN.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for said in [TOKEN.to_owned(), TOKEN.to_lowercase(), coded] {
        assert_eq!(text(&format!("a {said}b")), "a [redacted]b");
    }
    let said = json!({"name": format!("x{TOKEN}y"), format!("k{TOKEN}"): [format!("https://other.example/{TOKEN}")]});
    let wanted = json!({"name": "x[redacted]y", "k[redacted]": ["https://other.example/[redacted]"]});
    assert_eq!(redacted(said), wanted);
}

#[test]
fn values_of_the_keys_of_credentials_are_redacted() {
    let link = format!("https://go.tallyfy.com/guest-all-task/org789/{CODE}");
    let kept = "https://go.tallyfy.com/guest-all-task/org789/[redacted]";
    for (said, wanted) in [
        (json!({"link_for_guest": link}), json!({"link_for_guest": kept})),
        (
            json!({"email": "a@x", "link": "https://own.example/g/abc"}),
            json!({"email": "a@x", "link": REDACTED}),
        ),
        (
            json!({"guests": {"data": [{"id": 7, "link": "x"}]}}),
            json!({"guests": {"data": [{"id": 7, "link": "x"}]}}),
        ),
        (json!({"guests": [{"id": 7, "link": "x"}]}), json!({"guests": [{"id": 7, "link": REDACTED}]})),
        (
            json!({"link": "https://own.example/a", "public_link": "x"}),
            json!({"link": "https://own.example/a", "public_link": "x"}),
        ),
        (
            json!({"owners": {"taskUrls": ["x", "", null]}}),
            json!({"owners": {"taskUrls": [REDACTED, "", null]}}),
        ),
        (
            json!({"guest-links": {"a@x.example": {"link_for_guest": link}, CODE: {"link_for_guest": link}}}),
            json!({"guest-links": {"a@x.example": {"link_for_guest": kept}, REDACTED: {"link_for_guest": kept}}}),
        ),
        (
            json!([{"guest_link": "x", "guestCode": 7}]),
            json!([{"guest_link": REDACTED, "guestCode": REDACTED}]),
        ),
        (
            json!({"azure_cognitive_service": {"key": "x", "region": "eu"}}),
            json!({"azure_cognitive_service": {"key": REDACTED, "region": "eu"}}),
        ),
        (json!({"mixpanel_token": "x", "key": "y"}), json!({"mixpanel_token": REDACTED, "key": "y"})),
        (
            json!({"username": "u", "password": "p", "host": "h"}),
            json!({"username": REDACTED, "password": REDACTED, "host": "h"}),
        ),
        (
            json!({"username": "u", "top_secret": true, "token": null}),
            json!({"username": "u", "top_secret": true, "token": null}),
        ),
        (json!({"webhook": "https://x.example/?s=1"}), json!({"webhook": "https://x.example/?s=1"})),
        (json!({(link.clone()): 1, (format!("{link}/x")): 2}), json!({kept: 1, (format!("{kept}/x")): 2})),
        (
            json!({(format!("{link}?a")): 1, "links": {"next": "y"}}),
            json!({(format!("{kept}?a")): 1, "links": {"next": "y"}}),
        ),
    ] {
        assert_eq!(redacted(said), wanted);
    }
    let both = format!("{link}A");
    let value = redacted(json!({(link): 1, both: 2}));
    assert_eq!(value, json!({kept: 1, (format!("{kept} 2")): 2}), "no value is lost");
}

#[test]
fn guest_id_that_is_a_code_is_redacted() {
    let email = "ana@supplier.example";
    assert_eq!(redacted(json!([{"id": CODE, "email": email}])), json!([{"id": REDACTED, "email": email}]));
    assert_eq!(redacted(json!({"guests": [{"id": "0a".repeat(16)}]})), json!({"guests": [{"id": REDACTED}]}));
    for id in [json!(881), json!("881"), json!("5d0c2a9be1f34a7788c1d2e3f4a5b6c7"), json!(email), json!(null)]
    {
        let guest = json!({"id": id, "email": email});
        assert_eq!(redacted(guest.clone()), guest);
    }
    let step = json!({"id": CODE, "title": "Sign"});
    assert_eq!(redacted(step.clone()), step);
}

#[test]
fn webhooks_are_masked_on_demand_and_counted() {
    let mut value = redacted(json!({"webhook": "https://x.example/?s=hush", "link_for_guest": "x", "a": [
        {"webhook_url": {"url": "hush"}, "then": [{"webhook": null, "name": "webhook"}]}]}));
    assert_eq!(redactions(&value), Redactions { redacted: 1, webhooks: 2 });
    assert_eq!(redactions(&value).notes(), ["redacted: 1", "webhook addresses: 2"]);
    mask_webhooks(&mut value);
    assert!(!value.to_string().contains("hush") && value["a"][0]["then"][0]["webhook"].is_null());
}

/// Texts without anything of an address in them.
fn prose() -> impl Strategy<Value = String> {
    "([ a-zäß0-9.!()]|, |\n|<p>|\"){0,20}[ \n\"<]"
}

fn coded(text: &str, times: usize) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    (0..times).fold(text.to_owned(), |text, _| utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string())
}

proptest! {
    #[test]
    fn code_at_any_place_is_replaced_and_nothing_else(
        before in prose(), after in prose(), code in "[A-Za-z0-9]{1,60}", host in "(go|api|staging\\.go|[a-z]{1,8})",
        form in 0..6_usize, times in 0..4_usize, depth in 0..5_usize,
    ) {
        let link = |code: &str| {
            let base = format!("https://{host}.tallyfy.com");
            match form {
                0 => format!("{base}/guest/{code}"),
                1 => format!("{base}/guest/{code}/tasks"),
                2 => format!("{base}/guest-all-task/0a1b/{code}"),
                3 => format!("{base}/0a1b/tasks?guest_code={code}"),
                4 => format!("{base}/api/organizations/0a1b/guests/{code}/tasks"),
                _ => format!("{base}/watch/{code}/0a1b"),
            }
        };
        let nested = |text: String| (0..depth).fold(json!(text), |inner, n| match n % 2 {
            0 => json!([1, inner]),
            _ => json!({"summary": inner, "total": 7}),
        });
        // A code that no encoding changes, so that it is found in what is left.
        let (left, right) = { let all = link("\u{1}"); let (l, r) = all.split_once('\u{1}').unwrap(); (coded(l, times), coded(r, times)) };
        let said = nested(format!("{before}{left}{code}{right} {after}"));
        let wanted = nested(format!("{before}{left}{REDACTED}{right} {after}"));
        prop_assert_eq!(redacted(said), wanted);
    }

    #[test]
    fn text_without_a_credential_is_not_changed(text in "\\PC{0,60}", host in "[a-z]{1,9}\\.example") {
        for text in [text.clone(), format!("https://{host}/guest/abc?guest_code=abc {text}")] {
            let has_path = text.split_whitespace().skip(1).any(|word| word.contains('/') || word.contains('='));
            if !has_path {
                prop_assert_eq!(redactor().text(&text), text.as_str());
            }
        }
    }

    #[test]
    fn redacting_twice_is_redacting_once(text in "(https?:|//|/|go\\.tallyfy\\.com|guest|%2F|%25|&#47;|=|\\?|abc|\\\\| ){0,30}") {
        let once = redactor().text(&text).into_owned();
        prop_assert_eq!(redactor().text(&once), once.as_str());
    }
}

#[test]
fn token_is_found_through_what_is_not_shown() {
    let (start, end) = TOKEN.split_at(8);
    for between in [
        "\u{200b}",
        "\u{ad}",
        "\u{202e}",
        "\u{34f}",
        "\n",
        "\r\n",
        "\u{1}",
        "\u{1b}[0m",
        "<b></b>",
        "&#8203;",
    ] {
        let echoed = text(&format!("token {start}{between}{end} may not"));
        assert_eq!(echoed, "token [redacted] may not", "{between:?}");
    }
}
