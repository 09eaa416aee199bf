//! Rows in columns, for people.
//!
//! Owns their widths. All text is cleaned: names and words came from a server. Must not know what the rows are.

use crate::model::text;

/// The lines of a table below its heads, each column as wide as what is in it. One in which nothing stands is left out.
pub(super) fn columns(heads: &[&str], rows: Vec<Vec<String>>) -> Vec<String> {
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let clean = |row: Vec<String>| row.iter().map(|cell| text::clean(cell).into_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(heads).chain(rows).map(clean).collect();
    let mut widths = vec![0; rows.first().map_or(0, Vec::len)];
    for row in rows.iter().skip(1) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = text::width(cell).max(*width);
        }
    }
    for (width, head) in widths.iter_mut().zip(rows.first().into_iter().flatten()) {
        *width = if *width == 0 { 0 } else { text::width(head).max(*width) };
    }
    let line = |row: &Vec<String>| {
        let shown = row.iter().zip(&widths).filter(|(_, width)| **width > 0);
        let cells: Vec<_> = shown.map(|(cell, width)| text::padded(cell, *width)).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
