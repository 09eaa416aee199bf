//! The row of files (API sheet, section 7).

use super::*;

/// API sheet, section 7.
pub(super) const FILES: KindSpec = KindSpec {
    kind: Kind::Files,
    slug: "files",
    aliases: &["file", "asset", "assets", "attachment", "attachments"],
    title: "Files",
    singular: "file",
    plural: "files",
    words: &ARCHIVING,
    key: "id",
    archived: None,
    gone: &[],
    turn: 0,
    parent: None,
    source: Source::Collected {
        from: &[
            // The tasks of a process carry answers too. Coming along with the process, they cost no request of their own:
            // their own list, `tasks?is_oneoff=false`, would take one for every hundred of them.
            CarrierList {
                kind: Kind::Processes,
                with: "assets,tasks,form_fields,ko_form_fields",
                include: "assets",
                answers: &["prerun", "form_fields", "ko_form_fields"],
                within: Some(NestedRecords {
                    kind: Kind::Tasks,
                    include: "tasks",
                    answers: &["taskdata", "form_fields"],
                }),
            },
            CarrierList {
                kind: Kind::Templates,
                with: "assets",
                include: "assets",
                answers: &["prerun"],
                within: None,
            },
            CarrierList {
                kind: Kind::Tasks,
                with: "assets,form_fields",
                include: "assets",
                answers: &["taskdata", "form_fields"],
                within: None,
            },
        ],
        holder: HolderFields {
            words: "attached to",
            place: ("place", "place id"),
            subject: ("subject", "subject id"),
        },
    },
    get: "organizations/{org}/assets/{id}",
    get_with: "",
    web: None,
    by_id: LookupMode::Always,
    copy_with: "",
    bytes: Some(Bytes {
        route: "organizations/{org}/file/{id}/dl",
        field: "source",
        stored: "local",
        size: "size",
        except: Some(Exception {
            field: "subject",
            value: "organization",
            reason: "the organization's logo is no file that is attached to anything",
        }),
    }),
    freshness: &["filename", "version", "uploaded"],
    impact: None,
    related: related::OF_FILE,
    fields: &[
        field("filename", &["filename", "name"], FieldFormat::Text, column(24, 0)),
        field("attached to", &[], FieldFormat::Text, column(28, 1)).also(&["attached"]),
        field("source", &["system", "source"], FieldFormat::Text, column(11, 3)),
        field("uploaded", &["uploaded_at", "created_at"], FieldFormat::Time, column(10, 2)),
        field("size", &[], FieldFormat::Bytes, column(8, 4)),
        field("subject", &["subject.type", "subject_type"], FieldFormat::Kind, None),
        field("subject id", &["subject.id", "subject_id"], FieldFormat::Text, None).untyped(),
        field("place", &[], FieldFormat::Kind, None).untyped(),
        field("place id", &[], FieldFormat::Text, None).untyped(),
        field("version", &["version"], FieldFormat::Number, None),
    ],
    actions: &[ActionSpec {
        action: Action::Delete,
        method: Method::Delete,
        route: "organizations/{org}/file/{id}",
        needs: &[Precondition::Not {
            field: "subject",
            values: &["organization"],
            reason: "is the organization's logo, which this route refuses",
        }],
        lost: &["the stored bytes and the place in the form or task are lost for good"],
        undo: Reversibility::Never,
        ..ORDINARY
    }],
};
