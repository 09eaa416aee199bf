//! What a person meets after something went wrong, end to end: causes in the status pane, and what is made of them.

use tidyfy::app::state::status::group::Group;
use tidyfy::sandbox::{Fault, Mishap};

use crate::support::Desk;

/// The group of failures the cursor of the status pane is on.
fn group(desk: &Desk) -> Option<std::sync::Arc<Group>> {
    desk.state().status.group_under_cursor()
}

#[tokio::test(start_paused = true)]
async fn failures_are_grouped_copied_and_marked() {
    let mut desk = Desk::open().await;
    let answer = |status, words: &str| Mishap::Answer {
        status,
        body: Some(serde_json::json!({ "error": true, "message": words })),
        headers: Default::default(),
        apply: false,
    };
    desk.server.set_faults(vec![
        Fault::on("DELETE", "/runs/", answer(403, "You may not do this")).nth([1, 3]),
        Fault::on("DELETE", "/runs/", answer(422, "The process is locked")).nth([2]),
    ]);
    desk.keys("space space space space a").await;
    desk.confirm().await;
    desk.rest().await;
    let log = desk.log();
    let lines: Vec<&str> = log.lines().rev().take(3).map(|line| &line[10..]).collect();
    assert!(lines[2].starts_with("archive finished: 1 done, 0 already gone, 3 refused"), "{log}");
    assert_eq!(lines[1], "2 refused: You may not do this");
    assert_eq!(lines[0], "1 refused: The process is locked");
    let failed = desk.marked();
    assert_eq!(failed.len(), 3);

    desk.keys("@ k Y").await;
    let copied = desk.clips();
    let sent: Vec<String> = copied[0].lines().map(str::to_owned).collect();
    assert_eq!((copied.len(), sent.len()), (1, 2));
    for (command, loss) in sent.iter().zip(&group(&desk).unwrap().losses) {
        let url = format!(
            "{}/organizations/{}/runs/{}",
            desk.server.base_url(),
            desk.server.org(),
            loss.record.id()
        );
        assert!(command.starts_with(&format!("curl -X DELETE '{url}' -H ")), "{command} is not {url}");
        assert!(command.contains("$TALLYFY_ACCESS_TOKEN") && !command.contains(desk.server.token()));
    }
    desk.keys("space").await;
    let names: Vec<String> =
        group(&desk).unwrap().losses.iter().map(|loss| loss.record.name().to_owned()).collect();
    assert_eq!(desk.marked(), names);
    desk.keys("space").await;
    assert_eq!(desk.marked(), failed);
    // A list that was read says where from, too.
    desk.keys("i g Y").await;
    let read = desk.clips().remove(0);
    assert!(read.starts_with(&format!("curl -X GET '{}/", desk.server.base_url())), "{read}");
}
