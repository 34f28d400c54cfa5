//! The inner loops in plain Rust: eight lanes, as the wide ones, which compilers turn into whatever the target has.

use super::{BLOCK, MAGIC, Tile, padded};
use crate::fingerprint::Secrets;
use crate::identity::Identity;

pub fn nh(row: &[f32], identity: Identity, secrets: &Secrets) -> u64 {
    let (groups, rest) = row.as_chunks::<8>();
    let mut sum = 0;
    for (group, secret) in groups.iter().zip(secrets) {
        sum = nh_group(sum, group, identity, secret);
    }
    match secrets.last() {
        Some(secret) if !rest.is_empty() => nh_group(sum, &padded(rest), identity, secret),
        _ => sum,
    }
}

fn nh_group(mut sum: u64, group: &[f32; 8], identity: Identity, secret: &[u32; 8]) -> u64 {
    for pair in [0, 2, 4, 6] {
        let masked = |at: usize| u64::from(identity.key(group[at]).wrapping_add(secret[at]));
        sum = masked(pair).wrapping_mul(masked(pair + 1)).wrapping_add(sum);
    }
    sum
}

pub fn same_keys(a: &[f32], b: &[f32], identity: Identity) -> bool {
    a.iter().zip(b).all(|(&x, &y)| identity.key(x) == identity.key(y))
}

pub fn tile<const R: usize, const Q: usize, const SQUARED: bool>(rows: [&[f32]; R], queries: [&[f32]; Q]) -> Tile<R, Q> {
    rows.map(|row| queries.map(|query| sum(row, query, |x, y| if SQUARED { (x - y) * (x - y) } else { x * y })))
}

pub fn squares<const R: usize>(rows: [&[f32]; R]) -> [f64; R] {
    rows.map(|row| sum(row, row, |x, y| x * y))
}

fn sum(row: &[f32], query: &[f32], term: impl Fn(f32, f32) -> f32 + Copy) -> f64 {
    row.chunks(BLOCK).zip(query.chunks(BLOCK)).map(|(row, query)| block(row, query, term)).sum()
}

fn block(row: &[f32], query: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    let ((rows, row_rest), (queries, query_rest)) = (row.as_chunks::<8>(), query.as_chunks::<8>());
    let mut lanes = [0.0f32; 8];
    let mut add = |row: &[f32; 8], query: &[f32; 8]| {
        for lane in 0..8 {
            lanes[lane] += term(row[lane], query[lane]);
        }
    };
    for (row, query) in rows.iter().zip(queries) {
        add(row, query);
    }
    if !row_rest.is_empty() {
        add(&padded(row_rest), &padded(query_rest));
    }
    lanes.iter().map(|&lane| f64::from(lane)).sum()
}

#[inline]
pub fn round(row: &[f32], (steps, scale): (f32, f32), bytes: &mut [u8], left: &mut [f32]) {
    for ((&x, byte), left) in row.iter().zip(bytes).zip(left) {
        let rounded = x * steps + MAGIC;
        *byte = rounded.to_bits() as u8;
        *left = x - (rounded - MAGIC) * scale;
    }
}
