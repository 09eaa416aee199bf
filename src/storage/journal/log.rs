//! The write-ahead log of SQLite, as far as damage in it has to be found.
//!
//! Owns the layout of its frames (sqlite.org/fileformat2.html, section 4). Must not know the tables.

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Whether a frame of the log does not fit its sum although another one of the same generation stands behind it. The last
/// frame may be cut off or half written: the program, or the machine, ended while it was written.
pub(super) fn is_broken_inside(log: &[u8]) -> bool {
    let Some(header) = log.get(..HEADER) else { return false };
    let is_big = be(&header[..4]) == 0x377f_0683;
    let page = usize::try_from(be(&header[8..12])).unwrap_or(0);
    let salts = &header[16..24];
    let mut sum = sum_of(&header[..24], is_big, (0, 0));
    if sum != (be(&header[24..28]), be(&header[28..32])) || page == 0 {
        // A header that is half written has the frames of an earlier generation behind it, which are in the file already.
        return log.get(HEADER + 8..HEADER + 16) == Some(salts);
    }
    let mut is_broken = false;
    for frame in log[HEADER..].chunks_exact(FRAME_HEADER + page) {
        let is_of_this_generation = &frame[8..16] == salts;
        if is_broken && is_of_this_generation {
            return true;
        }
        if !is_broken {
            sum = sum_of(&frame[..8], is_big, sum);
            sum = sum_of(&frame[FRAME_HEADER..], is_big, sum);
            is_broken = !is_of_this_generation || sum != (be(&frame[16..20]), be(&frame[20..24]));
        }
    }
    false
}

fn be(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// The sum over pairs of words, going on from `sum`.
fn sum_of(bytes: &[u8], is_big: bool, sum: (u32, u32)) -> (u32, u32) {
    let word = |four: &[u8]| if is_big { be(four) } else { be(four).swap_bytes() };
    bytes.chunks_exact(8).fold(sum, |(first, second), pair| {
        let first = first.wrapping_add(word(&pair[..4])).wrapping_add(second);
        (first, second.wrapping_add(word(&pair[4..])).wrapping_add(first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The log of a database to which five rows were written one by one.
    fn log() -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.execute_batch("CREATE TABLE t (a)").unwrap();
        for _ in 0..5 {
            connection.execute("INSERT INTO t VALUES (1)", []).unwrap();
        }
        std::fs::read(directory.path().join("x-wal")).unwrap()
    }

    #[test]
    fn flipped_byte_of_any_frame_but_the_last_is_found() {
        let whole = log();
        assert!(!is_broken_inside(&whole));
        let frame = FRAME_HEADER + 4096;
        let last = whole.len() - frame;
        // Not the salts: a frame with others is left over from before.
        for at in (0..last)
            .step_by(97)
            .filter(|at| *at < 24 || !(8..16).contains(&((at - HEADER.min(*at)) % frame)))
        {
            let mut log = whole.clone();
            log[at] ^= 1;
            assert!(is_broken_inside(&log), "{at}");
        }
    }

    #[test]
    fn log_that_was_cut_off_is_not_broken() {
        let whole = log();
        for end in (0..whole.len()).step_by(131) {
            assert!(!is_broken_inside(&whole[..end]), "{end}");
        }
        let mut torn = whole.clone();
        let half = torn.len() - 2000;
        torn[half..].fill(0);
        assert!(!is_broken_inside(&torn));
    }
}
