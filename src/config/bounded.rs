//! Whole numbers in the file, and the bounds they must keep.
//!
//! Owns the sentence that says so. Must not know which setting it reads.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};

struct BoundedInteger {
    least: u64,
    most: u64,
}

impl Visitor<'_> for BoundedInteger {
    type Value = u64;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a whole number from {} to {}", self.least, self.most)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        let fits = u64::try_from(number).ok().filter(|number| (self.least..=self.most).contains(number));
        fits.ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Err(E::invalid_value(Unexpected::Unsigned(number), &self))
    }
}

/// Reads a number from `LEAST` to `MOST`.
pub(super) fn whole<'de, D, const LEAST: u64, const MOST: u64>(from: D) -> Result<u64, D::Error>
where
    D: Deserializer<'de>,
{
    from.deserialize_i64(BoundedInteger { least: LEAST, most: MOST })
}

/// Reads a count from `LEAST` to `MOST`.
pub(super) fn count<'de, D, const LEAST: u64, const MOST: u64>(from: D) -> Result<usize, D::Error>
where
    D: Deserializer<'de>,
{
    let number = whole::<D, LEAST, MOST>(from)?;
    usize::try_from(number).map_err(D::Error::custom)
}
