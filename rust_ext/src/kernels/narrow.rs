//! The inner loops for a few components. Filling them up to a vector and adding across its lanes would take longer than the products, so
//! rows lie beside each other, and each lane is one row.
//!
//! A pair is summed one component after the other, in f32 and without fused operations: every level gives the same sums.

/// From so many components on, vectors are faster.
pub const NARROW: usize = 16;

/// So many rows lie beside each other.
pub const LANES: usize = 16;

/// One number of each row of a group.
pub type Lanes = [f32; LANES];

/// What the rows must reach to be among the best of a query. A NaN on either side excludes nothing.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// The least sum of products.
    Product(f32),
    /// The greatest sum of squared differences.
    Square(f32),
    /// The least sum of products times the row's reciprocal norm. Negative infinity is not excluded: where the reciprocal norm is infinite, the cosine
    /// is 0.
    Cosine(f32),
}

/// Puts rows beside each other: `columns[c][r]` is component `c` of row `r`.
#[inline]
pub fn transpose(rows: &[f32], columns: &mut [Lanes]) {
    for (lane, row) in rows.chunks_exact(columns.len()).enumerate().take(LANES) {
        for (column, &component) in columns.iter_mut().zip(row) {
            column[lane] = component;
        }
    }
}

/// The sums of all rows with a query, and of each group whether any row of it is within the limit.
///
/// Always inlined, and without a closure around a loop, since only so the loops are compiled for the features of the caller.
#[expect(clippy::inline_always, reason = "see above")]
#[inline(always)]
pub fn compare(columns: &[Lanes], query: &[f32], limit: Limit, inverses: &[Lanes], sums: &mut [Lanes], within: &mut [bool]) {
    let groups = columns.chunks_exact(query.len()).zip(sums).zip(within);
    match limit {
        Limit::Product(least) => {
            for ((columns, sums), within) in groups {
                *sums = sum(columns, query, |x, y| x * y);
                *within = sums.iter().fold(false, |any, &sum| any | not(sum < least));
            }
        }
        Limit::Square(greatest) => {
            for ((columns, sums), within) in groups {
                *sums = sum(columns, query, |x, y| (x - y) * (x - y));
                *within = sums.iter().fold(false, |any, &sum| any | not(sum > greatest));
            }
        }
        Limit::Cosine(least) => {
            for (((columns, sums), within), inverses) in groups.zip(inverses) {
                *sums = sum(columns, query, |x, y| x * y);
                let scaled = sums.iter().zip(inverses).map(|(&sum, &inverse)| sum * inverse);
                *within = scaled.fold(false, |any, scaled| any | (not(scaled < least) || scaled == f32::NEG_INFINITY));
            }
        }
    }
}

#[expect(clippy::inline_always, reason = "see above")]
#[inline(always)]
fn sum(columns: &[Lanes], query: &[f32], term: impl Fn(f32, f32) -> f32) -> Lanes {
    let mut sums = [0.0; LANES];
    for (column, &y) in columns.iter().zip(query) {
        for (sum, &x) in sums.iter_mut().zip(column) {
            *sum += term(x, y);
        }
    }
    sums
}

/// True where a NaN was compared.
#[expect(clippy::inline_always, reason = "see above")]
#[inline(always)]
fn not(excluded: bool) -> bool {
    !excluded
}

pub fn squares<const R: usize>(rows: [&[f32]; R]) -> [f64; R] {
    rows.map(|row| f64::from(row.iter().fold(0.0, |sum, &x| sum + x * x)))
}
