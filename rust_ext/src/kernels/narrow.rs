//! The inner loops for a few components: filling them up to a vector and adding across its lanes would take longer than the products.

use super::Tile;

/// From so many components on, vectors are faster.
pub const NARROW: usize = 16;

pub fn tile<const R: usize, const Q: usize, const SQUARED: bool>(rows: [&[f32]; R], queries: [&[f32]; Q]) -> Tile<R, Q> {
    rows.map(|row| queries.map(|query| sum(row, query, |x, y| if SQUARED { (x - y) * (x - y) } else { x * y })))
}

pub fn squares<const R: usize>(rows: [&[f32]; R]) -> [f64; R] {
    rows.map(|row| sum(row, row, |x, y| x * y))
}

/// One after the other, on every level.
#[inline]
fn sum(row: &[f32], query: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    f64::from(row.iter().zip(query).fold(0.0, |sum, (&x, &y)| sum + term(x, y)))
}
