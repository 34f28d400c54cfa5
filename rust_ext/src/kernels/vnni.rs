//! Products of codes with AVX-512 VNNI, four bytes of each of 16 rows at a time.

use std::arch::x86_64::{
    __m512i, _CMP_NLT_UQ, _mm512_add_epi32, _mm512_cmp_ps_mask, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_loadu_ps,
    _mm512_loadu_si512, _mm512_mul_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_setzero_si512, _mm512_sub_epi32,
};

use super::{Bound, Group};

/// A sum waits for the one before it; so many run side by side, whichever way that many come about.
const CHAINS: usize = 4;

#[target_feature(enable = "avx512f,avx512vnni")]
pub fn screen<const Q: usize>(group: &Group<'_>, queries: [&[[i8; 4]]; Q], bounds: &[Bound; Q]) -> [u16; Q] {
    assert!(queries.iter().all(|query| query.len() == group.codes.len()));
    let sums = if Q < CHAINS { sums::<Q, CHAINS>(group.codes, queries) } else { sums::<Q, 1>(group.codes, queries) };
    let mut masks = [0; Q];
    for ((mask, sum), bound) in masks.iter_mut().zip(sums).zip(bounds) {
        *mask = admitted(group, sum, bound);
    }
    masks
}

/// The products of each query with 16 rows. Whole numbers, so the order in which they are summed does not show.
#[target_feature(enable = "avx512f,avx512vnni")]
fn sums<const Q: usize, const U: usize>(codes: &[[u8; 64]], queries: [&[[i8; 4]]; Q]) -> [__m512i; Q] {
    let mut sums = [[_mm512_setzero_si512(); Q]; U];
    let whole = codes.len() / U * U;
    for at in (0..whole).step_by(U) {
        for (chain, sums) in sums.iter_mut().enumerate() {
            // SAFETY: at + chain < whole, which every query has.
            unsafe { step(sums, codes, queries, at + chain) };
        }
    }
    for at in whole..codes.len() {
        // SAFETY: every query has as many words.
        unsafe { step(&mut sums[0], codes, queries, at) };
    }
    let [mut total, ref others @ ..] = sums[..] else { unreachable!() };
    for other in others {
        for (total, sum) in total.iter_mut().zip(other) {
            *total = _mm512_add_epi32(*total, *sum);
        }
    }
    total
}

/// # Safety
/// `at` is inside the codes and every query.
#[target_feature(enable = "avx512f,avx512vnni")]
#[inline]
unsafe fn step<const Q: usize>(sums: &mut [__m512i; Q], codes: &[[u8; 64]], queries: [&[[i8; 4]]; Q], at: usize) {
    // SAFETY: promised by the caller.
    let rows = unsafe { _mm512_loadu_si512(codes.as_ptr().add(at).cast()) };
    for (sum, query) in sums.iter_mut().zip(queries) {
        // SAFETY: promised by the caller.
        let word = unsafe { query.as_ptr().add(at).cast::<i32>().read_unaligned() };
        *sum = _mm512_dpbusd_epi32(*sum, rows, _mm512_set1_epi32(word));
    }
}

/// The rows that the bound does not exclude.
#[target_feature(enable = "avx512f,avx512vnni")]
fn admitted(group: &Group<'_>, products: __m512i, bound: &Bound) -> u16 {
    let all_of = |of: &[f32; 16]| {
        // SAFETY: the array has the 16 numbers that the unaligned load reads.
        unsafe { _mm512_loadu_ps(of.as_ptr()) }
    };
    let norms = all_of(group.norms);
    let products = _mm512_cvtepi32_ps(_mm512_sub_epi32(products, _mm512_set1_epi32(bound.shift)));
    let lines = _mm512_fmadd_ps(norms, _mm512_set1_ps(bound.quadratic), _mm512_set1_ps(bound.linear));
    let rest = _mm512_fmadd_ps(all_of(group.residuals), _mm512_set1_ps(bound.per_residual), _mm512_set1_ps(bound.constant));
    let scaled = _mm512_mul_ps(products, all_of(group.scales));
    let all = _mm512_fmadd_ps(scaled, _mm512_set1_ps(bound.per_product), _mm512_fmadd_ps(lines, norms, rest));
    _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(all, _mm512_setzero_ps())
}
