use std::collections::BTreeSet;

use super::*;

#[test]
fn rows_stand_in_the_order_of_their_kinds() {
    for kind in Kind::ALL {
        assert_eq!(kind.row().kind, kind);
    }
}

#[test]
fn no_word_names_two_kinds() {
    let mut seen = BTreeSet::new();
    for row in &CATALOG {
        for word in row.aliases.iter().chain([&row.slug]) {
            assert!(seen.insert(*word), "{word} names two kinds");
            assert_eq!(*word, word.to_lowercase());
        }
    }
}

#[test]
fn every_route_is_relative_and_names_only_what_can_be_filled_in() {
    let lists = CATALOG.iter().filter_map(|row| match &row.source {
        Source::List(list) => Some(list.route),
        Source::Collected { .. } => None,
    });
    let by_id = CATALOG.iter().flat_map(|row| row.actions.iter().map(|action| action.route).chain([row.get]));
    for route in lists.clone().chain(by_id.clone()) {
        assert!(route.starts_with("organizations/{org}/") && !route.ends_with('/'), "{route}");
        let holes: Vec<_> = route.split('/').filter(|part| part.contains('{')).collect();
        assert!(holes.iter().all(|hole| ["{org}", "{id}"].contains(hole)), "{route}");
    }
    assert!(by_id.clone().all(|route| route.contains("{id}")));
    assert!(lists.clone().all(|route| !route.contains("{id}")));
}

#[test]
fn only_processes_have_a_known_web_page() {
    let pages: Vec<_> = CATALOG.iter().filter_map(|row| Some((row.slug, row.web?))).collect();
    assert_eq!(pages, [("processes", "{org}/processes/{id}")]);
}

#[test]
fn routes_of_a_kind_differ_and_so_do_its_actions() {
    for row in &CATALOG {
        let routes: BTreeSet<_> = row.actions.iter().map(|action| (action.method, action.route)).collect();
        let actions: BTreeSet<_> = row.actions.iter().map(|action| action.action).collect();
        assert_eq!((routes.len(), actions.len()), (row.actions.len(), row.actions.len()), "{}", row.slug);
    }
}

#[test]
fn fields_are_unique_and_preconditions_name_one() {
    for row in &CATALOG {
        let names: BTreeSet<_> = row.fields.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), row.fields.len(), "{}", row.slug);
        let bytes = row.bytes.iter().flat_map(|bytes| {
            [bytes.field, bytes.size].into_iter().chain(bytes.except.iter().map(|except| except.field))
        });
        assert!(bytes.into_iter().all(|field| row.field(field).is_some()));
        for need in row.actions.iter().flat_map(|action| action.needs) {
            match need {
                Precondition::Live | Precondition::Archived => assert!(row.archives()),
                Precondition::Other { .. } => {}
                Precondition::Absent { field, .. }
                | Precondition::Not { field, .. }
                | Precondition::Without { field, .. } => {
                    assert!(row.field(field).is_some());
                }
            }
        }
    }
}

#[test]
fn what_a_row_is_read_by_is_there() {
    for row in &CATALOG {
        let named = |field: &str| assert!(row.field(field).is_some(), "{} has no {field}", row.slug);
        row.archived.iter().for_each(|archived| named(archived.since));
        row.parent.iter().for_each(|parent| named(parent));
        for sign in row.gone {
            let (DeletedMarker::Since(field)
            | DeletedMarker::Is(field, _)
            | DeletedMarker::Ends(field, _)
            | DeletedMarker::EndsWithId(field, _)) = sign;
            named(field);
        }
        if let Source::List(list) = &row.source {
            assert_eq!(list.scopes.is_some(), row.archives(), "{}", row.slug);
            list.parts.iter().for_each(|part| named(part.field));
            assert!(list.parts.is_empty() || list.narrowings.is_empty(), "a search would ask one part only");
        }
        for reassign in row.actions.iter().filter_map(|action| action.reassign.as_ref()) {
            assert!(reassign.route.contains("{id}"));
        }
    }
}

#[test]
fn what_hangs_on_others_has_its_turn_first() {
    let mut kinds = Kind::ALL;
    kinds.sort_by_key(|kind| kind.row().turn);
    let slugs = kinds.map(|kind| kind.row().slug);
    let wanted =
        ["files", "tasks", "processes", "templates", "tags", "groups", "folders", "guests", "members"];
    assert_eq!(slugs, wanted);
}

#[test]
fn the_name_comes_first_and_never_leaves() {
    for row in &CATALOG {
        let ranks: Vec<_> =
            row.fields.iter().filter_map(|field| field.column).map(|column| column.rank).collect();
        assert_eq!(ranks.iter().filter(|rank| **rank == 0).count(), 1, "{}", row.slug);
        assert_eq!(ranks[0], 0, "{}", row.slug);
        let distinct: BTreeSet<_> = ranks.iter().collect();
        assert_eq!(distinct.len(), ranks.len(), "two columns of {} leave at once", row.slug);
    }
}

#[test]
fn archiving_has_a_way_back_and_only_deleting_has_none() {
    for row in &CATALOG {
        assert_eq!(row.action(Action::Archive).is_some(), row.action(Action::Restore).is_some());
        assert_eq!(row.action(Action::Archive).is_some(), row.archives());
        for action in row.actions {
            assert_eq!(action.undo == Reversibility::Never, action.action == Action::Delete, "{}", row.slug);
            assert!(!action.lost.is_empty());
        }
    }
}

#[test]
fn collected_kinds_hang_on_kinds_with_a_list() {
    for row in &CATALOG {
        if let Source::Collected { from, holder } = &row.source {
            assert!(from.iter().all(|carrier| matches!(carrier.kind.row().source, Source::List(_))));
            let HolderFields { words, place, subject } = holder;
            let all = [*words, place.0, place.1, subject.0, subject.1];
            assert!(all.iter().all(|field| row.field(field).is_some()));
            for carrier in *from {
                let asked: Vec<_> = carrier.with.split(',').collect();
                assert!(asked.contains(&carrier.include), "{}", row.slug);
                assert!(carrier.within.iter().all(|within| asked.contains(&within.include)));
            }
        }
    }
}

#[test]
fn what_a_record_leads_to_can_be_asked_for() {
    for row in &CATALOG {
        let comes_along = |include: &str| row.get_with.split(',').any(|with| with == include);
        for relation in row.related {
            match &relation.way {
                RelatedSource::List(RelatedList { route, key, shows, query, .. }) => {
                    assert!(route.starts_with("organizations/{org}/"), "{route}");
                    // Without either it would be the list of all there are.
                    assert_eq!(route.contains("{id}"), key.is_none(), "{} {}", row.slug, relation.title);
                    let asks_tags = query.contains(&("with", "tags"));
                    assert_eq!(asks_tags, *shows == "tags", "{} {}", row.slug, relation.title);
                }
                RelatedSource::Named { id, name, .. } => {
                    assert!(!id.is_empty());
                    let include = name.split_once('.').map(|(include, _)| include);
                    assert!(include.is_none_or(comes_along), "{} {}", row.slug, relation.title);
                }
                RelatedSource::Included { include, .. } => {
                    assert!(comes_along(include), "{} {include}", row.slug);
                }
            }
        }
    }
}
