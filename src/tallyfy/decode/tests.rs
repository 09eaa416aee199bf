//! Rows in every shape the API sheet names.

use serde_json::json;

use super::*;

fn field(kind: Kind, name: &str, row: &Value) -> Draft {
    let (_, drafts) = super::row(kind, row).unwrap();
    drafts[kind.row().field(name).unwrap()].clone()
}

fn text(said: &str) -> Draft {
    Draft::Text(said.to_owned())
}

fn instant(said: &str) -> Draft {
    Draft::Time(said.parse().unwrap())
}

#[test]
fn the_row_of_the_record_detail_is_read() {
    let row = json!({"id":"5d0c2a9be1f34a7788c1d2e3f4a5b6c7","increment_id":4107,"name":"Onboarding - Zoë GmbH",
        "status":"archived","checklist_title":"Client onboarding",
        "progress":{"complete":3,"total":8,"percent":37.5},"owner_id":2044,"started_by":"2044",
        "last_updated":"2026-02-02T16:40:11.000Z","archived_at":"2026-02-02T16:40:11.000Z"});
    let (id, drafts) = super::row(Kind::Processes, &row).unwrap();
    assert_eq!(id.to_string(), "5d0c2a9be1f34a7788c1d2e3f4a5b6c7");
    let time = instant("2026-02-02T16:40:11Z");
    let wanted = [
        text("Onboarding - Zoë GmbH"),
        text("Client onboarding"),
        text("archived"),
        Draft::Number(37.5),
        text("2044"),
        time.clone(),
        time,
        Draft::Missing,
        Draft::Missing,
    ];
    assert_eq!(drafts, wanted);
}

#[test]
fn an_id_may_be_a_number_and_must_be_usable() {
    let id = |row: Value| super::row(Kind::Tags, &row).map(|(id, _)| id.to_string());
    assert_eq!(id(json!({"id": 2044})), Ok("2044".into()));
    assert_eq!(id(json!({"id": "2044"})), Ok("2044".into()));
    assert_eq!(id(json!({"data": {"id": "a"}})), Ok("a".into()));
    for row in [json!({}), json!({"id": null}), json!({"id": [1]}), json!({"id": -1})] {
        assert_eq!(id(row), Err(BadRow::NoId));
    }
    for row in [json!({"id": ".."}), json!({"id": "a/b"}), json!({"id": "%2E%2E"}), json!({"id": ""})] {
        assert!(matches!(id(row), Err(BadRow::Id(_))));
    }
    assert_eq!(id(json!(7)), Err(BadRow::Shape));
}

#[test]
fn rows_that_are_none_are_counted() {
    let decoded = rows(Kind::Tags, &[json!({"id": 1}), json!(null), json!({"id": ".."}), json!({"id": 2})]);
    assert_eq!((decoded.rows.len(), decoded.refused), (2, 2));
}

#[test]
fn progress_has_three_shapes() {
    for (progress, wanted) in [
        (json!({"complete": 3, "total": 8, "percent": 40.5}), Draft::Number(40.5)),
        (json!({"complete": 1, "total": 4}), Draft::Number(25.0)),
        (json!({"complete": "1", "total": "4", "percent": null}), Draft::Number(25.0)),
        (json!({"complete": 0, "total": 0}), Draft::Missing),
        (json!(50), Draft::Number(50.0)),
        (json!("50"), Draft::Number(50.0)),
        (json!("37.5 %"), Draft::Number(37.5)),
        (json!({}), Draft::Missing),
        (json!([]), Draft::Missing),
        (json!(null), Draft::Missing),
        (json!("half"), text("half")),
    ] {
        let row = json!({"id": 1, "progress": progress});
        assert_eq!(field(Kind::Processes, "progress", &row), wanted, "{progress}");
    }
    let row = json!({"id": 1, "progress": {}, "whole_progress": {"percent": 12}});
    assert_eq!(field(Kind::Processes, "progress", &row), Draft::Number(12.0), "the next path is tried");
}

#[test]
fn owners_have_many_shapes() {
    for (owners, wanted) in [
        (
            json!({"users": [2044, "2051"], "guests": ["it@vendor.example"], "groups": []}),
            text("2044,2051,it@vendor.example"),
        ),
        (
            json!({"users": [{"id": 2044, "full_name": "Mia Øst"}], "guests": [], "groups": ["a"]}),
            text("2044,1 group"),
        ),
        (
            json!({"users": {"data": [{"id": "7"}]}, "guests": [{"email": "a@b.example"}]}),
            text("7,a@b.example"),
        ),
        (json!({"users": [], "guests": [], "groups": ["a", "b"], "taskUrls": ["x"]}), text("2 groups")),
        (json!({"users": [], "guests": [], "groups": []}), Draft::Missing),
        (json!([1, {"full_name": "No, Id"}]), text("1,No  Id")),
        (json!({"data": {"users": [5]}}), text("5")),
        (json!([]), Draft::Missing),
        (json!(2044), text("2044")),
        (json!("2044"), text("2044")),
        (json!(""), Draft::Missing),
        (json!(null), Draft::Missing),
    ] {
        let row = json!({"id": 1, "owners": owners});
        assert_eq!(field(Kind::Tasks, "owners", &row), wanted, "{owners}");
    }
    let row = json!({"id": 1, "owner_id": null, "started_by": "7"});
    assert_eq!(field(Kind::Processes, "owner", &row), text("7"));
}

#[test]
fn numbers_may_be_strings() {
    for (steps, wanted) in [
        (json!(12), Draft::Number(12.0)),
        (json!("12"), Draft::Number(12.0)),
        (json!("inf"), text("inf")),
        (json!("twelve"), text("twelve")),
        (json!(true), text("true")),
        (json!(null), Draft::Missing),
    ] {
        let row = json!({"id": 1, "steps_count": steps});
        assert_eq!(field(Kind::Templates, "steps", &row), wanted, "{steps}");
    }
}

#[test]
fn what_is_no_time_is_kept_as_text_and_nothing_is_nothing() {
    for (time, wanted) in [
        (json!("2026-03-01 09:30:00"), instant("2026-03-01T09:30:00Z")),
        (json!("soon"), text("soon")),
        (json!(17), text("17")),
        (json!(true), text("true")),
        (json!(false), Draft::Missing),
        (json!(""), Draft::Missing),
        (json!("0000-00-00 00:00:00"), Draft::Missing),
        (json!(null), Draft::Missing),
    ] {
        let row = json!({"id": 1, "archived_at": time});
        assert_eq!(field(Kind::Tasks, "archived", &row), wanted, "{time}");
    }
    let row = json!({"id": 1, "archived_at": null, "deleted_at": "2026-03-01T09:30:00Z"});
    assert_eq!(field(Kind::Tasks, "archived", &row), instant("2026-03-01T09:30:00Z"));
}

#[test]
fn includes_on_the_way_may_be_wrapped_or_bare() {
    for (run, wanted) in [
        (json!({"data": {"id": "r1"}}), text("r1")),
        (json!({"id": "r1"}), text("r1")),
        (json!({"data": null}), Draft::Missing),
        (json!(null), Draft::Missing),
    ] {
        let row = json!({"id": 1, "run_id": null, "run": run});
        assert_eq!(field(Kind::Tasks, "run", &row), wanted, "{run}");
    }
    let row = json!({"id": 1, "subject": {"id": "o", "type": "Organization"}});
    assert_eq!(field(Kind::Files, "subject", &row), text("Organization"));
}

#[test]
fn lengths_are_counted_in_every_shape() {
    for (members, wanted) in [
        (json!([1, "2"]), Draft::Number(2.0)),
        (json!([]), Draft::Number(0.0)),
        (json!({"data": [1]}), Draft::Number(1.0)),
        (json!({"0": 1, "4": 2}), Draft::Number(2.0)),
        (json!("3"), Draft::Number(3.0)),
        (json!(null), Draft::Missing),
    ] {
        let row = json!({"id": 1, "members": members});
        assert_eq!(field(Kind::Groups, "members", &row), wanted, "{members}");
    }
}

#[test]
fn text_of_any_shape_is_shown() {
    for (status, wanted) in [
        (json!("active"), text("active")),
        (json!(7), text("7")),
        (json!({"name": "Draft"}), text("Draft")),
        (json!(["a", 1]), text("a, 1")),
        (json!({"x": 1}), text("{\"x\":1}")),
        (json!(" "), Draft::Missing),
    ] {
        let row = json!({"id": 1, "status": status});
        assert_eq!(field(Kind::Templates, "status", &row), wanted, "{status}");
    }
    let row = json!({"id": 1, "title": "", "original_title": "Renew"});
    assert_eq!(field(Kind::Tasks, "title", &row), text("Renew"));
}

#[test]
fn includes_come_wrapped_bare_or_not_at_all() {
    let file = json!({"id": "a"});
    for (assets, found) in [
        (json!({"data": [file, file]}), 2),
        (json!({"data": {"id": "a"}}), 1),
        (json!({"data": null}), 0),
        (json!({"data": []}), 0),
        (json!([{"data": {"id": "a"}}, 7]), 1),
        (json!({"id": "a"}), 1),
        (json!({"3": {"id": "a"}}), 1),
        (json!({}), 0),
        (json!(null), 0),
    ] {
        let found_here = included(&json!({"data": {"assets": assets}}), "assets");
        assert_eq!(found_here, vec![file.clone(); found], "{assets}");
    }
    assert!(included(&json!({}), "assets").is_empty() && included(&json!(7), "assets").is_empty());
}

#[test]
fn an_organization_needs_id_and_name() {
    let read = |role: Value| {
        organization(&json!({"id": "e0d1", "name": " Corp\u{1b} Example ", "user_role": role})).unwrap()
    };
    assert_eq!(
        (read(json!("Admin")).name.as_str(), read(json!("Admin")).admin),
        ("Corp\u{241b} Example", Some(true))
    );
    for (role, wanted) in [("STANDARD", Some(false)), ("light", Some(false)), ("Coworker", None)] {
        assert_eq!(read(json!(role)).admin, wanted);
    }
    assert_eq!(read(json!(null)).admin, None);
    let wrapped = json!({"data": {"id": 7, "name": "x", "role": "admin"}});
    assert_eq!(organization(&wrapped).map(|found| (found.id, found.admin)), Some(("7".into(), Some(true))));
    let bad = [
        json!({"id": "x"}),
        json!({"id": "x", "name": " \u{200b}"}),
        json!({"id": "..", "name": "x"}),
        json!(1),
    ];
    assert!(bad.iter().all(|value| organization(value).is_none()));
}

#[test]
fn members_are_named_by_what_they_have() {
    let list = json!([
        {"id": 1, "full_name": "Mia Øst"}, {"id": "2", "first_name": "Ana", "last_name": "Pérez"},
        {"data": {"id": 3, "first_name": "Bo", "full_name": ""}}, {"id": 4, "name": "Four"},
        {"id": 5, "email": "five@x.example"}, {"id": 6}, 7
    ]);
    let wanted = "Mia Øst, Ana Pérez, Bo, Four, five@x.example, 6, 7";
    assert_eq!(people(&list).names("1,2,3,4,5,6,7"), wanted);
    assert_eq!(people(&json!({"data": list, "count": 7})).names("1"), "Mia Øst");
    assert_eq!(people(&json!({"data": list})).names("1"), "Mia Øst");
    assert_eq!(people(&json!({"id": 1, "full_name": "Mia"})).names("1"), "Mia");
    assert_eq!(people(&json!(null)).names("1"), "1");
}

#[test]
fn an_answer_comes_out_of_its_envelope() {
    for (value, wanted) in [
        (json!({"data": {"id": 1}}), json!({"id": 1})),
        (json!({"data": [{"id": 1}]}), json!({"id": 1})),
        (json!([{"id": 1}]), json!({"id": 1})),
        (json!({"data": [1, 2], "count": 2}), json!([1, 2])),
        (json!({"id": 1, "data": 2}), json!({"id": 1, "data": 2})),
        (
            json!({"message": "x", "deleted_references": []}),
            json!({"message": "x", "deleted_references": []}),
        ),
        (json!({"data": null}), json!(null)),
    ] {
        assert_eq!(unwrapped(value.clone()), wanted, "{value}");
    }
}

#[test]
fn whole_numbers_are_read_however_they_are_written() {
    let numbers = [json!(7), json!("7"), json!(7.0), json!(" 7 ")].map(|value| whole(&value));
    assert_eq!(numbers, [Some(7); 4]);
    let none =
        [json!(-1), json!(1.5), json!("x"), json!(""), json!(null), json!(1e300)].map(|value| whole(&value));
    assert_eq!(none, [None; 6]);
}

#[test]
fn a_person_is_the_same_however_the_id_is_spelled() {
    let id = |body: Value| person(&body).map(|person| person.id);
    let wanted = Some("2044".to_owned());
    for body in [
        json!({"id": 2044, "full_name": "Mia"}),
        json!({"id": "2044"}),
        json!({"data": {"id": " 2044 "}}),
        json!({"id": 2044.0}),
        json!({"id": "02044"}),
    ] {
        assert_eq!(id(body.clone()), wanted, "{body}");
    }
    assert_eq!(id(json!({"id": "5d0C"})), Some("5d0C".to_owned()));
    for body in [json!({}), json!({"id": null}), json!({"id": " "}), json!({"id": -1}), json!([]), json!(7)] {
        assert_eq!(id(body.clone()), None, "{body}");
    }
}

#[test]
fn a_person_has_a_name_to_show() {
    let name = |body: Value| person(&body).unwrap().name;
    assert_eq!(name(json!({"id": 1, "first_name": "Mia", "last_name": "Øst"})), "Mia Øst");
    assert_eq!(name(json!({"id": 1, "email": "mia\u{1b}@corp.example"})), "mia\u{241b}@corp.example");
    assert_eq!(name(json!({"id": 1})), text::NAMELESS);
}

#[test]
fn references_are_read_out_of_the_answer_to_archiving() {
    let reference = json!({"type": "Step", "title": "Sign", "id": "a"});
    let body = json!({"message": "The Template was deleted", "deleted_references": [reference]});
    let found = references(&body);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].sort.as_str(), found[0].title.as_str()), ("Step", "Sign"));
    for body in [json!({"message": "m", "deleted_references": null}), json!({"message": "m"}), json!(null)] {
        assert_eq!(references(&body), []);
    }
}

#[test]
fn names_of_an_include_are_kept_apart_and_none_is_not_nothing() {
    let hex = "b7e6d5c4a39281706f5e4d3c2b1a0918";
    for (tags, wanted) in [
        (
            json!({"data": [{"id": 7, "tag_id": hex, "title": "Q3, late"}, {"id": hex, "title": "keep"}]}),
            "Q3, late␟keep",
        ),
        (json!([{"id": 7, "tag_id": hex, "title": " "}]), hex),
        (json!([{"id": hex}, "plain"]), &format!("{hex}␟plain")),
        (json!({"data": {"id": "f", "name": "Legal\u{1f}2026"}}), "Legal 2026"),
        (json!([{"title": "a␟b"}]), "a b"),
        (json!({"data": []}), ""),
        (json!({"data": null}), ""),
        (json!([]), ""),
    ] {
        let row = json!({"id": 1, "tags": tags});
        assert_eq!(field(Kind::Processes, "tag", &row), text(wanted), "{tags}");
    }
    for tags in
        [json!(null), json!([{"id": 7}]), json!([{"title": "keep"}, {"title": null}]), json!([[]]), json!("")]
    {
        let row = json!({"id": 1, "tags": tags});
        assert_eq!(field(Kind::Processes, "tag", &row), Draft::Missing, "{tags}");
    }
    assert_eq!(field(Kind::Templates, "folder", &json!({"id": 1, "folder_id": hex})), Draft::Missing);
}

/// A task that names its guest by an object is the guest's all the same (API sheet, section 6.3 for members).
#[test]
fn a_guest_in_an_object_is_who_was_asked_for() {
    for guests in [json!([{"id": 881, "email": "ana@x.example"}]), json!(["Ana@x.example"])] {
        let row = json!({"owners": {"guests": guests}});
        assert_eq!(says(&row, "owners.guests", &["ana@x.example"]), Some(true), "{row}");
    }
}
