//! The tiles for AVX-512: twice the width and twice the registers, which is what a batch of queries gains from.

use std::arch::x86_64::{
    __m512, _mm_add_pd, _mm_add_sd, _mm_cvtsd_f64, _mm_unpackhi_pd, _mm256_add_pd, _mm256_castpd_ps, _mm256_castpd256_pd128,
    _mm256_extractf128_pd, _mm512_add_pd, _mm512_castpd512_pd256, _mm512_castps_pd, _mm512_castps512_ps256, _mm512_cvtps_pd,
    _mm512_extractf64x4_pd, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_setzero_ps, _mm512_sub_ps,
};

use super::tile::tiles;
use super::{BLOCK, Tile, padded};

tiles!("avx512f", __m512, 16);

#[target_feature(enable = "avx512f")]
fn zero() -> __m512 {
    _mm512_setzero_ps()
}

#[target_feature(enable = "avx512f")]
fn multiply_add(x: __m512, y: __m512, sum: __m512) -> __m512 {
    _mm512_fmadd_ps(x, y, sum)
}

#[target_feature(enable = "avx512f")]
fn subtract(x: __m512, y: __m512) -> __m512 {
    _mm512_sub_ps(x, y)
}

/// # Safety
/// 16 components must be readable.
#[target_feature(enable = "avx512f")]
unsafe fn load_from(group: *const f32) -> __m512 {
    // SAFETY: promised by the caller; the load needs no alignment.
    unsafe { _mm512_loadu_ps(group) }
}

#[target_feature(enable = "avx512f")]
fn total(lanes: __m512) -> f64 {
    let upper = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(lanes)));
    let eight = _mm512_add_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(lanes)), _mm512_cvtps_pd(upper));
    let four = _mm256_add_pd(_mm512_castpd512_pd256(eight), _mm512_extractf64x4_pd::<1>(eight));
    let two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd::<1>(four));
    _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
}
