//! The loops over register tiles, written once for every width of vector.

/// Defines `tile` and `squares` for vectors of `$width` components. The names that it expects in scope wrap one intrinsic each.
macro_rules! tiles {
    ($features:literal, $vector:ty, $width:literal) => {
        /// Every pair has one accumulator and is summed in one order: block after block, group after group, the lanes last.
        #[target_feature(enable = $features)]
        pub fn tile<const R: usize, const Q: usize, const SQUARED: bool>(rows: [&[f32]; R], queries: [&[f32]; Q]) -> Tile<R, Q> {
            let dimension = queries.first().map_or(0, |query| query.len());
            assert!(rows.iter().chain(&queries).all(|slice| slice.len() == dimension));
            let mut sums = [[0.0; Q]; R];
            for start in (0..dimension).step_by(BLOCK) {
                let end = dimension.min(start + BLOCK);
                let whole = start + (end - start) / $width * $width;
                let mut lanes = [[zero(); Q]; R];
                for at in (start..whole).step_by($width) {
                    // SAFETY: at + $width <= whole <= dimension, the length of every slice.
                    unsafe {
                        let (rows, queries) = (rows.map(|row| row.as_ptr().add(at)), queries.map(|query| query.as_ptr().add(at)));
                        step::<R, Q, SQUARED>(&mut lanes, rows, queries);
                    }
                }
                if whole < end {
                    let rows = rows.map(|row| padded::<$width>(&row[whole..end]));
                    let queries = queries.map(|query| padded::<$width>(&query[whole..end]));
                    let (rows, queries) = (rows.each_ref().map(|row| row.as_ptr()), queries.each_ref().map(|query| query.as_ptr()));
                    // SAFETY: each pointer leads to an array of $width components.
                    unsafe { step::<R, Q, SQUARED>(&mut lanes, rows, queries) };
                }
                for (sum, lane) in sums.as_flattened_mut().iter_mut().zip(lanes.as_flattened()) {
                    *sum += total(*lane);
                }
            }
            sums
        }

        /// One group of every pair.
        ///
        /// # Safety
        /// `$width` components must be readable behind every pointer.
        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn step<const R: usize, const Q: usize, const SQUARED: bool>(
            lanes: &mut [[$vector; Q]; R],
            rows: [*const f32; R],
            queries: [*const f32; Q],
        ) {
            let mut loaded = [zero(); Q];
            for (group, query) in loaded.iter_mut().zip(queries) {
                // SAFETY: promised by the caller.
                *group = unsafe { load_from(query) };
            }
            for (lanes, row) in lanes.iter_mut().zip(rows) {
                // SAFETY: promised by the caller.
                let row = unsafe { load_from(row) };
                for (lane, &query) in lanes.iter_mut().zip(&loaded) {
                    *lane = if SQUARED {
                        multiply_add(subtract(row, query), subtract(row, query), *lane)
                    } else {
                        multiply_add(row, query, *lane)
                    };
                }
            }
        }

        /// One accumulator for each row, as in [`tile`], so that a row's square is its product with itself to the bit.
        #[target_feature(enable = $features)]
        pub fn squares<const R: usize>(rows: [&[f32]; R]) -> [f64; R] {
            let dimension = rows.first().map_or(0, |row| row.len());
            let mut sums = [0.0; R];
            for start in (0..dimension).step_by(BLOCK) {
                let end = dimension.min(start + BLOCK);
                let blocks = rows.map(|row| row[start..end].as_chunks::<$width>());
                let mut lanes = [zero(); R];
                for group in 0..(end - start) / $width {
                    for (lane, (groups, _)) in lanes.iter_mut().zip(&blocks) {
                        let row = load(&groups[group]);
                        *lane = multiply_add(row, row, *lane);
                    }
                }
                for ((sum, lane), (_, rest)) in sums.iter_mut().zip(lanes).zip(blocks) {
                    let rest = load(&padded(rest));
                    *sum += total(multiply_add(rest, rest, lane));
                }
            }
            sums
        }

        #[target_feature(enable = $features)]
        fn load(group: &[f32; $width]) -> $vector {
            // SAFETY: the array has the components that are read.
            unsafe { load_from(group.as_ptr()) }
        }
    };
}

pub(super) use tiles;
