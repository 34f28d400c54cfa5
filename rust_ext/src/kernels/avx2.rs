//! The inner loops for AVX2 with FMA, eight components at a time.

use std::arch::x86_64::{
    __m256, __m256i, _CMP_LE_OQ, _CMP_NLT_UQ, _CMP_UNORD_Q, _mm_add_pd, _mm_add_sd, _mm_cvtsd_f64, _mm_loadu_ps, _mm_loadu_si128,
    _mm_set1_epi32, _mm_unpackhi_pd, _mm256_add_epi32, _mm256_add_epi64, _mm256_add_pd, _mm256_andnot_ps, _mm256_blendv_ps,
    _mm256_castpd256_pd128, _mm256_castps_si256, _mm256_castps128_ps256, _mm256_castps256_ps128, _mm256_castsi256_ps, _mm256_cmp_ps,
    _mm256_cvtepi8_epi16, _mm256_cvtepi32_ps, _mm256_cvtepu8_epi16, _mm256_cvtps_pd, _mm256_extractf128_pd, _mm256_extractf128_ps,
    _mm256_fmadd_ps, _mm256_hadd_epi32, _mm256_insertf128_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_movemask_ps,
    _mm256_mul_epu32, _mm256_mul_ps, _mm256_permute4x64_epi64, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps, _mm256_setzero_si256,
    _mm256_shuffle_ps, _mm256_srli_epi64, _mm256_storeu_ps, _mm256_storeu_si256, _mm256_sub_epi32, _mm256_sub_ps, _mm256_testz_si256,
    _mm256_unpackhi_ps, _mm256_unpacklo_ps, _mm256_xor_si256,
};

use super::tile::tiles;
use super::{BLOCK, Bound, Group, LANES, Lanes, Limit, MAGIC, Tile, narrow, padded, portable};
use crate::fingerprint::Secrets;
use crate::identity::Identity;

#[target_feature(enable = "avx2,fma")]
pub fn nh(row: &[f32], identity: Identity, secrets: &Secrets) -> u64 {
    if identity.exact { nh_with::<true>(row, identity, secrets) } else { nh_with::<false>(row, identity, secrets) }
}

#[target_feature(enable = "avx2,fma")]
fn nh_with<const EXACT: bool>(row: &[f32], identity: Identity, secrets: &Secrets) -> u64 {
    let (groups, rest) = row.as_chunks::<8>();
    let mut sums = [_mm256_setzero_si256(); 2];
    let (pairs, odd) = groups.as_chunks::<2>();
    let (secret_pairs, _) = secrets.as_chunks::<2>();
    for (pair, secret) in pairs.iter().zip(secret_pairs) {
        sums[0] = fold(sums[0], keys::<EXACT>(load(&pair[0]), identity), &secret[0]);
        sums[1] = fold(sums[1], keys::<EXACT>(load(&pair[1]), identity), &secret[1]);
    }
    if let ([group], Some(secret)) = (odd, secrets.get(groups.len().wrapping_sub(1))) {
        sums[0] = fold(sums[0], keys::<EXACT>(load(group), identity), secret);
    }
    if let (false, Some(secret)) = (rest.is_empty(), secrets.last()) {
        sums[1] = fold(sums[1], keys::<EXACT>(load(&padded(rest)), identity), secret);
    }
    let mut lanes = [0u64; 4];
    // SAFETY: the array has room for the 32 bytes that the unaligned store writes.
    unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), _mm256_add_epi64(sums[0], sums[1])) };
    lanes.iter().fold(0, |sum, &lane| sum.wrapping_add(lane))
}

/// Adds the products of neighbouring masked keys.
#[target_feature(enable = "avx2,fma")]
fn fold(sum: __m256i, keys: __m256i, secret: &[u32; 8]) -> __m256i {
    // SAFETY: the array has the 32 bytes that the unaligned load reads.
    let masked = _mm256_add_epi32(keys, unsafe { _mm256_loadu_si256(secret.as_ptr().cast()) });
    _mm256_add_epi64(sum, _mm256_mul_epu32(masked, _mm256_srli_epi64::<32>(masked)))
}

/// The keys of [`Identity::key`], without a branch.
#[target_feature(enable = "avx2,fma")]
fn keys<const EXACT: bool>(x: __m256, identity: Identity) -> __m256i {
    if EXACT {
        return _mm256_castps_si256(x);
    }
    let magic = _mm256_set1_ps(MAGIC);
    let rounded = _mm256_castps_si256(_mm256_fmadd_ps(x, _mm256_set1_ps(identity.scale), magic));
    let whole = _mm256_castsi256_ps(_mm256_sub_epi32(rounded, _mm256_castps_si256(magic)));
    let near = _mm256_cmp_ps::<_CMP_LE_OQ>(_mm256_andnot_ps(_mm256_set1_ps(-0.0), x), _mm256_set1_ps(identity.limit));
    let nan = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc0_0000));
    let far = _mm256_blendv_ps(x, nan, _mm256_cmp_ps::<_CMP_UNORD_Q>(x, x));
    _mm256_castps_si256(_mm256_blendv_ps(far, whole, near))
}

#[target_feature(enable = "avx2,fma")]
pub fn same_keys(a: &[f32], b: &[f32], identity: Identity) -> bool {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.iter().zip(b) {
        if !same_group(a, b, identity) {
            return false;
        }
    }
    same_group(&padded(a_rest), &padded(b_rest), identity)
}

#[target_feature(enable = "avx2,fma")]
fn same_group(a: &[f32; 8], b: &[f32; 8], identity: Identity) -> bool {
    let difference = _mm256_xor_si256(keys::<false>(load(a), identity), keys::<false>(load(b), identity));
    _mm256_testz_si256(difference, difference) == 1
}

tiles!("avx2,fma", __m256, 8);

#[target_feature(enable = "avx2,fma")]
fn zero() -> __m256 {
    _mm256_setzero_ps()
}

#[target_feature(enable = "avx2,fma")]
fn multiply_add(x: __m256, y: __m256, sum: __m256) -> __m256 {
    _mm256_fmadd_ps(x, y, sum)
}

#[target_feature(enable = "avx2,fma")]
fn subtract(x: __m256, y: __m256) -> __m256 {
    _mm256_sub_ps(x, y)
}

/// # Safety
/// Eight components must be readable.
#[target_feature(enable = "avx2,fma")]
unsafe fn load_from(group: *const f32) -> __m256 {
    // SAFETY: promised by the caller; the load needs no alignment.
    unsafe { _mm256_loadu_ps(group) }
}

#[target_feature(enable = "avx2,fma")]
fn total(lanes: __m256) -> f64 {
    let upper = _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(lanes));
    let four = _mm256_add_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(lanes)), upper);
    let two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd::<1>(four));
    _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
}

#[target_feature(enable = "avx2,fma")]
pub fn screen<const Q: usize>(group: &Group<'_>, queries: [&[[i8; 4]]; Q], bounds: &[Bound; Q]) -> [u16; Q] {
    let mut masks = [0; Q];
    for ((mask, query), bound) in masks.iter_mut().zip(queries).zip(bounds) {
        let [first, second] = products(group, query);
        *mask = admitted::<0>(group, first, bound) | admitted::<8>(group, second, bound) << 8;
    }
    masks
}

/// The products of a query with 16 rows. Bytes are widened first, since sums of two products of bytes overflow 16 bits.
#[target_feature(enable = "avx2,fma")]
fn products(group: &Group<'_>, query: &[[i8; 4]]) -> [__m256i; 2] {
    let mut sums = [_mm256_setzero_si256(); 4];
    for (rows, word) in group.codes.iter().zip(query) {
        let word = _mm256_cvtepi8_epi16(_mm_set1_epi32(i32::from_le_bytes(word.map(i8::cast_unsigned))));
        for (sum, rows) in sums.iter_mut().zip(rows.as_chunks::<16>().0) {
            // SAFETY: the array has the 16 bytes that the unaligned load reads.
            let rows = _mm256_cvtepu8_epi16(unsafe { _mm_loadu_si128(rows.as_ptr().cast()) });
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(rows, word));
        }
    }
    // Adding neighbours puts the pairs of the two operands in turn.
    [[sums[0], sums[1]], [sums[2], sums[3]]].map(|[a, b]| _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(a, b)))
}

/// Those of eight rows from `FROM` that the bound does not exclude.
#[target_feature(enable = "avx2,fma")]
fn admitted<const FROM: usize>(group: &Group<'_>, products: __m256i, bound: &Bound) -> u16 {
    let part = |of: &[f32; 16]| {
        // SAFETY: `FROM` is 0 or 8, so eight numbers follow.
        unsafe { _mm256_loadu_ps(of.as_ptr().add(FROM)) }
    };
    let norms = part(group.norms);
    let products = _mm256_cvtepi32_ps(_mm256_sub_epi32(products, _mm256_set1_epi32(bound.shift)));
    let lines = _mm256_fmadd_ps(norms, _mm256_set1_ps(bound.quadratic), _mm256_set1_ps(bound.linear));
    let rest = _mm256_fmadd_ps(part(group.residuals), _mm256_set1_ps(bound.per_residual), _mm256_set1_ps(bound.constant));
    let scaled = _mm256_mul_ps(products, part(group.scales));
    let all = _mm256_fmadd_ps(scaled, _mm256_set1_ps(bound.per_product), _mm256_fmadd_ps(lines, norms, rest));
    _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NLT_UQ>(all, zero())) as u16
}

/// What compilers make of the plain loop with these features.
#[target_feature(enable = "avx2,fma")]
pub fn round(row: &[f32], factors: (f32, f32), bytes: &mut [u8], left: &mut [f32]) {
    portable::round(row, factors, bytes, left);
}

/// Puts 16 rows of a few components beside each other.
#[target_feature(enable = "avx2,fma")]
pub fn transpose(rows: &[f32], columns: &mut [Lanes]) {
    let dimension = columns.len();
    assert!(rows.len() == dimension * LANES);
    let Some(last) = dimension.checked_sub(4) else { return narrow::transpose(rows, columns) };
    for at in (0..dimension).step_by(4) {
        // What is left over is done together with some that are done already.
        let at = at.min(last);
        for from in [0, 8] {
            // SAFETY: at + 4 <= dimension, so the components are inside of the eight rows from `from` and of their columns.
            unsafe {
                let four = transposed(rows.as_ptr().add(from * dimension + at), dimension);
                for (column, lanes) in columns[at..].iter_mut().zip(four) {
                    _mm256_storeu_ps(column.as_mut_ptr().add(from), lanes);
                }
            }
        }
    }
}

/// Four components of eight rows.
///
/// # Safety
/// Four must be readable at each of eight rows.
#[target_feature(enable = "avx2,fma")]
unsafe fn transposed(first: *const f32, dimension: usize) -> [__m256; 4] {
    let pair = |row: usize| {
        // SAFETY: promised by the caller.
        let (low, high) = unsafe { (_mm_loadu_ps(first.add(row * dimension)), _mm_loadu_ps(first.add((row + 4) * dimension))) };
        _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(low), high)
    };
    let (a, b, c, d) = (pair(0), pair(1), pair(2), pair(3));
    let (ab, cd) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
    let (ab_high, cd_high) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
    let (low, high) = (_mm256_shuffle_ps::<0b01_00_01_00>(ab, cd), _mm256_shuffle_ps::<0b11_10_11_10>(ab, cd));
    [low, high, _mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high), _mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high)]
}

/// What compilers make of the plain loops with these features.
#[target_feature(enable = "avx2,fma")]
pub fn compare(columns: &[Lanes], query: &[f32], limit: Limit, inverses: &[Lanes], sums: &mut [Lanes], within: &mut [bool]) {
    narrow::compare(columns, query, limit, inverses, sums, within);
}
