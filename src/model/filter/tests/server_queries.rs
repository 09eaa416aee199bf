//! What a server is asked.

use super::*;

fn asked(kind: Kind, source: &str) -> String {
    let question = parsed(kind, source).question(&people());
    question.into_iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
}

#[test]
fn a_server_is_asked_what_it_can_answer() {
    use Kind::{Files, Groups, Processes, Tags, Tasks, Templates};
    for (kind, source, wanted) in [
        (Processes, "", ""),
        (Processes, "on boarding -onboarding ~onboardings", "q=boarding"),
        (Processes, "\"client onb\" zoe", "q=client onb"),
        (Processes, "name:zoë", "q=zoë"),
        (Processes, "abc xyz", "q=abc"),
        (Processes, "renewal 07", "q=07"),
        (Processes, "a", ""),
        (Processes, "status:complete", "status=complete"),
        (Processes, "status=ACTIVE zoe", "q=zoe&status=active"),
        (Processes, "status:comp", ""),
        (Processes, "status:archived", ""),
        (Processes, "-status:complete", ""),
        (Processes, "status:complete status:active", "status=complete"),
        // Who started a process, or made a template, counts as its owner where it names none: no parameter asks for these.
        (Processes, "owner:mia", ""),
        (Processes, "owner=2044", ""),
        (Processes, "tag=keep progress:100 older:1d id:5", ""),
        (Templates, "review owner:ana", "q=review"),
        (Templates, "status:published tag=x", ""),
        (Tasks, "status:complete", "status=complete"),
        (Tasks, "status:completed", "status=complete"),
        (Tasks, "status:in-progress", ""),
        (Tasks, "status:active", ""),
        // A guest may be called so.
        (Tasks, "owners:ana", ""),
        (Tasks, "owners=\"ana lima\"", "owners=7"),
        (Tasks, "tag:keep", ""),
        (Tasks, "tag=Keep", ""),
        (Tasks, "owners=2044", "owners=2044"),
        // It may begin the id of somebody whose name is not known.
        (Tasks, "owners:2044", ""),
        (Tags, "late", "q=late"),
        (Groups, "legal members:2", "q=legal"),
        (Files, "contract", ""),
    ] {
        assert_eq!(asked(kind, source), wanted, "{kind:?} {source}");
    }
    assert!(Filter::default().question(&people()).is_empty());
}
