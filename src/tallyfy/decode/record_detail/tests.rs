use serde_json::json;

use super::*;
use crate::model::kind::Kind;
use crate::tallyfy::redact::Redactor;

fn page_of(kind: Kind, value: &Value) -> RecordDetail {
    let (id, drafts) = row(kind, value).unwrap();
    record_detail(Record::new(kind, id, drafts), value)
}

/// The page of what an answer says, as it is received.
fn received(kind: Kind, mut value: Value) -> RecordDetail {
    Redactor::new("hunter2", "api.example").value(&mut value);
    page_of(kind, &value)
}

/// The lines of a page as `section: label = said`.
fn told(page: &RecordDetail) -> Vec<String> {
    let said = |said: &DetailValue| match said {
        DetailValue::Text(words) => words.clone(),
        DetailValue::People(ids) => format!("@{ids}"),
        DetailValue::Time(at) => at.to_string(),
        DetailValue::More(n) => format!("and {n} more"),
    };
    let lines = page.sections.iter().flat_map(|section| {
        section
            .lines
            .iter()
            .map(move |line| format!("{}: {} = {}", section.title, line.label, said(&line.said)))
    });
    lines.collect()
}

#[test]
fn every_field_is_told_once_and_in_its_place() {
    let value = json!({"data": {
        "id": "77", "title": "Näme", "original_title": "Näme", "status": "active", "status_label": "live",
        "archived_at": null, "deadline": "2026-03-01T09:30:00.000Z", "completed_at": "2026-03-02 10:00:00",
        "started_at": "soon", "owners": {"guests": [], "users": [2044, "2051"]}, "starter_id": 7,
        "run": {"data": null}, "run_id": null, "step_id": "abc", "starred": true, "top_secret": false,
        "summary": "<p>one</p><p>two \u{1b}[31m</p>", "tags": {"data": [{"title": "a"}]}, "taskdata": {},
        "attachment_size": 1_260, "whole": {"complete": 3, "total": 8, "percent": 37.53},
        "threads": {"data": [{"content": "<b>hi</b>"}, {"id": 9}]},
        "form_fields": {"data": [{"label": "Remarks", "field_value": "fine"}, {"label": "Files", "value": [{"filename": "a.pdf"}]}]},
        "custom_fields": {"color": "red", "deep": {"more_at": "2026-03-01T09:30:00Z"}},
    }});
    let page = page_of(Kind::Tasks, &value);
    let wanted = [
        "in words: summary = one\ntwo \u{241b}[31m",
        "custom fields: color = red",
        "custom fields: deep > more at = 2026-03-01T09:30:00Z",
        "form fields (2): Remarks = fine",
        "form fields (2): Files = a.pdf",
        "threads (2):  = hi",
        "threads (2):  = 9",
        "people: starter = @7",
        "times: completed at = 2026-03-02T10:00:00Z",
        "details: attachment size = 1.2 kB",
        "details: starred = yes",
        "details: started at = soon",
        "details: status label = live",
        "details: top secret = no",
        "details: whole = 3 of 8, 37.5%",
        "ids: step id = abc",
    ];
    assert_eq!(told(&page), wanted);
    assert_eq!(page.empty, ["run id", "taskdata"]);
    assert!(page.raw.starts_with("{\n  \"data\": {\n"), "{}", page.raw);
}

#[test]
fn what_it_leads_to_is_what_the_catalog_says() {
    let value = json!({"id": "5", "name": "x", "checklist_id": "9", "checklist_title": "Review", "archived_at": "2026-03-01T09:30:00Z",
        "assets": {"data": [{"id": "f1", "filename": "a.pdf"}, {"no": "id"}]}});
    let page = page_of(Kind::Processes, &value);
    let [template, tasks, files] = page.links.as_slice() else { panic!("{:?}", page.links) };
    let RelationEnd::Asked(lookup) = &template.end else { panic!("{template:?}") };
    assert_eq!((lookup.id.to_string().as_str(), lookup.name.as_str(), lookup.hidden), ("9", "Review", false));
    let RelationEnd::Asked(lookup) = &tasks.end else { panic!("{tasks:?}") };
    assert_eq!((lookup.id.to_string().as_str(), lookup.hidden), ("5", true));
    let RelationEnd::Here(records) = &files.end else { panic!("{files:?}") };
    assert_eq!(records.iter().map(Record::name).collect::<Vec<_>>(), ["a.pdf"]);
    // A file hangs on one thing only, and an id that could climb a path leads nowhere.
    for (subject, kinds) in [
        (json!({"id": "5", "type": "Run"}), vec![Kind::Processes]),
        (json!({"id": "5", "type": "checklist"}), vec![Kind::Templates]),
        (json!({"id": "..", "type": "Task"}), vec![]),
        (json!({"id": "5", "type": "Organization"}), vec![]),
    ] {
        let page = page_of(Kind::Files, &json!({"id": "f", "filename": "a", "subject": subject}));
        assert_eq!(page.links.iter().map(|link| link.relation.kind).collect::<Vec<_>>(), kinds);
    }
    let task = page_of(Kind::Tasks, &json!({"id": "7", "title": "x", "run_id": null}));
    assert!(task.links.is_empty());
}

#[test]
fn credentials_are_in_no_line_and_not_in_the_json() {
    let value = json!({"id": 1, "guest_link": "hush", "a": [{"guest_code": "hush", "b": {"taskUrls": ["hush"], "ok": 1}}],
        "c": {"token": "hush"}});
    let page = received(Kind::Tags, value);
    assert!(!format!("{page:?}").contains("hush"), "{page:?}");
}

#[test]
fn webhook_on_a_page_is_masked() {
    let value = json!({"id": 1, "webhook": "https://x.example/hush", "a": [{"webhook_url": "https://x.example/hush"}]});
    let page = received(Kind::Tags, value);
    assert!(
        !format!("{page:?}").contains("hush") && page.raw.contains("\"webhook\": \"[redacted]\""),
        "{page:?}"
    );
}

#[test]
fn depth_and_size_are_bounded() {
    let deep = (0..100).fold(json!("end"), |inner, _| json!({ "a": inner }));
    let lists = (0..100).fold(json!({"x": 1}), |inner, _| json!([inner]));
    let many = vec![json!({"x": [{"y": 1}]}); 3_000];
    let wide: Map<String, Value> = (0..3_000).map(|n| (format!("k{n}"), json!({"a": n}))).collect();
    let value = json!({"id": 1, "deep": deep, "lists": lists, "many": many, "wide": wide, "text": "é".repeat(30_000)});
    let page = page_of(Kind::Tags, &value);
    let lines = told(&page);
    assert!(lines.len() < 300 && page.sections.iter().all(|section| section.lines.len() <= MOST_LINES + 1));
    assert!(lines.contains(&"many (3,000):  = and 2,980 more".to_owned()), "{lines:?}");
    assert!(lines.iter().all(|line| line.chars().count() <= LONGEST + 100));
    let huge = page_of(Kind::Tags, &json!({"id": 1, "text": "é".repeat(LONGEST_RAW)}));
    assert!(huge.raw.ends_with("(cut after 200,000 characters)"));
}

#[test]
fn a_key_cannot_inject() {
    let page = page_of(
        Kind::Tags,
        &json!({"id": 1, "a\u{1b}[2J": 1, "b\u{202e}": {"c\u{9b}": "x"}, "d\u{7}": null}),
    );
    let text = format!("{}{}", told(&page).concat(), page.empty.concat());
    assert_eq!(text::clean(&text), text);
}

#[test]
fn whatever_shape_a_field_has_it_is_shown() {
    for value in [json!([]), json!({}), json!(null), json!(""), json!([null]), json!({"data": []})] {
        assert_eq!(
            page_of(Kind::Tags, &json!({"id": 1, "odd": value})).empty.len(),
            usize::from(value != json!([null]))
        );
    }
    for value in [json!([[1, 2], [3]]), json!([{"a": {"b": 1}}]), json!({"a": {"b": [{"c": 1}]}})] {
        assert!(!told(&page_of(Kind::Tags, &json!({"id": 1, "odd": value}))).is_empty(), "{value}");
    }
}

/// Older answers hold the guest's code, which opens the tasks without a login, as `id` (API sheet, section 6.8).
#[test]
fn the_code_that_stands_as_a_guests_id_is_on_no_page() {
    let code = "Xy7kQ9Lm2VtRb4Zs";
    let value = json!({"data": {"id": code, "email": "ana@supplier.example", "link": "x"}});
    let page = received(Kind::Guests, value);
    assert!(!page.raw.contains(code), "{}", page.raw);
    let value = json!({"id": "7", "title": "Sign", "run_id": null,
        "owners": {"users": [], "guests": [{"id": code, "email": "ana@supplier.example"}]}});
    let page = received(Kind::Tasks, value);
    assert!(!format!("{page:?}").contains(code), "{page:?}");
}

#[test]
fn a_guests_link_is_known_by_what_it_is_and_not_by_its_key_alone() {
    let link = "https://go.tallyfy.com/guest/Xy7kQ9Lm2VtRb4Zs";
    for key in ["guest_url", "url", "guest_links", "guest_codes", "href", "access_tokens"] {
        let value = json!({"id": "1", "title": "a", "inner": [{key: [link]}]});
        let page = received(Kind::Tags, value);
        assert!(!format!("{page:?}").contains("Xy7kQ9Lm2VtRb4Zs"), "{key}: {}", page.raw);
    }
}

/// What is cut short is said to be.
#[test]
fn a_section_that_is_cut_short_says_so() {
    let wide: Map<String, Value> = (0..300).map(|n| (format!("k{n}"), json!(n))).collect();
    let page = page_of(Kind::Tags, &json!({"id": 1, "wide": wide}));
    let lines = told(&page);
    assert_eq!(lines.len(), MOST_LINES + 1);
    assert_eq!(lines.last().unwrap(), "wide:  = and 100 more");
}

/// A key is bounded like a value, and is not written out once for each thing under it.
#[test]
fn a_key_of_any_length_makes_no_label_of_that_length() {
    let inner: Map<String, Value> = (0..150).map(|n| (format!("k{n}"), json!(n))).collect();
    let mut outer = Map::new();
    outer.insert("x".repeat(100_000), Value::Object(inner));
    let page = page_of(Kind::Tags, &json!({"id": 1, "custom_fields": outer, "y".repeat(100_000): null}));
    let longest = page.sections.iter().flat_map(|section| &section.lines).map(|line| line.label.len()).max();
    assert!(longest < Some(1_000), "{longest:?}");
    assert!(page.empty.iter().all(|key| key.len() < 1_000));
}

#[test]
fn a_page_is_bounded_as_a_whole_and_says_what_it_leaves_out() {
    let long = "é".repeat(LONGEST - 1);
    let texts: Map<String, Value> = (0..100).map(|n| (format!("t{n}"), json!(long))).collect();
    let lists: Map<String, Value> = (0..20_000).map(|n| (format!("l{n}"), json!({"a": {"b": n}}))).collect();
    let nothing: Map<String, Value> = (0..1_000).map(|n| (format!("n{n}"), json!(null))).collect();
    for (many, said) in [(texts, "details:  = and 96 more"), (lists, "left out:  = and ")] {
        let mut value = many;
        value.extend(nothing.clone());
        value.extend([("id".to_owned(), json!(1)), ("starred".to_owned(), json!(true))]);
        let page = page_of(Kind::Tags, &Value::Object(value));
        let lines = told(&page);
        assert!(lines.iter().map(String::len).sum::<usize>() <= 2 * LONGEST_PAGE);
        assert!(lines.iter().any(|line| line.starts_with(said)), "{:?}", lines.last());
        assert_eq!((page.empty.len(), page.empty[MOST_EMPTY].as_str()), (MOST_EMPTY + 1, "and 800 more"));
    }
}

/// The keys of a guest that are not columns stand in an object of their own (API sheet, section 6.8).
#[test]
fn guest_details_are_shown_beside_the_other_fields() {
    let details = json!({
        "status": "active", "phone_1": "+43 1", "phone_2": "+43 2", "timezone": "Europe/Vienna",
        "image_url": "https://crm.example/i", "contact_url": "https://crm.example/c",
        "company_url": "https://crm.example/co", "opportunity_url": "https://crm.example/o",
        "company_name": "Supplier SA", "opportunity_name": "Renewal", "external_sync_source": "crm",
        "external_date_creation": "2026-01-01", "cadence_days": 30, "associated_members": [2044, "2051"],
        "last_city": "Graz", "last_country": "Austria", "last_accessed_at": "2026-03-02T10:00:00Z",
        "disabled_at": null, "disabled_by": 2044, "reactivated_at": "2026-03-01T09:30:00.000Z",
        "reactivated_by": null, "unheard_of": "kept",
    });
    let value = json!({"data": {"id": 881, "email": "ana@supplier.example", "first_name": "Ana",
        "last_name": "Pérez", "last_accessed_at": "2026-03-03T10:00:00Z", "details": details}});
    let page = page_of(Kind::Guests, &value);
    let wanted = [
        "people: disabled by = @2044",
        "people: associated members = @2044,2051",
        "times: last accessed at = 2026-03-02T10:00:00Z",
        "times: reactivated at = 2026-03-01T09:30:00Z",
        "details: phone 1 = +43 1",
        "details: phone 2 = +43 2",
        "details: timezone = Europe/Vienna",
        "details: image url = https://crm.example/i",
        "details: contact url = https://crm.example/c",
        "details: company url = https://crm.example/co",
        "details: opportunity url = https://crm.example/o",
        "details: company name = Supplier SA",
        "details: opportunity name = Renewal",
        "details: external sync source = crm",
        "details: external date creation = 2026-01-01",
        "details: cadence days = 30",
        "details: last city = Graz",
        "details: last country = Austria",
        "details: unheard of = kept",
    ];
    let mut said = told(&page);
    said.retain(|line| !wanted.contains(&line.as_str()));
    assert_eq!(said, [""; 0], "nothing else is said");
    for line in wanted {
        assert!(told(&page).contains(&line.to_owned()), "{line}: {:#?}", told(&page));
    }
    assert_eq!(page.empty, ["disabled at", "reactivated by"]);
}

#[test]
fn value_beside_a_shown_one_in_the_same_object_is_shown() {
    let value =
        json!({"id": "5", "name": "x", "checklist": {"data": {"title": "Review", "steps_count": 12}}});
    assert_eq!(told(&page_of(Kind::Processes, &value)), ["checklist: steps count = 12"]);
    let value = json!({"id": "5", "name": "x", "checklist": {"data": {"title": "Review"}}});
    assert_eq!(told(&page_of(Kind::Processes, &value)), [""; 0]);
}
