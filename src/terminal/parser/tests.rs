use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// The parser with a clock that only stands where it is set.
struct Typist {
    parser: Parser,
    now: Instant,
    events: Vec<InputEvent>,
}

impl Typist {
    fn new() -> Self {
        Self { parser: Parser::default(), now: Instant::now(), events: Vec::new() }
    }

    fn reads(&mut self, bytes: &[u8]) -> &mut Self {
        self.parser.feed(bytes, self.now, &mut self.events);
        self
    }

    /// Passes time, stopping at each deadline as the thread does.
    fn waits(&mut self, ms: u64) -> &mut Self {
        let until = self.now + Duration::from_millis(ms);
        while let Some(deadline) = self.parser.deadline().filter(|deadline| *deadline <= until) {
            self.now = self.now.max(deadline);
            self.parser.lapse(self.now, &mut self.events);
        }
        self.now = until;
        self
    }

    /// The events since the last call: keys as they are written, pastes in quotes.
    fn got(&mut self) -> String {
        let words = self.events.drain(..).map(|event| match event {
            InputEvent::Key { chord, repeat: false } => chord.to_string(),
            InputEvent::Key { chord, repeat: true } => format!("{chord}+"),
            InputEvent::Paste { text, is_whole: true } => format!("{text:?}"),
            InputEvent::Paste { text, is_whole: false } => format!("{text:?}..."),
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

fn read(bytes: &[u8]) -> String {
    Typist::new().reads(bytes).waits(1_000).got()
}

#[test]
fn keys_of_every_form_are_read() {
    for (bytes, keys) in [
        (&b"aD \r\t\x7f"[..], "a D space enter tab backspace"),
        (b"\x03\x1a\n\x08\x00\x1f", "ctrl-c ctrl-z ctrl-j ctrl-h ctrl-space ctrl-7"),
        (b"\x1b[A\x1b[B\x1b[C\x1b[D", "up down right left"),
        (b"\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOF", "up down right left home end"),
        (b"\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[7~\x1b[8~", "home end home end home end"),
        (b"\x1b[3~\x1b[5~\x1b[6~\x1b[Z", "delete pgup pgdn shift-tab"),
        (b"\x1b[1;5C\x1b[1;3D\x1b[3;5~", "ctrl-right alt-left ctrl-delete"),
        (b"\x1ba\x1bD\x1b\r\x1b\x7f\x1b\x01", "alt-a alt-D alt-enter alt-backspace ctrl-alt-a"),
        ("é日\u{1f600}\u{1b}é".as_bytes(), "é 日 😀 alt-é"),
        (b"\x1b[97u\x1b[97;2u\x1b[97:65;2u\x1b[49:33;2u\x1b[100;5u", "a A A ! ctrl-d"),
        (b"\x1b[97;65u\x1b[97;66u\x1b[27u\x1b[13;1u\x1b[9;2u", "A a esc enter shift-tab"),
        (b"\x1b[106;1:1u\x1b[106;1:2u\x1b[106;1:3u\x1b[1;1:2B\x1b[1;1:3B", "j j+ down+"),
        (b"\x1b[27;5;99~\x1b[57400u\x1b[57414u\x1b[57441;2u", "ctrl-c 1 enter"),
        (b"\x1b\x1b[A", "esc up"),
        (b"\x1b", "esc"),
        (b"\x1b\x1b", "esc esc"),
    ] {
        assert_eq!(read(bytes), keys, "{}", bytes.escape_ascii());
    }
}

/// Answers that terminals send by themselves, each whole.
const ANSWERS: [&[u8]; 32] = [
    b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07",
    b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
    b"\x1b]4;1;rgb:ffff/0000/0000\x1b\\",
    b"\x1b]52;c;eSBEIHkgYSBERQ==\x07",
    b"\x1b]lDelete everything? y\x1b\\",
    "\u{1b}]l\u{65e5}\u{672c}\u{1b}\\".as_bytes(),
    b"\x1bP>|XTerm(370)\x1b\\",
    b"\x1bP1+r544e=787465726d\x1b\\",
    b"\x1bP1$r0m\x1b\\",
    b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b^message\x1b\\",
    b"\x1bXstart of string y\x1b\\",
    b"\x1b[24;80R",
    b"\x1b[?24;80;1R",
    b"\x1b[1;2R",
    b"\x1b[?62;1;2;6;9;15;22c",
    b"\x1b[>41;370;0c",
    b"\x1b[=00000000c",
    b"\x1b[?2026;2$y",
    b"\x1b[0n",
    b"\x1b[?997;1n",
    b"\x1b[?1u",
    b"\x1b[8;35;120t",
    b"\x1b[I\x1b[O",
    b"\x1b[<0;12;7M\x1b[<0;12;7m",
    b"\x1b[M yD\x1b[Ma\r\x1b",
    b"\x1b[32;12;7M",
    b"\x1b[97;1:3u\x1b[1;1:3A",
    b"\x9b62;1c\x9d11;rgb:0/0/0\x9c\x90q\x9c",
    "\u{9b}62;1c\u{9d}11;rgb:0/0/0\u{9c}".as_bytes(),
    b"\x1b]cut off by a cancel\x18",
    b"\x1b[[A\x1bOP\x1b[15~\x1b[2~",
];

#[test]
fn answers_of_a_terminal_are_no_keys_wherever_they_are_split() {
    for answer in ANSWERS {
        for split in 0..answer.len() {
            for wait in [0, 40, 200, 450] {
                let mut typist = Typist::new();
                typist.reads(&answer[..split]).waits(wait).reads(&answer[split..]).reads(b"j");
                let got = typist.waits(1_000).got();
                // After ESC alone a moment passes as a press of Esc, and nothing else.
                let is_lone_esc = wait > 50 && split > 0 && answer[..split].ends_with(b"\x1b");
                let is_sound = got == "j" || is_lone_esc && matches!(&*got, "esc j" | "esc");
                // Two bytes of a split that begin nothing, as a hand may type them after Esc.
                let is_one_byte = answer.len() - split == 1;
                assert!(is_sound || is_one_byte, "{} at {split}, {wait} ms: {got}", answer.escape_ascii());
            }
        }
    }
}

#[test]
fn an_answer_that_was_cut_off_gives_the_keyboard_back() {
    for start in
        [&b"\x1b]11;rgb:"[..], b"\x1bP>|XTe", b"\x1b_G", b"\x1b[?62;", b"\x1b[", b"\x1b[M ", b"\x1bO"]
    {
        let mut typist = Typist::new();
        typist.reads(start).waits(501).reads(b"j");
        assert_eq!(typist.got(), "j", "{}", start.escape_ascii());
        // Another sequence is not part of it.
        let next = if start.ends_with(b"M ") { "B" } else { "down" };
        assert_eq!(typist.reads(start).reads(b"\x1b[B").got(), next, "{}", start.escape_ascii());
    }
    // Somebody who goes on typing waits no longer than that, either.
    let mut typist = Typist::new();
    typist.reads(b"\x1b]11;rgb:");
    for _ in 0..50 {
        typist.waits(100).reads(b"j");
    }
    assert_eq!(typist.got(), ["j"; 31].join(" "));
    // An answer that is long and slow stays one.
    typist.waits(1_000).reads(b"\x1b]52;c;");
    for _ in 0..50 {
        typist.waits(400).reads(&[b'D'; 100]);
    }
    assert_eq!(typist.reads(b"\x07k").got(), "k");
}

#[test]
fn a_lone_esc_is_a_key_after_a_short_time() {
    let mut typist = Typist::new();
    assert_eq!(typist.reads(b"\x1b").waits(49).got(), "");
    assert_eq!(typist.waits(1).got(), "esc");
    assert_eq!(typist.reads(b"[").got(), "[");
    // More at once than a hand types is the rest of a sequence that came late.
    assert_eq!(typist.reads(b"\x1b").waits(80).reads(b"]11;rgb:0/0/0\x07j").got(), "esc j");
    assert_eq!(typist.reads(b"\x1b").waits(80).reads(b"jk").got(), "esc j k");
    assert_eq!(typist.reads(b"\x1b").waits(600).reads(b"[j").got(), "esc [ j");
}

#[test]
fn a_paste_ends_with_its_mark_or_when_nothing_more_comes() {
    let mut typist = Typist::new();
    typist.reads(b"\x1b[200~q*aD\r\n\x1b[A\x1b[20");
    assert_eq!(typist.waits(400).reads(b"1~j").got(), "\"q*aD\\r\\n\\u{1b}[A\" j");
    assert_eq!(typist.reads(b"\x1b[200~a\x1b\x1b[201~").got(), "\"a\\u{1b}\"");
    typist.reads("\u{1b}[200~é".as_bytes()).reads(b"\xff\xc3");
    assert_eq!(typist.waits(499).got(), "");
    assert_eq!(typist.waits(1).got(), "\"é\"...");
    assert_eq!(typist.reads(b"j\x1b[201~k").got(), "j k");
}

#[test]
fn a_paste_is_taken_up_to_its_limit() {
    let mut typist = Typist::new();
    typist.reads(b"\x1b[200~").reads(&vec![b'y'; PASTE_LIMIT]);
    typist.reads(b"\x1b[201~");
    assert!(
        matches!(&*typist.events, [InputEvent::Paste { text, is_whole: true }] if text.len() == PASTE_LIMIT)
    );
    typist.events.clear();
    typist.reads(b"\x1b[200~").reads(&vec![b'y'; 3 * PASTE_LIMIT]).reads(b"\x1b[201~j");
    assert!(matches!(
        &*typist.events,
        [InputEvent::Paste { text, is_whole: false }, InputEvent::Key { .. }] if text.len() == PASTE_LIMIT
    ));
}

#[test]
fn bytes_that_are_no_text_are_ignored() {
    assert_eq!(read(b"\xff\xfea\xc3(\xe2\x82b\xf0\x9fc\xbfd"), "a ( b c d");
    assert_eq!(read(b"\xe2\x1b[A\xc3\r"), "up enter");
}

/// Bytes as they may come: keys, answers, their beginnings, and anything.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let answer = || prop::sample::select(&ANSWERS[..]);
    let piece = prop_oneof![
        3 => answer().prop_map(<[u8]>::to_vec),
        2 => (answer(), 0usize..40).prop_map(|(answer, len)| answer[..len.min(answer.len())].to_vec()),
        1 => Just(b"\x1b[200~".to_vec()),
        1 => Just(b"\x1b[201~".to_vec()),
        2 => prop::sample::select(vec![0x1b, b'[', b']', b'\\', 0x9b, 0x9c, 7, b';', b'M', b'O', b'u']).prop_map(|byte| vec![byte]),
        3 => vec(any::<u8>(), 0..6),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn chunks_make_no_difference(bytes in pieces(), splits in vec(0usize..64, 0..12)) {
        let whole = Typist::new().reads(&bytes).got();
        let mut typist = Typist::new();
        let mut rest = &bytes[..];
        for split in splits {
            let (chunk, after) = rest.split_at(split.min(rest.len()));
            if !chunk.is_empty() {
                typist.reads(chunk);
            }
            rest = after;
        }
        if !rest.is_empty() {
            typist.reads(rest);
        }
        prop_assert_eq!(typist.got(), whole);
    }

    #[test]
    fn the_keyboard_is_back_after_any_bytes(bytes in pieces(), gaps in vec(0u64..700, 1..6)) {
        let mut typist = Typist::new();
        for chunk in bytes.chunks(bytes.len() / gaps.len() + 1).zip(gaps) {
            typist.reads(chunk.0).waits(chunk.1);
        }
        typist.waits(2_000).got();
        prop_assert_eq!(typist.reads(b"j").got(), "j");
    }

    #[test]
    fn answers_yield_nothing_between_keys(
        answers in vec(prop::sample::select(&ANSWERS[..]), 0..8),
        chunk in 1usize..40,
    ) {
        let mut bytes = Vec::new();
        for answer in &answers {
            bytes.extend_from_slice(answer);
            bytes.push(b'j');
        }
        let mut typist = Typist::new();
        for chunk in bytes.chunks(chunk) {
            typist.reads(chunk);
        }
        prop_assert_eq!(typist.got(), vec!["j"; answers.len()].join(" "));
    }

    #[test]
    fn strings_with_any_text_yield_nothing(
        introducer in prop::sample::select(vec!["]", "P", "_", "^", "X"]),
        text in "[ -~é日]{0,200}",
        end in prop::sample::select(vec!["\u{7}", "\u{1b}\\", "\u{9c}"]),
        chunk in 1usize..40,
    ) {
        let bytes = format!("\u{1b}{introducer}{text}{end}j");
        let mut typist = Typist::new();
        for chunk in bytes.as_bytes().chunks(chunk) {
            typist.reads(chunk);
        }
        prop_assert_eq!(typist.got(), "j");
    }
}
