//! What the parts cost that everything else waits for: a frame, a key, a page that comes, a filter, and the decoding of a
//! page. `cargo bench --bench core` runs it; a word behind `--` picks what has it in its name.

#[path = "reach/scene.rs"]
mod scene;

use std::cell::RefCell;
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use color_eyre::eyre::{ContextCompat as _, Result, eyre};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tidyfy::app::keymap::Chord;
use tidyfy::model::filter::Filter;
use tidyfy::model::kind::Kind;
use tidyfy::model::query::{Query, QueryResult, Sort, arrange};
use tidyfy::model::record::Page;
use tidyfy::model::rows::{PagePosition, Rows};
use tidyfy::model::time::Zone;
use tidyfy::sandbox::{Sandbox, SandboxSettings};
use tidyfy::tallyfy::{Body, KeptKeys, Redactor, decode};
use tidyfy::view::view;

use scene::{PER_PAGE, Scene, page};

const TEN_THOUSAND: usize = 10_000;
const HUNDRED_THOUSAND: usize = 100_000;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    frame(&mut criterion)?;
    update(&mut criterion)?;
    filter(&mut criterion)?;
    decode(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

fn down() -> Result<Chord> {
    "j".parse().map_err(|bad| eyre!("{bad}"))
}

/// The whole screen, formatted and compared with what stands there.
fn frame(criterion: &mut Criterion) -> Result<()> {
    let mut group = criterion.benchmark_group("frame");
    for rows in [TEN_THOUSAND, HUNDRED_THOUSAND] {
        let scene = Scene::loaded(rows)?;
        let mut terminal = Terminal::new(TestBackend::new(120, 35))?;
        group.bench_function(BenchmarkId::from_parameter(rows), |bencher| {
            bencher.iter(|| terminal.draw(|frame| view(&scene.state, frame)).map(|_| ()));
        });
    }
    group.finish();
    Ok(())
}

/// A key that moves the cursor, and a page among many.
fn update(criterion: &mut Criterion) -> Result<()> {
    let mut group = criterion.benchmark_group("update");
    let (mut scene, down) = (Scene::loaded(HUNDRED_THOUSAND)?, down()?);
    group.bench_function("key", |bencher| bencher.iter(|| scene.press(down)));
    let mut scene = Scene::loading()?;
    let mut next = 0;
    group.throughput(Throughput::Elements(PER_PAGE as u64));
    group.bench_function("page", |bencher| {
        let fresh = || {
            next += PER_PAGE;
            page(next, PER_PAGE)
        };
        bencher.iter_batched(fresh, |page| scene.receive(page, HUNDRED_THOUSAND), BatchSize::SmallInput);
    });
    group.finish();
    Ok(())
}

/// All of many rows, for what a person may type: everything, and the first screenful that is told ahead of it.
fn filter(criterion: &mut Criterion) -> Result<()> {
    let mut rows = Rows::default();
    for (number, first) in (1..).zip((0..HUNDRED_THOUSAND).step_by(PER_PAGE)) {
        rows.push(PagePosition::Listed(number), page(first, PER_PAGE));
    }
    let updated = Kind::Processes.row().field("updated").unwrap_or_default();
    let newest = Some(Sort { field: updated, reverse: true });
    let mut group = criterion.benchmark_group("filter");
    group.sample_size(20).throughput(Throughput::Elements(HUNDRED_THOUSAND as u64));
    for (name, typed, sort) in [
        ("word", "onboarding", None),
        ("word-beyond-ascii", "söhne", None),
        ("two-words", "wayne 00", None),
        ("fuzzy", "~onbacm", None),
        ("field", "status:complete", None),
        ("date", "updated<2026-03-01", None),
        ("no-match", "nowhere", None),
        ("sort", "", newest),
    ] {
        let filter = Filter::parse(Kind::Processes, typed, &Zone::new(TimeZone::UTC))?;
        let (rows, people) = (rows.clone(), Arc::default());
        let request = Query { rows, filter, sort, people, now: "2026-11-22T09:00:00Z".parse()?, base: None };
        group.bench_function(name, |bencher| {
            bencher.iter(|| arrange(black_box(&request), &|| true, &mut |first| drop(black_box(first))));
        });
        if sort.is_none() {
            group.bench_function(format!("{name}/first"), |bencher| {
                bencher.iter(|| screenful(black_box(&request)));
            });
        }
    }
    group.finish();
    Ok(())
}

/// What is told first: once it has been, nothing more is wanted.
fn screenful(request: &Query) -> Option<QueryResult> {
    let told = RefCell::new(None);
    let all = arrange(request, &|| told.borrow().is_none(), &mut |first| drop(told.replace(Some(first))));
    told.into_inner().or(all)
}

/// A page of processes as the sandbox sends it, from its bytes to what is kept of it.
fn decode(criterion: &mut Criterion) -> Result<()> {
    let body = listed()?;
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Bytes(body.len() as u64));
    for (name, keep) in [("fields", KeptKeys::fields(Kind::Processes)), ("whole", KeptKeys::Whole)] {
        group.bench_function(name, |bencher| bencher.iter(|| decoded(black_box(&body), &keep)));
    }
    group.finish();
    Ok(())
}

/// What becomes of the text of an answer.
fn decoded(body: &str, keep: &KeptKeys) -> Option<Arc<Page>> {
    let rows = Body::read(body, keep, Redactor::new("token", "localhost")).ok()?.rows?;
    Some(Arc::new(Page::new(Kind::Processes, decode::rows(Kind::Processes, &rows).rows)))
}

/// A full page of processes, asked of the sandbox.
fn listed() -> Result<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let sandbox =
        runtime.block_on(Sandbox::start(SandboxSettings { scale: 400, ..SandboxSettings::default() }))?;
    let url = sandbox.base_url();
    let (host, path) = url.trim_start_matches("http://").split_once('/').wrap_err("a URL without a path")?;
    let mut stream = TcpStream::connect(host)?;
    write!(
        stream,
        "GET /{path}/organizations/{}/runs?page=1&per_page={PER_PAGE} HTTP/1.1\r\nHost: {host}\r\n\
         Authorization: Bearer {}\r\nX-Tallyfy-Client: APIClient\r\nConnection: close\r\n\r\n",
        sandbox.org(),
        sandbox.token(),
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").wrap_err("an answer without a body")?;
    let rows = Body::read(body, &KeptKeys::nothing(), Redactor::new("token", "localhost"))
        .ok()
        .and_then(|body| body.rows);
    if rows.is_none_or(|rows| rows.len() != PER_PAGE) {
        return Err(eyre!("the sandbox sent no full page:\n{head}"));
    }
    Ok(body.to_owned())
}
