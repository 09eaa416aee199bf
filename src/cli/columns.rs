//! Rows in columns, for people.
//!
//! Owns their widths. All text is cleaned: names and words came from a server. Must not know what the rows are.

use crate::model::text;

/// A table below its heads, each column as wide as what is in it.
pub(super) fn columns(heads: &[&str], rows: Vec<Vec<String>>) -> String {
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let clean = |row: Vec<String>| row.iter().map(|cell| text::clean(cell).into_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(heads).chain(rows).map(clean).collect();
    let mut widths = vec![0; rows.first().map_or(0, Vec::len)];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = text::width(cell).max(*width);
        }
    }
    let line = |row: &Vec<String>| {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| text::padded(cell, *width)).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
